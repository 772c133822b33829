"""Threads whose start does not hang while there is too little memory for them.

Python waits forever for the start of a thread that ends for want of memory before it runs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from wyoming_voice_stack.machine.memory import require_memory

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

THREAD_BYTES = 24 * 1024 * 1024
"""Memory that must be free to start a thread: its stack, 8 MB by default, and what runs meanwhile."""


def start_thread(thread: threading.Thread) -> None:
    """Start a thread.

    Raises:
        MemoryError: there is too little memory.
    """
    require_memory(THREAD_BYTES)
    thread.start()


class CheckedExecutor(ThreadPoolExecutor):
    """Refuses calls while there is too little memory for the thread that one may need."""

    def submit(
        self,
        fn: Callable[Parameters, Result],
        /,
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Future[Result]:
        """Start a call in one of the threads.

        Raises:
            MemoryError: there is too little memory.
        """
        require_memory(THREAD_BYTES)
        return super().submit(fn, *args, **kwargs)
