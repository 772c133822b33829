"""Cloning with the real architecture: all recording formats, several recordings, trimmed silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.engines import alike, spoken
from tests.support.speech import say, silence
from tests.support.voice_files import RATE, detector, speech, write
from wyoming_voice_stack.errors import EngineError, UnknownVoice
from wyoming_voice_stack.tts.engine import CloneSource, Samples, SynthesisRequest
from wyoming_voice_stack.tts.engines.xtts import cloner as cloner_module
from wyoming_voice_stack.tts.engines.xtts.cloner import (
    CLONING_RATE,
    XttsCloner,
    create_speaker_store,
)
from wyoming_voice_stack.tts.engines.xtts.engine import XttsSynthesizer
from wyoming_voice_stack.tts.engines.xtts.speakers import LATENT, SPEAKER, SpeakerStore


@pytest.fixture
def model(xtts: XttsSynthesizer) -> Any:
    return xtts._model


@pytest.fixture
def cloner(model: Any) -> XttsCloner:
    return XttsCloner(model)


def conditioning(one: tuple[Any, Any], other: tuple[Any, Any]) -> float:
    """The lower cosine similarity of the two tensors."""
    pairs = ((a.flatten(), b.flatten()) for a, b in zip(one, other, strict=True))
    return min(float(a @ b / (a.norm() * b.norm())) for a, b in pairs)


def genuine(model: Any, *paths: Path) -> tuple[Any, Any]:
    parameters = {"max_ref_length": 30, "gpt_cond_len": 30, "gpt_cond_chunk_len": 4}
    made: tuple[Any, Any] = model.get_conditioning_latents([str(p) for p in paths], **parameters)
    return made


def test_computes_the_same_as_coqui_tts(model: Any, cloner: XttsCloner, tmp_path: Path) -> None:
    take = write(tmp_path / "1.wav", speech()[: 3 * RATE], CLONING_RATE)
    other = write(tmp_path / "2.wav", speech()[3 * RATE :], CLONING_RATE)
    ours, theirs = cloner([str(take), str(other)]), genuine(model, take, other)
    for mine, stock, shape in zip(ours, theirs, cloner.shapes.values(), strict=True):
        assert mine.shape == stock.shape == shape
        assert np.allclose(mine.numpy(), stock.numpy(), atol=1e-6)


FORMS: dict[str, dict[str, Any]] = {
    "stereo.wav": {"rate": 44_100, "channels": 2},
    "phone.wav": {"rate": 8_000},
    "studio.wav": {"rate": 96_000, "subtype": "PCM_24"},
    "fractions.wav": {"rate": 48_000, "subtype": "FLOAT"},
    "old.wav": {"rate": 16_000, "subtype": "PCM_U8"},
    "packed.flac": {"rate": 44_100},
    "small.mp3": {"rate": 44_100},
    "free.ogg": {"rate": 44_100},
    "message.opus": {"rate": 48_000, "format": "OGG", "subtype": "OPUS"},
}


@pytest.mark.parametrize("name", FORMS)
def test_reads_all_formats(model: Any, cloner: XttsCloner, tmp_path: Path, name: str) -> None:
    form = dict(FORMS[name])
    rate, channels = form.pop("rate"), form.pop("channels", 1)
    sound = np.stack([say("This is how I speak.", rate) / 2] * channels, axis=1)
    path = write(tmp_path / name, sound, rate, **form)
    made = cloner([str(path)])
    assert conditioning(made, genuine(model, path)) > 0.98
    plain = write(tmp_path / "plain.wav", say("This is how I speak.", CLONING_RATE) / 2, 22_050)
    assert conditioning(made, genuine(model, plain)) > (0.7 if rate == 8_000 else 0.9)


def test_trims_silence(model: Any, tmp_path: Path) -> None:
    quiet = silence(3.0)
    plain = write(tmp_path / "plain.wav", speech())
    padded = write(tmp_path / "padded.wav", np.concatenate([quiet, speech(), quiet]))
    trimming = XttsCloner(model, detector)
    lengths = [len(trimming._prepared(path)) for path in (plain, padded)]
    assert lengths[1] - lengths[0] < 0.6 * CLONING_RATE
    assert len(XttsCloner(model)._prepared(padded)) > lengths[1] + 5 * CLONING_RATE
    assert trimming.parameters != XttsCloner(model).parameters


@pytest.mark.parametrize("found", [[], [0.9]])
def test_keeps_recordings_without_detected_speech(
    model: Any, tmp_path: Path, found: list[float]
) -> None:
    path = write(tmp_path / "anna.wav", speech())

    def judge(samples: Samples) -> np.ndarray:
        windows = np.zeros(-(-len(samples) // 512), np.float32)
        windows[: len(found)] = found
        return windows

    assert len(XttsCloner(model, judge)._prepared(path)) == len(XttsCloner(model)._prepared(path))


def test_ignores_a_detector_that_fails(model: Any, tmp_path: Path) -> None:
    def broken(_: Samples) -> np.ndarray:
        raise EngineError("The detector failed.")

    path = write(tmp_path / "anna.wav", speech())
    assert len(XttsCloner(model, broken)._prepared(path)) > 0


def test_limits_the_length_of_recordings(
    cloner: XttsCloner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [str(write(tmp_path / f"{n}.wav", speech()[: 2 * RATE])) for n in range(4)]
    assert len(cloner._recordings(paths)) == 4
    monkeypatch.setattr(cloner_module, "MAX_CLONED_SECONDS", 5.5)
    lengths = [len(take) / CLONING_RATE for take in cloner._recordings(paths)]
    assert lengths == pytest.approx([2.0, 2.0, 1.5], abs=0.001)


def test_content_that_was_read_ahead(cloner: XttsCloner, tmp_path: Path) -> None:
    files = [write(tmp_path / f"{n}.wav", speech()[: (2 + n) * RATE]) for n in range(2)]
    paths, contents = [str(file) for file in files], [file.read_bytes() for file in files]
    expected = cloner(paths)
    for file in files:
        file.unlink()
    assert conditioning(cloner(paths, contents), expected) == pytest.approx(1.0)
    with pytest.raises(UnknownVoice, match=r"0\.wav cannot be read"):
        cloner(paths, [b"no audio", b""])


def test_refuses_recordings_without_speech(cloner: XttsCloner, tmp_path: Path) -> None:
    with pytest.raises(UnknownVoice, match=r"bob\.wav is silent"):
        cloner([str(write(tmp_path / "bob.wav", silence(3.0)))])


def test_a_restart_speaks_the_same_without_cloning(
    model: Any,
    xtts: XttsSynthesizer,
    xtts_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = write(tmp_path / "anna.wav", speech())
    request = SynthesisRequest("yes.", "en", clone=CloneSource("anna", (path,), "one"))

    def sound(voices: SpeakerStore) -> Samples:
        monkeypatch.setattr(xtts, "_speakers", voices)
        return spoken(xtts, request)

    def started() -> SpeakerStore:
        return create_speaker_store(model, xtts_folder, tmp_path / "cache", detector)

    first = sound(started())

    def never(*_: object) -> Any:
        raise AssertionError

    monkeypatch.setattr(XttsCloner, "__call__", never)
    again = started()
    assert alike(sound(again), first)
    kept = again.conditioning_for(request)
    assert {LATENT: kept.gpt_cond_latent.shape, SPEAKER: kept.speaker_embedding.shape} == dict(
        XttsCloner(model).shapes
    )
