"""Listening to a recording: any form that libsndfile reads, as mono at one rate."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from wyoming_voice_stack.audio import MAX_CHANNELS, MAX_RATE, MIN_RATE
from wyoming_voice_stack.errors import EngineError, UnknownVoice
from wyoming_voice_stack.tts.engine import Samples

MIN_RECORDING_SECONDS = 1.0
"""XTTS itself takes a third of a second, and makes no likeness of it."""
MAX_RECORDING_SECONDS = 300.0
"""No model uses more than its first half minute."""
MAX_RECORDING_BYTES = 256 * 1024 * 1024
"""Five minutes of stereo at 96 kHz and 32 bits."""
SILENT_PEAK = 0.001
"""A recording that never gets louder (-60 dB) holds nobody's voice."""
FULL_SCALE = 0.99
"""Samples at least so far out count as clipped; an encoder leaves them a little lower or higher."""

_BLOCK_FRAMES = 65_536


@dataclass(frozen=True)
class ReferenceRecording:
    """What is in a file."""

    samples: Samples
    """Mono at the rate that was asked for, shape [samples]; the channels are averaged."""
    recorded_rate: int
    """Rate of the file in Hz."""
    clipped_share: float
    """Share of the file's samples, of every channel, at full scale."""


def listen(
    path: Path, sample_rate: int, first_seconds: float = MAX_RECORDING_SECONDS
) -> ReferenceRecording:
    """Decode the first seconds of a recording, block by block.

    Raises:
        OSError: the file cannot be read.
        UnknownVoice: it is no recording, or one that nobody can be cloned from.
        EngineError: libsndfile is missing.
    """
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise EngineError("soundfile is missing; install wyoming-voice-stack[tts].") from error

    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size > MAX_RECORDING_BYTES:
            raise _unfit(path, f"is larger than {MAX_RECORDING_BYTES // 2**20} MiB")
        try:
            with soundfile.SoundFile(file) as sound:
                _check_form(path, sound)
                return _decode(path, sound, sample_rate, first_seconds)
        except soundfile.SoundFileError as error:
            reason = getattr(error, "error_string", str(error)).rstrip(".")
            raise UnknownVoice(
                f"The recording {path.name} cannot be read ({reason}); save it as wav, flac or mp3."
            ) from error


def _check_form(path: Path, sound: Any) -> None:
    if not MIN_RATE <= sound.samplerate <= MAX_RATE or sound.channels > MAX_CHANNELS:
        raise _unfit(path, f"has {sound.channels} channels at {sound.samplerate} Hz")
    if sound.frames / sound.samplerate > MAX_RECORDING_SECONDS:
        raise _unfit(path, f"is {sound.frames / sound.samplerate:.0f} s long, which is too long")


def _decode(path: Path, sound: Any, sample_rate: int, first_seconds: float) -> ReferenceRecording:
    resampler = soxr.ResampleStream(sound.samplerate, sample_rate, 1, dtype="float32")
    frames = min(sound.frames, int(first_seconds * sound.samplerate))
    heard, count, clipped, peak = [], 0, 0, 0.0
    for block in sound.blocks(_BLOCK_FRAMES, frames=frames, dtype="float32", always_2d=True):
        levels = np.abs(block)
        if not np.isfinite(levels).all():
            raise _unfit(path, "is silent or damaged")
        count += len(block)
        peak = max(peak, float(levels.max(initial=0)))
        clipped += int(np.count_nonzero(levels >= FULL_SCALE))
        heard.append(resampler.resample_chunk(block.mean(axis=1, dtype=np.float32)))
    heard.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    # What the header says may be more than there is.
    if count < MIN_RECORDING_SECONDS * sound.samplerate:
        raise _unfit(path, f"is {count / sound.samplerate:.1f} s long, which is too short")
    if peak < SILENT_PEAK:
        raise _unfit(path, "is silent or damaged")
    return ReferenceRecording(
        np.concatenate(heard), sound.samplerate, clipped / (count * sound.channels)
    )


def _unfit(path: Path, problem: str) -> UnknownVoice:
    return UnknownVoice(
        f"The recording {path.name} {problem}; replace it by 6 to 30 seconds of clear speech."
    )
