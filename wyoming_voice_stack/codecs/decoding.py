"""Decodes audio files of unknown origin with PyAV: from memory only, piece by piece.

A file can claim anything. So only containers and decoders of audio are allowed, nothing that a file
refers to is opened, and pictures and videos in it are not decoded. The caller stops when it has enough.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.audio import PcmFormat, to_pcm16
from wyoming_voice_stack.codecs.mp4_boxes import check_boxes, is_mp4
from wyoming_voice_stack.errors import UnsupportedAudio
from wyoming_voice_stack.machine.growing_buffer import Content

MP4_CONTAINERS = ("mov", "mp4", "m4a", "3gp", "3g2", "mj2")
CONTAINERS = ("wav", "w64", "mp3", "flac", "aac", "ogg", "matroska", "webm", "aiff", "au", "amr")
"""FFmpeg's names. Containers that refer to other files, such as playlists, are not among them."""
DECODERS = (
    *("pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be"),
    *("pcm_s32le", "pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be"),
    *("pcm_alaw", "pcm_mulaw", "adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt"),
    *("mp3float", "mp3", "mp2float", "mp2", "flac", "alac", "aac", "opus", "vorbis", "speex"),
    *("amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb", "gsm", "gsm_ms"),
)
MAX_STREAMS = 16
"""Audio tracks, pictures and so on in one file."""
MAX_DAMAGED_PACKETS = 50
"""A recording with a few damaged packets is decoded without them."""
BLOCK_BYTES = 64 * 1024
"""Audio that is decoded in one step, as 16-bit PCM; one packet more at most."""

NOT_AUDIO = "The file is not audio in a supported format; send wav, mp3, m4a, ogg, webm or flac."

_TOLERANT_PYAV = 19
_INT16 = np.dtype(np.int16)
_UNSIGNED_ZERO = 128.0


class DecodedAudio(NamedTuple):
    """A piece of a file's audio, as 16-bit PCM."""

    pcm: PcmFormat
    data: bytes


def decode_file(file: Content) -> Iterator[DecodedAudio]:
    """Decode the first audio track of a file, by its content.

    Blocking; each step decodes `BLOCK_BYTES` or one packet. Closing the iterator frees the decoder.

    Raises:
        UnsupportedAudio: the file is not audio in a supported format, or it is damaged.
    """
    try:
        import av
    except (ImportError, OSError) as error:
        raise UnsupportedAudio("PyAV is not installed; run: pip install av") from error
    containers: Sequence[str] = CONTAINERS
    if is_mp4(file):
        check_boxes(file)
        containers = MP4_CONTAINERS
    options = _options(av, containers)
    with _as_unsupported(), av.open(_Memory(file), "r", **options) as container:
        if not container.streams.audio:
            raise UnsupportedAudio("The file has no audio track.")
        stream = container.streams.audio[0]
        if stream.codec_context is None or stream.codec_context.name not in DECODERS:
            raise UnsupportedAudio(NOT_AUDIO)
        yield from _blocks(_frames(av, container, stream))


class _Memory(io.RawIOBase):
    """A file in memory, without a copy of it."""

    def __init__(self, content: Content) -> None:
        super().__init__()
        self._content = memoryview(content)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._content[self._position : self._position + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origins = {io.SEEK_CUR: self._position, io.SEEK_END: len(self._content)}
        self._position = max(0, origins.get(whence, 0) + offset)
        return self._position


def _options(av: Any, containers: Sequence[str]) -> dict[str, Any]:
    options: dict[str, Any] = {
        "container_options": {
            "format_whitelist": ",".join(containers),
            "codec_whitelist": ",".join(DECODERS),
            # No protocol has this name: nothing that the file refers to is opened.
            "protocol_whitelist": "none",
            "max_streams": str(MAX_STREAMS),
        }
    }
    # Before PyAV 19, damaged tags were an error unless this was asked for; now it does not exist.
    if int(av.__version__.partition(".")[0]) < _TOLERANT_PYAV:
        options["metadata_errors"] = "replace"
    return options


@contextmanager
def _as_unsupported() -> Iterator[None]:
    import av

    try:
        yield
    except (av.FFmpegError, AttributeError, ValueError) as error:
        # PyAV reports a missing decoder, and channels that are not there, as the last two.
        raise UnsupportedAudio(NOT_AUDIO) from error


def _frames(av: Any, container: Any, stream: Any) -> Iterator[Any]:
    damaged = 0
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.InvalidDataError as error:
            damaged += 1
            if damaged > MAX_DAMAGED_PACKETS:
                raise UnsupportedAudio("The audio file is damaged; send it again.") from error


def _blocks(frames: Iterator[Any]) -> Iterator[DecodedAudio]:
    pcm: PcmFormat | None = None
    waiting = bytearray()
    for frame in frames:
        found = PcmFormat(frame.sample_rate, _INT16.itemsize, frame.layout.nb_channels)
        if pcm is not None and (found != pcm or len(waiting) >= BLOCK_BYTES):
            yield DecodedAudio(pcm, bytes(waiting))
            waiting.clear()
        pcm = found
        waiting += _to_pcm16(frame)
    if pcm is None:
        raise UnsupportedAudio("The file has no audio in it.")
    yield DecodedAudio(pcm, bytes(waiting))


def _to_pcm16(frame: Any) -> bytes:
    """Return the samples of a frame, interleaved."""
    raw: npt.NDArray[Any] = frame.to_ndarray()
    samples = raw.T if frame.format.is_planar else raw.reshape(-1, frame.layout.nb_channels)
    if samples.dtype == _INT16:
        return samples.tobytes()
    if samples.dtype == np.uint8:
        return to_pcm16(samples.astype(np.float32) / _UNSIGNED_ZERO - 1)
    if np.issubdtype(samples.dtype, np.integer):
        return to_pcm16(samples / -float(np.iinfo(samples.dtype).min))
    return to_pcm16(samples)
