"""How this process holds memory, where the C library (glibc) lets it choose."""

from __future__ import annotations

import ctypes
import gc

_M_ARENA_MAX = -8
"""glibc's number of the option (malloc.h)."""


def share_one_heap() -> None:
    """Let all threads take memory from one heap, before they are started.

    glibc gives each thread a heap of its own, and what one of them has freed the others cannot
    use: two threads of Whisper held 100 MB more, for no gain in speed.
    """
    limit = getattr(ctypes.CDLL(None), "mallopt", None)
    if limit is not None:
        limit(_M_ARENA_MAX, 1)


def return_freed_memory() -> None:
    """Collect what nobody refers to and let the C library hand free pages back to the system.

    glibc keeps them otherwise: half of what a process with a closed Whisper model occupies.
    Other C libraries have no such call; there, only the first half is done.
    """
    gc.collect()
    trim_heap()


def trim_heap() -> None:
    """Hand free pages back to the system; about 3 ms, and some more when they are needed again."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
