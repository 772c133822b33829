"""Memory that a closed engine leaves behind in this process."""

from __future__ import annotations

import ctypes
import gc


def return_freed_memory() -> None:
    """Collect what nobody refers to and let the C library hand free pages back to the system.

    glibc keeps them otherwise: half of what a process with a closed Whisper model occupies.
    Other C libraries have no such call; there, only the first half is done.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
