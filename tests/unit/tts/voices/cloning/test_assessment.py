"""How recordings are assessed, and what is logged about a voice."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.speech import at_level, say, silence
from tests.support.voice_files import LONG_TEXT, RATE, SHORT_TEXT, detector, speech, write
from wyoming_voice_stack.errors import UnknownVoice
from wyoming_voice_stack.tts.engine import Samples
from wyoming_voice_stack.tts.voices.cloning import recording_reader as recording
from wyoming_voice_stack.tts.voices.cloning.assessment import Assessment, Fault, assess
from wyoming_voice_stack.tts.voices.cloning.report import message_about


def noisy(samples: Samples, ratio_db: float) -> Samples:
    noise = np.random.default_rng(0).standard_normal(len(samples))
    level = 20 * np.log10(np.sqrt(np.mean(np.square(samples)))) - ratio_db
    return samples + at_level(noise.astype(np.float32), float(level))


def problems(path: Path, *, detecting: bool = True) -> str:
    found = assess(path, detector if detecting else None)
    assert not found.refusal
    return ", ".join(fault.problem for fault in found.faults)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (speech, ""),
        (lambda: np.clip(3 * say(LONG_TEXT, RATE), -1, 1), "is clipped"),
        (lambda: np.clip(1.1 * say(LONG_TEXT, RATE), -1, 1), ""),
        (lambda: at_level(speech(), -50.0), "is quiet (-50 dB)"),
        (lambda: at_level(speech(), -35.0), ""),
        (lambda: noisy(speech(), 10.0), "is noisy (speech is only 1"),
        (lambda: noisy(speech(), 30.0), ""),
        (lambda: at_level(noisy(speech(), -60.0), -30.0), "contains no recognizable speech"),
    ],
    ids=["good", "clipped", "loud", "quiet", "soft", "noisy", "hissing", "noise"],
)
def test_faults(tmp_path: Path, make: Callable[[], Samples], problem: str) -> None:
    found = problems(write(tmp_path / "anna.wav", make()))
    assert problem in found
    assert bool(problem) == bool(found)
    assert "," not in found


def test_a_telephone_is_told(tmp_path: Path) -> None:
    assert "(8000 Hz)" in problems(write(tmp_path / "anna.wav", say(LONG_TEXT, 8000) / 2, 8000))


def test_without_a_detector_levels_are_still_told(tmp_path: Path) -> None:
    loud = write(tmp_path / "anna.wav", np.clip(3 * say(LONG_TEXT, RATE), -1, 1))
    assert "is clipped" in problems(loud, detecting=False)
    assert problems(write(tmp_path / "bert.wav", noisy(speech(), 10.0)), detecting=False) == ""


def test_only_speech_counts(tmp_path: Path) -> None:
    path = write(tmp_path / "anna.wav", np.concatenate([silence(4.0), speech(SHORT_TEXT)]))
    assert 0.7 < assess(path, detector).seconds < 2.0
    assert assess(path, None).seconds > 5.0


@pytest.mark.parametrize("form", ["wav", "flac", "mp3", "ogg", "opus"])
def test_every_form_says_the_same(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"anna.{form}"
    kind: dict[str, Any] = {"format": "OGG", "subtype": "OPUS"} if form == "opus" else {}
    write(path, np.stack([speech(), speech()], axis=1), **kind)
    found = assess(path, detector)
    assert not found.faults
    assert 3.5 < found.seconds < len(speech()) / RATE


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", "cannot be read"),
        (b"no sound at all", "cannot be read"),
        (speech()[:8000], "is 0.5 s long, which is too short"),
        (silence(3.0), "is silent or damaged"),
        (np.full(48_000, np.nan, np.float32), "is silent or damaged"),
        (np.full(48_000, 1e30, np.float32), "is silent or damaged"),
        (np.zeros(301 * RATE, np.float32), "is 301 s long, which is too long"),
        (np.zeros((RATE, 17), np.float32), "has 17 channels"),
    ],
    ids=["empty", "text", "short", "silent", "NaN", "huge", "long", "channels"],
)
def test_refusals(tmp_path: Path, content: bytes | Samples, refusal: str) -> None:
    path = tmp_path / "bob.wav"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        write(path, content, subtype="FLOAT")
    found = assess(path, detector)
    assert f"The recording bob.wav {refusal}" in found.refusal
    assert found.is_final


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path / "bob.wav", speech())
    with path.open("r+b") as file:
        file.truncate(10 * 2**30)
    assert "larger than 256 MiB" in assess(path, None).refusal


def test_what_the_header_promises_does_not_count(tmp_path: Path) -> None:
    class Promising:
        samplerate, channels, frames = RATE, 1, 10 * RATE

        @staticmethod
        def blocks(*_: object, **__: object) -> list[Samples]:
            return [speech()[:8000, None]]

    with pytest.raises(UnknownVoice, match=r"is 0\.5 s long"):
        recording._decode("bob.wav", Promising(), RATE, 300.0)


def test_a_cut_off_file_counts_as_what_is_there(tmp_path: Path) -> None:
    path = write(tmp_path / "bob.wav", speech())
    path.write_bytes(path.read_bytes()[: 2 * 8000])
    assert "0.5 s long" in assess(path, None).refusal


def assert_may_succeed_later(path: Path, reason: str) -> None:
    found = assess(path, None)
    assert reason in found.refusal
    assert not found.is_final


def test_what_cannot_be_read_now_may_be_later(tmp_path: Path) -> None:
    assert_may_succeed_later(tmp_path / "bob.wav", "No such file")


def test_an_installation_without_libsndfile_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "bob.wav", speech())
    monkeypatch.setitem(sys.modules, "soundfile", None)
    assert_may_succeed_later(path, "soundfile is missing")


def test_a_recording_is_held_block_by_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "anna.wav", speech())
    whole = recording.read_recording(path, 22_050)
    assert whole.recorded_rate == RATE
    assert len(whole.samples) == pytest.approx(len(speech()) * 22_050 / RATE, abs=2)
    monkeypatch.setattr(recording, "_BLOCK_FRAMES", 1000)
    assert np.allclose(recording.read_recording(path, 22_050).samples, whole.samples, atol=1e-6)
    first = recording.read_recording(path, RATE, first_seconds=2.0)
    assert len(first.samples) == 2 * RATE


POOR = Assessment(4.0, (Fault("is quiet", "speak up"),))


@pytest.mark.parametrize(
    ("recordings", "level", "parts"),
    [
        ({"1.wav": Assessment(4.0)}, logging.INFO, ["'anna' can be cloned: 4.0 s in 1 file"]),
        ({"1.wav": POOR}, logging.WARNING, ["'anna' may sound poor: 1.wav is quiet.", "speak up"]),
        ({"1.wav": Assessment(2.0)}, logging.WARNING, ["1.wav is short (2.0 s)", "6 to 30"]),
        ({"1.wav": Assessment(2.0), "2.wav": Assessment(2.0)}, logging.INFO, ["4.0 s in 2"]),
        (
            {"1.wav": Assessment(4.0), "2.wav": Assessment(refusal="2.wav is silent.")},
            logging.WARNING,
            ["may sound poor: Not used: 2.wav is silent."],
        ),
        (
            {"1.wav": Assessment(refusal="1.wav is silent.")},
            logging.WARNING,
            ["'anna' is not listed: 1.wav is silent."],
        ),
        ({f"{n}.wav": POOR for n in range(9)}, logging.WARNING, ["2.wav is quiet, and 6 more."]),
    ],
)
def test_one_line_for_a_voice(
    recordings: dict[str, Assessment], level: int, parts: list[str]
) -> None:
    message = message_about("anna", recordings)
    assert message.level == level
    assert all(part in message.text for part in parts)
    assert "\n" not in message.text
