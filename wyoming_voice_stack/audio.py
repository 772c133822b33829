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
_MIXED_BLOCK_S = 0.01
"""Polarity of the channels is compared once per block of this length."""
_OPPOSITE = -0.4
"""Correlation below which a channel is turned over; above the positive value it is turned back."""
_REFERENCE_SHARE = 0.5
"""The reference is the first channel with at least this share of the energy of the strongest one."""


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


class ChannelMixer:
    """Averages the channels of a stream; a channel of opposite polarity is turned over first.

    One wire swapped in a balanced cable is enough for two channels to cancel. The result does not
    depend on how the stream is cut into pieces.
    """

    def __init__(self, channels: int, rate: int) -> None:
        self._block = max(1, round(rate * _MIXED_BLOCK_S))
        self._waiting = np.zeros((0, channels), np.float32)
        self._covariance = np.zeros((channels, channels))
        self._signs: npt.NDArray[np.float32] | None = None

    def push(self, frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Mix frames of shape [frames, channels]; with several channels, up to 10 ms are held back.

        Returns:
            Mono samples, shape [samples].
        """
        if frames.shape[1] == 1:
            return frames[:, 0]
        waiting = np.concatenate([self._waiting, frames])
        whole = len(waiting) - len(waiting) % self._block
        self._waiting = waiting[whole:].copy()
        blocks = [waiting[first : first + self._block] for first in range(0, whole, self._block)]
        return np.concatenate([np.zeros(0, np.float32), *map(self._mix, blocks)])

    def finish(self) -> npt.NDArray[np.float32]:
        """Return the samples that are held back."""
        rest, self._waiting = self._waiting, self._waiting[:0]
        return self._mix(rest) if len(rest) else np.zeros(0, np.float32)

    def _mix(self, block: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        centred = block - block.mean(axis=0, dtype=np.float64)
        self._covariance += centred.T @ centred
        before, self._signs = self._signs, self._polarity()
        signs = self._signs
        if before is not None and (before != signs).any():
            # A sudden change of sign would click.
            later = np.linspace(0, 1, len(block), dtype=np.float32)[:, None]
            signs = before * (1 - later) + signs * later
        mono: npt.NDArray[np.float32] = (block * signs).mean(axis=1, dtype=np.float32)
        return mono

    def _polarity(self) -> npt.NDArray[np.float32]:
        energies = np.diagonal(self._covariance)
        reference = int(np.argmax(energies >= _REFERENCE_SHARE * energies.max()))
        scale = np.sqrt(energies * energies[reference])
        row = self._covariance[reference]
        signs = np.ones(len(energies), np.float32) if self._signs is None else self._signs.copy()
        signs[row < _OPPOSITE * scale] = -signs[reference]
        signs[row > -_OPPOSITE * scale] = signs[reference]
        return signs


class SpeechDecoder:
    """Turns a stream of PCM bytes into mono float32 samples at `sample_rate`.

    Bytes may be split anywhere, also within a sample: the result is the same as for one piece.
    Channels are averaged by `ChannelMixer`. Rates are converted by soxr (HQ, linear phase, anti-aliased), which
    holds back some milliseconds until `finish`. One instance decodes one stream.
    """

    def __init__(self, pcm: PcmFormat, sample_rate: int = SPEECH_RATE) -> None:
        self._pcm = pcm
        self._partial_frame = b""
        self._mixer = ChannelMixer(pcm.channels, pcm.rate)
        self._resampler: soxr.ResampleStream | None = None
        if pcm.rate != sample_rate:
            self._resampler = soxr.ResampleStream(
                pcm.rate, sample_rate, 1, dtype="float32", quality=_RESAMPLER_QUALITY
            )

    @property
    def aligned(self) -> bool:
        """True unless an incomplete frame waits for its next bytes."""
        return not self._partial_frame

    def push(self, data: bytes) -> npt.NDArray[np.float32]:
        """Decode all complete frames; an incomplete one waits for the next bytes.

        Returns:
            New samples, shape [samples], often none at the start of a resampled stream.
        """
        samples = _TO_FLOAT[self._pcm.width](self._whole_frames(data))
        mono = self._mixer.push(samples.reshape(-1, self._pcm.channels))
        return self._resample(mono, last=False)

    def finish(self) -> npt.NDArray[np.float32]:
        """Return the samples that are held back; an incomplete frame is discarded.

        The decoder cannot be used again.
        """
        self._partial_frame = b""
        return self._resample(self._mixer.finish(), last=True)

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
    """Convert samples in -1..1 to signed 16-bit little-endian PCM; see `to_pcm16_samples`.

    `SpeechDecoder` returns the same samples again.
    """
    # Of a damaged file, numbers of 64 bits may be too large for 32; they become infinite, and are clipped.
    with np.errstate(over="ignore"):
        narrow = np.asarray(samples, np.float32)
    return to_pcm16_samples(narrow).astype("<i2").tobytes()


def to_pcm16_samples(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.int16]:
    """Round samples in -1..1 to 16 bits; louder ones are clipped, and NaN becomes silence."""
    # A damaged file may contain any number.
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.rint(samples * np.float32(PCM16_FULL_SCALE))
    scaled[np.isnan(scaled)] = 0
    clipped = np.clip(scaled, -PCM16_FULL_SCALE, PCM16_FULL_SCALE - 1)
    rounded: npt.NDArray[np.int16] = clipped.astype(np.int16)
    return rounded
