"""How this process keeps and frees memory, as far as the C library (glibc) allows, and out-of-memory errors."""

from __future__ import annotations

import ctypes
import gc
import mmap
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from wyoming_voice_stack.errors import OutOfMemory

Loaded = TypeVar("Loaded")

KEPT_BLOCK_BYTES = 32 * 1024 * 1024
"""Largest block that is taken from the heap; glibc allows no more."""
KEPT_BYTES = 256 * 1024 * 1024
"""Freed memory at the heap's end that the process keeps until `return_freed_memory` is called."""

_YOUNG = 1
"""Generation of objects that have survived one collection; those that have survived more are older."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""glibc's numbers of the options of mallopt (malloc.h)."""
_NO_MEMORY = re.compile(
    r"out of memory|not enough memory|(?:can't|cannot|failed to|unable to) allocate"
    r"|bad.?alloc|alloc_failed|can't start new thread",
    re.IGNORECASE,
)
"""The out-of-memory messages of CTranslate2, ONNX Runtime, torch, CUDA, the C library, and of Python for a
thread's stack."""


def share_one_heap() -> None:
    """Let all threads share one heap; to be called before they are started.

    glibc gives each thread a heap of its own, and threads cannot use memory that another one has
    freed: two threads of Whisper held 100 MB more, and were not faster.
    """
    _set({_M_ARENA_MAX: 1})


def keep_freed_memory() -> None:
    """Keep freed memory for the next request, instead of returning it to the system each time.

    An engine that allocates and frees the same megabytes for every piece of audio spends a twentieth
    of its time on allocating them again.
    """
    _set({_M_MMAP_THRESHOLD: KEPT_BLOCK_BYTES, _M_TRIM_THRESHOLD: KEPT_BYTES})


def freeze_after_load(load: Callable[[], Loaded]) -> Callable[[], Loaded]:
    """Exclude all objects that exist after `load` from garbage collection.

    Libraries and an engine are 80,000 objects, with torch 400,000. Traversing 80,000 stops all threads
    for 30 to 50 ms, after every few requests, and so delays the end of a reply.
    """

    def load_and_freeze() -> Loaded:
        loaded = load()
        # Without a collection first: with torch it would be the longest pause of all. The little garbage
        # that a load leaves stays until an engine is closed.
        gc.freeze()
        return loaded

    return load_and_freeze


def collect_garbage() -> None:
    """Collect garbage, also among the objects that `freeze_after_load` excluded.

    Objects still in use are excluded again: those of libraries, and perhaps of another engine.
    """
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    gc.collect()
    if frozen:
        gc.freeze()


def return_freed_memory() -> None:
    """Collect garbage and let the C library return free pages to the system.

    glibc keeps them otherwise: half of what a process with a closed Whisper model occupies.
    Other C libraries have no such call; there, only garbage is collected.
    """
    gc.collect()
    trim_heap()


def return_received_memory() -> None:
    """Collect young garbage only, and let the C library return free pages to the system.

    For a server that is in use: a full collection stops all threads for 4 ms with the objects of a
    hundred connections, and longer with more.
    """
    gc.collect(_YOUNG)
    trim_heap()


def require_memory(size_bytes: int) -> None:
    """Check that the process may take so much memory now; takes some microseconds.

    For libraries that take memory without a look at whether they got it, such as Intel's MKL: they end the
    process.

    Raises:
        MemoryError: the process may not.
    """
    try:
        mmap.mmap(-1, size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError as error:
        raise MemoryError(f"Cannot allocate {size_bytes} bytes.") from error


def out_of_memory(error: BaseException) -> OutOfMemory | None:
    """Return what clients learn of an unforeseen error if memory ran out, else None."""
    if not ran_out_of_memory(error):
        return None
    return OutOfMemory("The server has not enough memory for this; give it more memory.")


def ran_out_of_memory(error: BaseException | None) -> bool:
    """Return whether an error, or one that it was caused by, reports that memory ran out."""
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
    """Return free pages to the system; takes about 3 ms, and more when they are needed again."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
