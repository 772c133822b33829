"""Reads a recording of any format that libsndfile supports; refuses those that are too short or silent."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soxr

from wyoming_voice_stack.audio import MAX_CHANNELS, MAX_RATE, MIN_RATE, ChannelMixer
from wyoming_voice_stack.errors import EngineError, UnknownVoice
from wyoming_voice_stack.tts.engine import Samples

MIN_RECORDING_SECONDS = 1.0
"""XTTS itself accepts a third of a second, but the cloned voice does not resemble the speaker."""
MAX_RECORDING_SECONDS = 300.0
"""Models use only the first 30 seconds."""
MAX_RECORDING_BYTES = 256 * 1024 * 1024
"""Five minutes of stereo at 96 kHz and 32 bits need 230 MB."""
MAX_PEAK = 2.0**31
"""Samples of floating-point files may have the range of any integer; larger ones are damaged."""
SILENT_PEAK = 0.001
"""A recording whose peak is lower (-60 dB) contains no voice."""
FULL_SCALE = 0.99
"""Samples of at least this magnitude count as clipped; encoders shift them slightly up or down."""

_BLOCK_FRAMES = 65_536


@dataclass(frozen=True)
class ReferenceRecording:
    """The decoded content of a recording."""

    samples: Samples
    """Mono at the requested rate, shape [samples]; the channels are averaged by `ChannelMixer`."""
    recorded_rate: int
    """Sample rate of the file in Hz."""
    clipped_share: float
    """Share of samples at full scale, over all channels."""


def read_recording(
    path: Path,
    sample_rate: int,
    first_seconds: float = MAX_RECORDING_SECONDS,
    content: bytes | None = None,
) -> ReferenceRecording:
    """Decode the first seconds of a recording block by block; with `content`, the file is not read.

    Raises:
        OSError: the file cannot be read.
        UnknownVoice: the file is not a recording, or no voice can be cloned from it.
        EngineError: libsndfile is missing.
    """
    if content is not None:
        return decode_recording(
            io.BytesIO(content), path.name, lambda _: sample_rate, first_seconds
        )
    with open_recording(path) as file:
        if os.fstat(file.fileno()).st_size > MAX_RECORDING_BYTES:
            raise _unusable(path.name, f"is larger than {MAX_RECORDING_BYTES // 2**20} MiB")
        return decode_recording(file, path.name, lambda _: sample_rate, first_seconds)


def decode_recording(
    file: BinaryIO, name: str, rate_of: Callable[[int], int], first_seconds: float
) -> ReferenceRecording:
    """Decode the first seconds of an open file; `rate_of` chooses the rate by the recorded one.

    `name` is what messages call the file.

    Raises:
        UnknownVoice: the file is not a recording, or no voice can be cloned from it.
        EngineError: libsndfile is missing.
    """
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise EngineError("soundfile is missing; run: pip install soundfile") from error

    try:
        with soundfile.SoundFile(file) as sound:
            _check_format(name, sound)
            return _decode(name, sound, rate_of(sound.samplerate), first_seconds)
    except soundfile.SoundFileError as error:
        reason = getattr(error, "error_string", str(error)).rstrip(".")
        raise UnknownVoice(
            f"The recording {name} cannot be read ({reason}). Save it as wav, flac or mp3."
        ) from error


def open_recording(path: Path) -> BinaryIO:
    """Open a regular file; never waits for the writer of a pipe.

    Raises:
        OSError: the file cannot be opened.
        UnknownVoice: it is a pipe, a device or a folder.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise UnknownVoice(f"{path.name!r} is not a regular file. Replace it with a recording.")
    return path.open("rb")


def read_contents(paths: Iterable[Path], limit_bytes: int) -> tuple[bytes, ...]:
    """Return the content of recordings; nothing if they have more bytes than the limit.

    Raises:
        OSError: a file cannot be read.
        UnknownVoice: a file is no regular file.
    """
    contents: list[bytes] = []
    for path in paths:
        with open_recording(path) as file:
            contents.append(file.read(limit_bytes + 1))
        limit_bytes -= len(contents[-1])
        if limit_bytes < 0:
            return ()
    return tuple(contents)


def _check_format(name: str, sound: Any) -> None:
    if not MIN_RATE <= sound.samplerate <= MAX_RATE or sound.channels > MAX_CHANNELS:
        raise _unusable(name, f"has {sound.channels} channels at {sound.samplerate} Hz")
    if sound.frames / sound.samplerate > MAX_RECORDING_SECONDS:
        raise _unusable(name, f"is {sound.frames / sound.samplerate:.0f} s long, which is too long")


def _decode(name: str, sound: Any, sample_rate: int, first_seconds: float) -> ReferenceRecording:
    resampler = soxr.ResampleStream(sound.samplerate, sample_rate, 1, dtype="float32")
    mixer = ChannelMixer(sound.channels, sound.samplerate)
    frames = min(sound.frames, int(first_seconds * sound.samplerate))
    blocks, count, clipped, peak = [], 0, 0, 0.0
    for block in sound.blocks(_BLOCK_FRAMES, frames=frames, dtype="float32", always_2d=True):
        levels = np.abs(block)
        loudest = float(levels.max(initial=0))
        # NaN is not below it either.
        if not loudest <= MAX_PEAK:
            raise _unusable(name, "is silent or damaged")
        count += len(block)
        peak = max(peak, loudest)
        clipped += int(np.count_nonzero(levels >= FULL_SCALE))
        blocks.append(resampler.resample_chunk(mixer.push(block)))
    blocks.append(resampler.resample_chunk(mixer.finish(), last=True))
    # The header may promise more than the file contains.
    if count < MIN_RECORDING_SECONDS * sound.samplerate:
        raise _unusable(name, f"is {count / sound.samplerate:.1f} s long, which is too short")
    if peak < SILENT_PEAK:
        raise _unusable(name, "is silent or damaged")
    return ReferenceRecording(
        np.concatenate(blocks), sound.samplerate, clipped / (count * sound.channels)
    )


def _unusable(name: str, problem: str) -> UnknownVoice:
    return UnknownVoice(
        f"The recording {name} {problem}. Replace it with 6 to 30 seconds of clear speech."
    )
