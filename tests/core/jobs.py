"""A worker with an engine that does what its jobs do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.fakes import WAIT_SECONDS
from wyoming_voice_stack.core.metrics import Metrics
from wyoming_voice_stack.core.worker import Worker


class Thing:
    """An engine that does what its jobs do."""

    def __init__(self) -> None:
        self.closed = False
        self.thread = threading.get_ident()

    def close(self) -> None:
        assert threading.get_ident() == self.thread
        self.closed = True


@asynccontextmanager
async def working(
    load: Any = Thing, *, max_queued: int = 4, load_now: bool = True, **more: Any
) -> AsyncIterator[Worker[Thing]]:
    worker: Worker[Thing] = Worker("thing", load, max_queued=max_queued, metrics=Metrics(), **more)
    worker.start(load_now=load_now)
    try:
        yield worker
    finally:
        assert await worker.stop(WAIT_SECONDS)


class Gate:
    """A job that says when it has begun and waits to be let go."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, _: Thing) -> str:
        self.begun.set()
        assert self.go.wait(WAIT_SECONDS)
        return "done"


async def begun(gate: Gate) -> None:
    assert await asyncio.to_thread(gate.begun.wait, WAIT_SECONDS)
