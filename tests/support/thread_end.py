"""Waits for threads that a test has started."""

from __future__ import annotations

import os
import threading
import time


def wait_for_end(thread: threading.Thread, timeout_s: float) -> None:
    """Wait until a thread has ended, also one that another thread is just starting.

    `threading.enumerate` lists it before it has begun, and until then it cannot be joined.

    Raises:
        RuntimeError: it has not begun within `timeout_s`.
    """
    until_s = time.monotonic() + timeout_s
    while True:
        try:
            thread.join(timeout_s)
        except RuntimeError:
            if time.monotonic() >= until_s:
                raise
            os.sched_yield()
        else:
            return
