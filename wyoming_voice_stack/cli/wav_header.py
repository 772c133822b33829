"""Finds format and samples in a WAV file whose header may state wrong sizes.

A program that writes to a pipe, or that is interrupted, cannot go back to fill in the sizes: they are 0,
0xFFFFFFFF, or what an empty file has.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

PCM = 1
EXTENSIBLE = 0xFFFE
MAX_PCM_WIDTH = 4
_FILE_HEADER_BYTES = 12
_CHUNK_HEADER_BYTES = 8
_FORMAT_BYTES = 16
_SUBFORMAT = slice(24, 26)
"""Where an extensible format names what its samples are."""
_DS64_DATA_SIZE = slice(8, 16)
_FILE_NAMES = frozenset({b"RIFF", b"RF64", b"BW64"})
_KNOWN_CHUNKS = frozenset(
    {
        *(b"LIST", b"INFO", b"fact", b"cue ", b"smpl", b"inst", b"plst", b"labl", b"note", b"PEAK"),
        *(b"bext", b"iXML", b"axml", b"chna", b"cart", b"JUNK", b"junk", b"PAD ", b"FLLR", b"DISP"),
        *(b"id3 ", b"ID3 ", b"_PMX", b"afsp", b"LGWV", b"acid", b"strc", b"slnt", b"wavl", b"umid"),
        *(b"fmt ", b"data", b"ds64", b"levl", b"link", b"minf", b"elm1", b"regn", b"MD5 "),
    }
)


@dataclass(frozen=True)
class WavContents:
    """A WAV file without the sizes of its header: the `fmt ` chunk and the samples."""

    fmt: bytes
    data: bytes

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._field("<H", 2)

    @property
    def rate(self) -> int:
        """Sample rate in Hz."""
        return self._field("<I", 4)

    @property
    def width(self) -> int:
        """Bytes of one sample of one channel."""
        frame_bytes, bits = self._field("<H", 12), self._field("<H", 14)
        if self.channels and frame_bytes and frame_bytes % self.channels == 0:
            return frame_bytes // self.channels
        return (bits + 7) // 8

    @property
    def is_pcm(self) -> bool:
        """Whether the samples are integers of one to four bytes."""
        kind = self._field("<H", 0)
        if kind == EXTENSIBLE:
            kind = int.from_bytes(self.fmt[_SUBFORMAT], "little")
        return (
            kind == PCM and self.channels > 0 and self.rate > 0 and 0 < self.width <= MAX_PCM_WIDTH
        )

    def as_file(self) -> bytes:
        """Return a WAV file of the same samples with right sizes."""
        chunks = _chunk(b"fmt ", self.fmt) + _chunk(b"data", self.data)
        return _chunk(b"RIFF", b"WAVE" + chunks)

    def _field(self, form: str, place: int) -> int:
        (value,) = struct.unpack_from(form, self.fmt, place)
        return int(value)


def parse_wav(raw: bytes) -> WavContents | None:
    """Return what a WAV file contains; None if it is no WAV file, or has no format or samples."""
    if raw[:4] not in _FILE_NAMES or raw[8:12] != b"WAVE":
        return None
    fmt, data_size = b"", None
    for name, begin, size in _chunks(raw):
        if name == b"fmt " and size >= _FORMAT_BYTES:
            fmt = raw[begin : begin + size]
        elif name == b"ds64":
            data_size = int.from_bytes(raw[begin:][_DS64_DATA_SIZE], "little")
        elif name == b"data" and len(fmt) >= _FORMAT_BYTES:
            return WavContents(fmt, raw[begin : _end_of_data(raw, begin, data_size or size)])
    return None


def _chunks(raw: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, begin and stated size of each chunk; after a wrong size, continue at `data`."""
    place = _FILE_HEADER_BYTES
    while place + _CHUNK_HEADER_BYTES <= len(raw):
        name, size = _header(raw, place)
        begin = place + _CHUNK_HEADER_BYTES
        yield name, begin, size
        after = _next_chunk(raw, begin + size)
        if after is None:
            after = raw.find(b"data", begin)
            if after < 0:
                return
        place = after


def _end_of_data(raw: bytes, begin: int, size: int) -> int:
    """Return where the samples end: at the stated size only if other chunks or nothing follow."""
    end = begin + size
    if end + 1 < len(raw) and not _only_chunks_follow(raw, end):
        return len(raw)
    return min(end, len(raw))


def _only_chunks_follow(raw: bytes, end: int) -> bool:
    place = _next_chunk(raw, end)
    while place is not None:
        name, size = _header(raw, place)
        if name in _KNOWN_CHUNKS:
            return True
        place = place + _CHUNK_HEADER_BYTES + size
        if len(raw) <= place <= len(raw) + 1:
            return True
        place = _next_chunk(raw, place)
    return False


def _next_chunk(raw: bytes, end: int) -> int | None:
    """Return where the chunk after `end` begins. An odd size is padded, but not by every program."""
    padded = end + end % 2
    for place in dict.fromkeys((padded, end, end + 1)):
        if place + _CHUNK_HEADER_BYTES <= len(raw) and _is_name(raw[place : place + 4]):
            return place
    return None


def _is_name(name: bytes) -> bool:
    return name.isascii() and name.decode().isprintable()


def _header(raw: bytes, place: int) -> tuple[bytes, int]:
    name, size = struct.unpack_from("<4sI", raw, place)
    return bytes(name), int(size)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + bytes(len(content) % 2)
