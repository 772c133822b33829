"""Reads the voices folder in a thread of its own: a network share that hangs delays nothing else."""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TypeVar

from wyoming_voice_stack.machine.checked_executor import start_thread
from wyoming_voice_stack.tts.engine import CloneSource

_LOGGER = logging.getLogger(__name__)

READ_SECONDS = 20.0
"""How long a reading may take; assessing new recordings takes up to five seconds of it."""
FIRST_READ_SECONDS = 5.0
"""The same at the start of the server, which waits for it."""

Voices = Mapping[str, CloneSource]
Read = TypeVar("Read")


class FolderReader:
    """Runs one reading at a time; while one hangs, no other begins."""

    def __init__(self, name: str) -> None:
        """`name` is what is read, for the log."""
        self._name = name
        self._running: Future[Voices] | None = None
        self._warned = False

    def start(self, read: Callable[[], Voices]) -> Future[Voices]:
        """Start a reading, or return the one that is running."""
        if self._running is None or self._running.done():
            self._running = start_reading(read)
        return self._running

    def note_answer(self) -> None:
        """Note that a reading has ended in time."""
        self._warned = False

    def note_timeout(self, seconds: float) -> None:
        """Warn once that a reading has not."""
        if not self._warned:
            _LOGGER.warning(
                "The voices folder %s could not be read within %g s; the voices known before remain."
                " Check the disk or the network share.",
                self._name,
                seconds,
            )
        self._warned = True


def start_reading(read: Callable[[], Read]) -> Future[Read]:
    """Start to read something in the voices folder in a thread of its own."""
    future: Future[Read] = Future()
    # Not a thread of a pool: the process ends even while it hangs.
    thread = threading.Thread(target=_run, args=(read, future), name="voices", daemon=True)
    try:
        start_thread(thread)
    except MemoryError:
        future.set_exception(OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)))
    return future


def _run(read: Callable[[], Read], future: Future[Read]) -> None:
    try:
        future.set_result(read())
    except BaseException as error:  # noqa: BLE001 - raised where the result is taken
        future.set_exception(error)
