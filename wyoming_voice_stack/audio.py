"""Converts PCM audio in any common format to the mono float samples of engines, and back.

Plain and blocking: numpy and soxr only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

from wyoming_voice_stack.errors import UnsupportedAudio

MIN_RATE = 4_000
MAX_RATE = 384_000
MIN_WIDTH = 1
MAX_WIDTH = 4
MIN_CHANNELS = 1
MAX_CHANNELS = 16

SPEECH_RATE = 16_000
"""Sample rate in Hz of speech engines."""

PCM16_FULL_SCALE = 32_768.0

_RESAMPLER_QUALITY = "HQ"


@dataclass(frozen=True)
class PcmFormat:
    """Format of interleaved linear PCM, as in WAV files and Wyoming's audio events.

    `rate` is in Hz. `width` is in bytes: 1 is unsigned; 2, 3 and 4 are signed, little endian.

    Raises:
        UnsupportedAudio: a value is out of its range.
    """

    rate: int
    width: int
    channels: int

    def __post_init__(self) -> None:
        _check("sample rate", self.rate, MIN_RATE, MAX_RATE, "Hz")
        _check("sample width", self.width, MIN_WIDTH, MAX_WIDTH, "bytes")
        _check("channel count", self.channels, MIN_CHANNELS, MAX_CHANNELS, "channels")

    @property
    def frame_bytes(self) -> int:
        """Size of one sample of every channel."""
        return self.width * self.channels


def _check(name: str, value: object, lowest: int, highest: int, unit: str) -> None:
    if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
        return
    raise UnsupportedAudio(
        f"The {name} {value!r} is not supported; send {lowest} to {highest} {unit}."
    )


class SpeechDecoder:
    """Turns a stream of PCM bytes into mono float32 samples at `sample_rate`.

    Bytes may be split anywhere, also within a sample: the result is the same as for one piece.
    Channels are averaged. Rates are converted by soxr (HQ, linear phase, anti-aliased), which
    holds back some milliseconds until `finish`. One instance decodes one stream.
    """

    def __init__(self, pcm: PcmFormat, sample_rate: int = SPEECH_RATE) -> None:
        self._pcm = pcm
        self._partial_frame = b""
        self._resampler: soxr.ResampleStream | None = None
        if pcm.rate != sample_rate:
            self._resampler = soxr.ResampleStream(
                pcm.rate, sample_rate, 1, dtype="float32", quality=_RESAMPLER_QUALITY
            )

    def push(self, data: bytes) -> npt.NDArray[np.float32]:
        """Decode all complete frames; an incomplete one waits for the next bytes.

        Returns:
            New samples, shape [samples], often none at the start of a resampled stream.
        """
        return self._resample(_to_mono(self._whole_frames(data), self._pcm), last=False)

    def finish(self) -> npt.NDArray[np.float32]:
        """Return the samples that the resampler holds back; an incomplete frame is discarded.

        The decoder cannot be used again.
        """
        self._partial_frame = b""
        return self._resample(np.zeros(0, np.float32), last=True)

    def _whole_frames(self, data: bytes) -> bytes:
        joined = self._partial_frame + data if self._partial_frame else data
        whole = len(joined) - len(joined) % self._pcm.frame_bytes
        self._partial_frame = joined[whole:]
        return joined[:whole]

    def _resample(self, mono: npt.NDArray[np.float32], *, last: bool) -> npt.NDArray[np.float32]:
        if self._resampler is None:
            return mono
        resampled: npt.NDArray[np.float32] = self._resampler.resample_chunk(mono, last=last)
        return resampled


def _to_mono(frames: bytes, pcm: PcmFormat) -> npt.NDArray[np.float32]:
    samples = _TO_FLOAT[pcm.width](frames)
    if pcm.channels == 1:
        return samples
    mono: npt.NDArray[np.float32] = samples.reshape(-1, pcm.channels).mean(axis=1, dtype=np.float32)
    return mono


def _from_unsigned_8(frames: bytes) -> npt.NDArray[np.float32]:
    return np.frombuffer(frames, np.uint8).astype(np.float32) / np.float32(2**7) - np.float32(1)


def _from_signed_16(frames: bytes) -> npt.NDArray[np.float32]:
    return np.frombuffer(frames, "<i2").astype(np.float32) / np.float32(PCM16_FULL_SCALE)


def _from_signed_24(frames: bytes) -> npt.NDArray[np.float32]:
    # The low byte of each 32-bit word stays zero, so that the sign lands in its top bit.
    words = np.zeros((len(frames) // 3, 4), np.uint8)
    words[:, 1:] = np.frombuffer(frames, np.uint8).reshape(-1, 3)
    return _from_signed_32(words.tobytes())


def _from_signed_32(frames: bytes) -> npt.NDArray[np.float32]:
    return np.frombuffer(frames, "<i4").astype(np.float32) / np.float32(2**31)


_TO_FLOAT: dict[int, Callable[[bytes], npt.NDArray[np.float32]]] = {
    1: _from_unsigned_8,
    2: _from_signed_16,
    3: _from_signed_24,
    4: _from_signed_32,
}


def to_pcm16(samples: npt.ArrayLike) -> bytes:
    """Convert samples in -1..1 to signed 16-bit little-endian PCM.

    Louder samples are clipped, NaN becomes silence. `SpeechDecoder` returns the same samples again.
    """
    scaled = np.asarray(samples, np.float32) * np.float32(PCM16_FULL_SCALE)
    finite = np.nan_to_num(scaled, nan=0.0, posinf=PCM16_FULL_SCALE, neginf=-PCM16_FULL_SCALE)
    clipped = np.clip(np.rint(finite), -PCM16_FULL_SCALE, PCM16_FULL_SCALE - 1)
    pcm: bytes = clipped.astype("<i2").tobytes()
    return pcm
