"""A buffer for megabytes that arrive in small pieces: it grows without copying what it has."""

from __future__ import annotations

import mmap
from contextlib import suppress
from typing import TypeAlias

OWN_PAGES_BYTES = 64 * 1024
"""Size from which a buffer has pages of its own: a smaller one is copied in microseconds."""

Content: TypeAlias = bytes | bytearray | mmap.mmap
"""Bytes in memory."""


class GrowingBuffer:
    """Collects bytes. A large one has memory pages of its own, which return to the system when it is closed.

    A `bytearray` of 16 MB is copied when it grows, which takes 8 ms, and all threads wait meanwhile. Pages
    are moved by the system instead.
    """

    def __init__(self) -> None:
        self._small = bytearray()
        self._pages: mmap.mmap | None = None
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, piece: bytes) -> None:
        """Add bytes to the end."""
        end = self._length + len(piece)
        if self._pages is None and end <= OWN_PAGES_BYTES:
            self._small += piece
        else:
            self._paged(end)[self._length : end] = piece
        self._length = end

    def content(self) -> Content:
        """Return all bytes, without a copy; nothing can be added any more."""
        if self._pages is None:
            return self._small
        self._pages.resize(self._length)
        return self._pages

    def close(self) -> None:
        """Free the memory; what still uses the content, such as a thread, frees it at its end."""
        with suppress(BufferError):
            self._small.clear()
        if self._pages is not None:
            with suppress(BufferError):
                self._pages.close()
        # What still uses the content is then the only one that holds it.
        self._small, self._pages, self._length = bytearray(), None, 0

    def _paged(self, needed: int) -> mmap.mmap:
        if self._pages is None:
            flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
            # Pages that are not written yet occupy no memory.
            self._pages = mmap.mmap(-1, max(2 * OWN_PAGES_BYTES, needed), flags=flags)
            self._pages[: self._length] = self._small
            self._small.clear()
        elif needed > len(self._pages):
            self._pages.resize(max(2 * len(self._pages), needed))
        return self._pages
