"""How this process holds memory, where the C library (glibc) lets it choose, and when it has no more."""

from __future__ import annotations

import ctypes
import gc
import re

_M_ARENA_MAX = -8
"""glibc's number of the option (malloc.h)."""
_NO_MEMORY = re.compile(
    r"out of memory|not enough memory|(?:can't|cannot|failed to|unable to) allocate"
    r"|bad.?alloc|alloc_failed|can't start new thread",
    re.IGNORECASE,
)
"""What CTranslate2, ONNX Runtime, torch, CUDA, the C library, and Python of a thread's stack say of it."""


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


def ran_out_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or what it came from, says that memory could not be had."""
    while error is not None:
        if isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def trim_heap() -> None:
    """Hand free pages back to the system; about 3 ms, and some more when they are needed again."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
