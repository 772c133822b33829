"""The formats that speech is sent in, and the encoder of each; wav and pcm need no library."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.codecs.resampling import StreamResampler
from wyoming_voice_stack.errors import RequestError, install_hint

PCM_RATE = 24_000
"""Sample rate in Hz of `pcm`, which has no header that could tell it."""
WAV_HEADER_BYTES = 44

_UNKNOWN_LENGTH = 0xFFFFFFFF
_PCM_FORMAT_TAG = 1
_SAMPLE_BYTES = 2


class AudioEncoder(Protocol):
    """Turns mono samples in -1..1 into the bytes of one stream. Blocking; used by one thread at a time."""

    def push(self, samples: npt.NDArray[np.float32]) -> bytes:
        """Encode the next samples, and return what is complete."""
        ...

    def finish(self) -> bytes:
        """Return the rest of the stream. The encoder cannot be used again."""
        ...


@dataclass(frozen=True)
class OutputFormat:
    """A format of speech audio."""

    name: str
    content_type: str
    compressed: bool = True
    """True if PyAV encodes it, which takes time: call its encoder in a thread."""


OUTPUT_FORMATS = {
    each.name: each
    for each in (
        OutputFormat("mp3", "audio/mpeg"),
        OutputFormat("opus", "audio/ogg"),
        OutputFormat("aac", "audio/aac"),
        OutputFormat("flac", "audio/flac"),
        OutputFormat("wav", "audio/wav", compressed=False),
        OutputFormat("pcm", "audio/pcm", compressed=False),
    )
}


def require_encoder(output: OutputFormat) -> None:
    """Check that a format can be encoded, without importing what encodes it.

    Raises:
        RequestError: PyAV is not installed.
    """
    if output.compressed and find_spec("av") is None:
        raise RequestError(
            f"Format {output.name!r} needs PyAV, which is not installed. Request wav or pcm, or install"
            f" PyAV: {install_hint('api')}"
        )


def load_encoder(output: OutputFormat) -> None:
    """Import what encodes a format, which takes a third of a second; call it in a thread."""
    if output.compressed:
        import_module("av")


def open_encoder(output: OutputFormat, rate: int, *, samples: int | None = None) -> AudioEncoder:
    """Begin a stream of audio at `rate` Hz; imports PyAV for a compressed format.

    `samples` is the length of the whole audio, if it is known.
    """
    if output.name == "wav":
        return WavEncoder(rate, samples=samples)
    if output.name == "pcm":
        return PcmEncoder(rate)
    from wyoming_voice_stack.codecs.compressed_encoding import CompressedEncoder

    return CompressedEncoder(output.name, rate)


class PcmEncoder:
    """Signed 16-bit little-endian samples at `PCM_RATE`, without a header."""

    def __init__(self, rate: int) -> None:
        self._resampler = StreamResampler(rate, PCM_RATE)

    def push(self, samples: npt.NDArray[np.float32]) -> bytes:
        """Return the next samples."""
        return to_pcm16(self._resampler.push(samples))

    def finish(self) -> bytes:
        """Return what the resampler holds back."""
        return to_pcm16(self._resampler.finish())


class WavEncoder:
    """A WAV stream of 16-bit samples at the rate of the audio.

    If its length is not known, both lengths in the header are 0xFFFFFFFF: most readers take that for
    audio up to the end of the stream, and a length of 0 for none.
    """

    def __init__(self, rate: int, *, samples: int | None = None) -> None:
        self._header = wav_header(rate, samples)

    def push(self, samples: npt.NDArray[np.float32]) -> bytes:
        """Return the next samples, after the header if they are the first ones."""
        header, self._header = self._header, b""
        return header + to_pcm16(samples)

    def finish(self) -> bytes:
        """Return the header if there were no samples."""
        return self._header


def wav_header(rate: int, samples: int | None) -> bytes:
    """Make the header of mono 16-bit audio; None is an unknown length."""
    data_bytes = _UNKNOWN_LENGTH if samples is None else samples * _SAMPLE_BYTES
    riff_bytes = min(data_bytes + WAV_HEADER_BYTES - 8, _UNKNOWN_LENGTH)
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        riff_bytes,
        b"WAVE",
        b"fmt ",
        16,
        _PCM_FORMAT_TAG,
        1,
        rate,
        rate * _SAMPLE_BYTES,
        _SAMPLE_BYTES,
        8 * _SAMPLE_BYTES,
        b"data",
        data_bytes,
    )
