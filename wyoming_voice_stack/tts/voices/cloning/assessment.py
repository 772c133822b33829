"""Whether a recording is good enough to be cloned from, and what to do if it is not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wyoming_voice_stack.audio import SPEECH_RATE
from wyoming_voice_stack.errors import EngineError, UnknownVoice
from wyoming_voice_stack.tts.voices.cloning.reference_recording import ReferenceRecording, listen
from wyoming_voice_stack.tts.voices.cloning.speech_detector import (
    NO_SPEECH,
    SPEECH,
    WINDOW_SAMPLES,
    SpeechDetector,
    window_levels,
)

CLIPPED_SHARE = 0.002
"""As much of real speech is at full scale when it is 3 dB too loud."""
QUIET_DBFS = -40.0
"""Speech usually has -25 to -15."""
NOISY_DB = 20.0
"""Between speech and what is heard in its pauses; below it the clone hisses along."""
NARROW_RATE = 16_000
"""Below this rate in Hz a recording lacks what tells voices apart: a telephone's has 8000."""

_LEAST_PAUSE_WINDOWS = 5


@dataclass(frozen=True)
class Fault:
    """Something that makes a clone worse, and the remedy."""

    what: str
    remedy: str


@dataclass(frozen=True)
class Assessment:
    """What is to be said of one recording."""

    seconds: float = 0.0
    """Of speech; of sound if no detector tells the two apart."""
    faults: tuple[Fault, ...] = ()
    refusal: str = ""
    """Why it cannot be used at all; empty if it can."""
    is_final: bool = True
    """False if the next try may tell otherwise."""


def assess(path: Path, detector: SpeechDetector | None) -> Assessment:
    """Listen to a recording from its beginning to its end.

    Raises:
        VoiceStackError: the detector does not work.
    """
    try:
        recording = listen(path, SPEECH_RATE)
    except UnknownVoice as error:
        return Assessment(refusal=str(error))
    except EngineError as error:
        return Assessment(refusal=str(error), is_final=False)
    except OSError as error:
        refusal = f"The recording {path.name} cannot be read ({error.strerror})."
        return Assessment(refusal=refusal, is_final=False)
    levels = window_levels(recording.samples)
    if detector is None:
        seconds, pause_level = len(recording.samples) / SPEECH_RATE, None
    else:
        probabilities = detector(recording.samples)
        pauses = levels[probabilities <= NO_SPEECH]
        pause_level = float(np.median(pauses)) if len(pauses) >= _LEAST_PAUSE_WINDOWS else None
        levels = levels[probabilities >= SPEECH]
        seconds = len(levels) * WINDOW_SAMPLES / SPEECH_RATE
        if not len(levels):
            unspoken = Fault("holds no speech that could be told", "let only the person speak")
            return Assessment(faults=(unspoken,))
    level = float(10 * np.log10(np.mean(10 ** (levels / 10))))
    return Assessment(seconds, tuple(_faults(recording, level, pause_level)))


def _faults(recording: ReferenceRecording, level: float, pause_level: float | None) -> list[Fault]:
    faults = []
    if recording.clipped_share >= CLIPPED_SHARE:
        what = f"is clipped ({recording.clipped_share:.1%} of it is at full scale)"
        faults.append(Fault(what, "record it less loud"))
    if level < QUIET_DBFS:
        faults.append(Fault(f"is quiet ({level:.0f} dB)", "speak closer to the microphone"))
    if pause_level is not None and level - pause_level < NOISY_DB:
        what = f"is noisy (speech is only {level - pause_level:.0f} dB above the pauses)"
        faults.append(Fault(what, "record it where it is quiet"))
    if recording.recorded_rate < NARROW_RATE:
        what = f"sounds like a telephone ({recording.recorded_rate} Hz)"
        faults.append(Fault(what, f"record it at {NARROW_RATE} Hz or more"))
    return faults
