"""Reads recordings in threads of their own: a network share that hangs delays no other request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from wyoming_voice_stack.machine.checked_executor import start_thread

Result = TypeVar("Result")

READ_SECONDS = 10.0
"""How long reading the recordings of one voice may take; 256 MiB from a slow disk take less."""


class RecordingThread:
    """Runs readings with a time limit. While one hangs, others fail at once. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hanging: list[threading.Thread] = []

    def read(self, reading: Callable[[], Result]) -> Result:
        """Call `reading` and return its result; raises what it raises.

        Raises:
            TimeoutError: it takes longer than `READ_SECONDS`, or another one that did has not ended.
            MemoryError: there is too little memory for a thread.
        """
        with self._lock:
            self._hanging = [thread for thread in self._hanging if thread.is_alive()]
            if self._hanging:
                raise _timeout()
        future: Future[Result] = Future()
        # Not a thread of a pool: the process ends even while it hangs.
        thread = threading.Thread(
            target=_run, args=(reading, future), name="recordings", daemon=True
        )
        start_thread(thread)
        try:
            return future.result(READ_SECONDS)
        except TimeoutError as error:
            if future.done():
                raise
            with self._lock:
                self._hanging.append(thread)
            raise _timeout() from error


def _timeout() -> TimeoutError:
    return TimeoutError(
        f"reading takes longer than {READ_SECONDS:g} s; check the disk or the network share"
    )


def _run(reading: Callable[[], Result], future: Future[Result]) -> None:
    try:
        future.set_result(reading())
    except BaseException as error:  # noqa: BLE001 - raised where the result is taken
        future.set_exception(error)
