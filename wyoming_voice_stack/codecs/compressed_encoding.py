"""Encodes mp3, opus, aac and flac with PyAV, so that the bytes of each piece come out at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.codecs.resampling import StreamResampler, nearest_rate
from wyoming_voice_stack.errors import EngineError

BIT_RATE = 64_000
"""In bits per second, for the formats that lose something; PyAV's own values give mp3 half of it."""


@dataclass(frozen=True)
class _Codec:
    container: str
    encoder: Literal["libmp3lame", "libopus", "aac", "flac"]
    rates: tuple[int, ...] = ()
    """Sample rates in Hz that it takes; empty means all."""
    lossless: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    """Options of the container."""


_CODECS = {
    # A Xing header is written when the length is known, into bytes that were sent long before.
    "mp3": _Codec(
        "mp3",
        "libmp3lame",
        (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
        options={"write_xing": "0", "id3v2_version": "0"},
    ),
    # Without a duration in microseconds, a page is sent only once it is full, after many seconds.
    "opus": _Codec(
        "ogg",
        "libopus",
        (8000, 12_000, 16_000, 24_000, 48_000),
        options={"page_duration": "100000"},
    ),
    "aac": _Codec(
        "adts",
        "aac",
        (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000),
    ),
    # Eight kilobytes of padding for tags would come first.
    "flac": _Codec("flac", "flac", lossless=True, options={"metadata_header_padding": "0"}),
}


class _Sink:
    """Takes what the container writes; without `seek`, it never goes back."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


class CompressedEncoder:
    """Encodes one mono stream. The import of PyAV and the encoding take time: call it in a thread."""

    def __init__(self, name: str, rate: int) -> None:
        """`name` is a format of `OUTPUT_FORMATS`; a `rate` that it does not take is converted."""
        import av

        codec = _CODECS[name]
        self._rate = nearest_rate(rate, codec.rates) if codec.rates else rate
        self._resampler = StreamResampler(rate, self._rate)
        self._sink = _Sink()
        with _failures():
            self._container = av.open(
                self._sink, "w", format=codec.container, options=dict(codec.options)
            )
            self._stream = self._container.add_stream(codec.encoder, rate=self._rate)
            self._stream.layout = "mono"
            if not codec.lossless:
                self._stream.bit_rate = BIT_RATE
        self._position = 0

    def push(self, samples: npt.NDArray[np.float32]) -> bytes:
        """Encode the next samples, and return what is complete.

        Raises:
            EngineError: the encoder failed.
        """
        with _failures():
            self._encode(self._resampler.push(samples))
        return self._sink.take()

    def finish(self) -> bytes:
        """Return the rest of the stream.

        Raises:
            EngineError: the encoder failed.
        """
        with _failures():
            self._encode(self._resampler.finish())
            for packet in self._stream.encode(None):
                self._container.mux(packet)
            self._container.close()
        return self._sink.take()

    def _encode(self, samples: npt.NDArray[np.float32]) -> None:
        from av.audio.frame import AudioFrame

        if not len(samples):
            return
        pcm = np.frombuffer(to_pcm16(samples), np.int16)
        frame = AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = self._rate
        frame.pts = self._position
        self._position += len(pcm)
        for packet in self._stream.encode(frame):
            self._container.mux(packet)


@contextmanager
def _failures() -> Iterator[None]:
    from av.error import FFmpegError

    try:
        yield
    except FFmpegError as error:
        raise EngineError(f"The audio could not be encoded: {error.strerror}.") from error
