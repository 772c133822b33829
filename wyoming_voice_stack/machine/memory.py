"""How this process holds memory, where the C library (glibc) lets it choose, and when it has no more."""

from __future__ import annotations

import ctypes
import gc
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

Loaded = TypeVar("Loaded")

KEPT_BLOCK_BYTES = 32 * 1024 * 1024
"""The largest block that is taken from the heap; glibc allows no more."""
KEPT_BYTES = 256 * 1024 * 1024
"""Freed memory at the heap's end that stays, until it is given back by `return_freed_memory`."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""glibc's numbers of the options (malloc.h)."""
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
    _set({_M_ARENA_MAX: 1})


def keep_freed_memory() -> None:
    """Let freed memory stay for what comes next, instead of going back to the system each time.

    An engine that takes and frees the same megabytes for every piece of sound spends a twentieth of
    its time on getting them anew.
    """
    _set({_M_MMAP_THRESHOLD: KEPT_BLOCK_BYTES, _M_TRIM_THRESHOLD: KEPT_BYTES})


def freeze_after_load(load: Callable[[], Loaded]) -> Callable[[], Loaded]:
    """Have what is there once something is loaded left out when Python looks for garbage.

    Libraries and an engine are 80,000 objects, with torch 400,000. To look through 80,000 stops all
    threads for 30 to 50 ms, after every few requests, and a reply's last sounds with them.
    """

    def load_and_settle() -> Loaded:
        loaded = load()
        # Not collected first: with torch that would be the longest stop of all. What little garbage a
        # load leaves stays until an engine is given up.
        gc.freeze()
        return loaded

    return load_and_settle


def collect_garbage() -> None:
    """Collect what nobody refers to, also of what was left out since it was `freeze_after_load`.

    What is still in use is left out again: another engine may be, and libraries always are.
    """
    left_out = gc.get_freeze_count()
    gc.unfreeze()
    gc.collect()
    if left_out:
        gc.freeze()


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


def _set(options: Mapping[int, int]) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option, value in options.items():
            mallopt(option, value)


def trim_heap() -> None:
    """Hand free pages back to the system; about 3 ms, and some more when they are needed again."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
