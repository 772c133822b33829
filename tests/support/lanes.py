"""Engines whose lanes are watched."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from tests.support.fakes import WAIT_SECONDS
from tests.support.jobs import Hall
from wyoming_voice_stack.engine.queue import Capacity
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import (
    EngineError,
)


class Halls:
    """Loads a new hall each time; can be held, and can fail."""

    def __init__(self, *failures: Exception) -> None:
        self.loaded: list[Hall] = []
        self.attempts = 0
        self.at_once = 0
        self.go = threading.Event()
        self.go.set()
        self._failures = list(failures)
        self._loading = 0

    def __call__(self) -> Hall:
        self.attempts += 1
        self._loading += 1
        self.at_once = max(self.at_once, self._loading)
        try:
            assert self.go.wait(WAIT_SECONDS)
            if self._failures:
                raise self._failures.pop(0)
            self.loaded.append(Hall())
        finally:
            self._loading -= 1
        return self.loaded[-1]


def lost(_: object) -> Any:
    raise EngineError("the device is lost")


def calls_running(worker: Worker[Any]) -> int:
    return len(worker._queue._running)


def noting(lanes_that_looked: list[str], count: int = 2, batch: int = 1) -> Callable[[Any], Any]:
    """A capacity that tells which thread asked for it: one that found nothing to do rests."""

    def capacity(_: object) -> Capacity:
        lanes_that_looked.append(threading.current_thread().name)
        return Capacity(count, batch)

    return capacity
