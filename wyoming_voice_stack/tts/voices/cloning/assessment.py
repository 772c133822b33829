"""Assesses how well a voice can be cloned from a recording, and suggests how to improve it.

`recording_reader` refuses recordings that cannot be used at all, such as those that are too short.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from wyoming_voice_stack.audio import SPEECH_RATE
from wyoming_voice_stack.errors import EngineError, UnknownVoice
from wyoming_voice_stack.tts.voices.cloning.recording_reader import (
    ReferenceRecording,
    read_recording,
)
from wyoming_voice_stack.tts.voices.cloning.speech_detector import (
    NO_SPEECH,
    SPEECH,
    WINDOW_SAMPLES,
    SpeechDetector,
    window_levels,
)

CLIPPED_SHARE = 0.002
"""Share of speech that is at full scale when it is 3 dB too loud."""
QUIET_DBFS = -40.0
"""Speech is usually at -25 to -15 dB."""
NOISY_DB = 20.0
"""Distance between speech and its pauses; below it, the cloned voice hisses too."""
NARROW_RATE = 16_000
"""Below this sample rate in Hz, a recording lacks what distinguishes voices: a telephone has 8000."""
ENOUGH_SECONDS = 3.0
"""With less speech than this in all its recordings, a voice is reported as short."""

_LEAST_PAUSE_WINDOWS = 5


class Fault(NamedTuple):
    """A problem of a recording that makes the cloned voice worse, and its remedy."""

    problem: str
    remedy: str


@dataclass(frozen=True)
class Assessment:
    """The result for one recording."""

    seconds: float = 0.0
    """Duration of the speech; without a speech detector, of the whole recording."""
    faults: tuple[Fault, ...] = ()
    refusal: str = ""
    """Why the recording cannot be used at all; empty if it can."""
    is_final: bool = True
    """False if another attempt may succeed."""


def fault_of_duration(seconds: float) -> Fault | None:
    """Return the fault of a voice whose recordings have this much speech in all, if it is too little."""
    if not 0 < seconds < ENOUGH_SECONDS:
        return None
    return Fault(f"is short ({seconds:.1f} s)", "record 6 to 30 seconds")


def assess(path: Path, detector: SpeechDetector | None) -> Assessment:
    """Decode and assess a whole recording.

    Raises:
        VoiceStackError: the speech detector failed.
    """
    try:
        recording = read_recording(path, SPEECH_RATE)
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
            no_speech = Fault("contains no recognizable speech", "record one person speaking")
            return Assessment(faults=(no_speech,))
    level = float(10 * np.log10(np.mean(10 ** (levels / 10))))
    return Assessment(seconds, tuple(_faults(recording, level, pause_level)))


def _faults(recording: ReferenceRecording, level: float, pause_level: float | None) -> list[Fault]:
    faults = []
    if recording.clipped_share >= CLIPPED_SHARE:
        problem = f"is clipped ({recording.clipped_share:.1%} of it is at full scale)"
        faults.append(Fault(problem, "lower the recording level"))
    if level < QUIET_DBFS:
        faults.append(Fault(f"is quiet ({level:.0f} dB)", "speak closer to the microphone"))
    if pause_level is not None and level - pause_level < NOISY_DB:
        problem = f"is noisy (speech is only {level - pause_level:.0f} dB above the pauses)"
        faults.append(Fault(problem, "record in a quiet place"))
    if recording.recorded_rate < NARROW_RATE:
        problem = f"has the sample rate of a telephone ({recording.recorded_rate} Hz)"
        faults.append(Fault(problem, f"record at {NARROW_RATE} Hz or more"))
    return faults
