"""A worker with an engine that does what its jobs do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from tests.support.fakes import WAIT_SECONDS
from wyoming_voice_stack.engine.queue import Capacity
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.metrics import Metrics


class Thing:
    """An engine that does what its jobs do."""

    def __init__(self) -> None:
        self.closed = False
        self.thread = threading.get_ident()

    def close(self) -> None:
        assert threading.get_ident() == self.thread
        self.closed = True


class Hall(Thing):
    """An engine for several threads; knows how many were inside when it was closed."""

    capacity = Capacity(lanes=2)

    def __init__(self) -> None:
        super().__init__()
        self.closings: list[int] = []
        self._inside = 0
        self._lock = threading.Lock()

    @contextmanager
    def entered(self) -> Iterator[None]:
        assert not self.closed
        with self._lock:
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1

    def close(self) -> None:
        self.closings.append(self._inside)
        self.closed = True


@asynccontextmanager
async def working(
    load: Any = Thing, *, max_queued: int = 4, load_now: bool = True, **more: Any
) -> AsyncIterator[Worker[Any]]:
    worker: Worker[Any] = Worker("thing", load, max_queued=max_queued, metrics=Metrics(), **more)
    worker.start(load_now=load_now)
    try:
        yield worker
    finally:
        assert await worker.stop(WAIT_SECONDS)


def lanes(count: int, *, batch: int = 1, threads: int | None = None) -> dict[str, Any]:
    """What makes a worker of several lanes."""
    return {
        "threads": threads or count,
        "capacity": lambda _: Capacity(count, batch),
        "max_queued": 32,
    }


class Gate:
    """A job that says when it has begun and waits to be let go."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.lane = ""

    def __call__(self, engine: Thing) -> str:
        self.lane = threading.current_thread().name
        if isinstance(engine, Hall):
            with engine.entered():
                return self._wait()
        return self._wait()

    def _wait(self) -> str:
        self.begun.set()
        assert self.go.wait(WAIT_SECONDS)
        return "done"


class Calls:
    """What handles are done by: notes each call, and does what a test wants of it."""

    def __init__(self, do: Callable[[Any], Any] = lambda item: -item) -> None:
        self.noted: list[list[Any]] = []
        self._do = do

    def __call__(
        self, engine: Thing, items: Sequence[Any], wanted: Callable[[], bool]
    ) -> list[Any]:
        self.noted.append(list(items))
        return [self._do(item) for item in items]


async def begun(*gates: Gate) -> None:
    for gate in gates:
        assert await asyncio.to_thread(gate.begun.wait, WAIT_SECONDS)


@asynccontextmanager
async def occupied(worker: Worker[Any], count: int = 1) -> AsyncIterator[list[Gate]]:
    """Keep lanes busy until the end of the block, or until a gate is opened."""
    gates = [Gate() for _ in range(count)]
    tasks = [asyncio.create_task(worker.run(gate)) for gate in gates]
    await begun(*gates)
    try:
        yield gates
    finally:
        for gate in gates:
            gate.go.set()
        await asyncio.wait(tasks)
        for task in tasks:
            task.exception()
