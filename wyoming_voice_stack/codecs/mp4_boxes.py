"""Checks the boxes of an MP4 file before FFmpeg reads them.

FFmpeg reserves 24 bytes for each packet that a table claims, and the packets of one size need no
bytes in the file: 20 kB are enough to take gigabytes of memory.
"""

from __future__ import annotations

from collections.abc import Iterator

from wyoming_voice_stack.errors import UnsupportedAudio
from wyoming_voice_stack.machine.growing_buffer import Content

MAX_CLAIMED_PACKETS = 1_000_000
"""In all tables together: four hours of AAC, and 24 MB of memory."""

MAX_BOXES = 50_000
"""Boxes of the file itself: two for each piece of a recording that was written piece by piece."""
MAX_TABLES = 50_000
"""Tables of packets, of which such a piece has one; other bytes that read like their names count, too."""

_FILE_TYPE = b"ftyp"
_TYPE_AT = 4
_HEADER = 8
_LONG_HEADER = 16
_DATA = b"mdat"
_COMPRESSED = b"cmov"
_TABLES = ((b"stsz", 12), (b"stz2", 12), (b"trun", 8))
"""Tables of packets, and where in each the number of packets is, from the start of its name."""


def is_mp4(file: Content) -> bool:
    """Return whether a file begins like MP4, M4A or QuickTime."""
    return file[_TYPE_AT:_HEADER] == _FILE_TYPE


def check_boxes(file: Content) -> None:
    """Check how many packets an MP4 file claims to have.

    Raises:
        UnsupportedAudio: more than any recording has, or its tables are compressed.
    """
    claimed = tables = 0
    for number, content in enumerate(_besides_data(file)):
        if number >= MAX_BOXES:
            raise _too_many(f"more than {MAX_BOXES} boxes")
        if _COMPRESSED in content:
            raise UnsupportedAudio("The tables of the MP4 file are compressed; convert it to wav.")
        for name, offset in _TABLES:
            at = content.find(name)
            while at >= 0:
                claimed += int.from_bytes(content[at + offset : at + offset + 4], "big")
                tables += 1
                if tables > MAX_TABLES:
                    raise _too_many(f"more than {MAX_TABLES} tables")
                at = content.find(name, at + 1)
    if claimed > MAX_CLAIMED_PACKETS:
        raise _too_many(f"{claimed} packets, more than {MAX_CLAIMED_PACKETS}")


def _too_many(what: str) -> UnsupportedAudio:
    return UnsupportedAudio(
        f"The MP4 file claims to have {what}; send shorter audio, or convert it to wav."
    )


def _besides_data(file: Content) -> Iterator[bytes | bytearray]:
    """Yield the boxes of a file, empty for those of audio, in which any bytes can occur."""
    at = 0
    while at + _HEADER <= len(file):
        size = int.from_bytes(file[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(file[at + _HEADER : at + _LONG_HEADER], "big")
        if size < _HEADER or at + size > len(file):
            size = len(file) - at
        yield b"" if file[at + _TYPE_AT : at + _HEADER] == _DATA else file[at : at + size]
        at += size
