"""Workers with an engine that only runs its jobs, and jobs to control them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from wyoming_voice_stack.engine.failure_policy import MAX_FAILURES_IN_A_ROW
from wyoming_voice_stack.engine.job_handle import JobHandle
from wyoming_voice_stack.engine.queue import Capacity, Priority
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import Abandoned, EmptyText, EngineError
from wyoming_voice_stack.metrics import Metrics


class Thing:
    """An engine that only runs its jobs."""

    device = "cpu"

    def __init__(self) -> None:
        self.closed = False
        self.thread = threading.get_ident()

    def close(self) -> None:
        assert threading.get_ident() == self.thread
        self.closed = True


class Hall(Thing):
    """An engine for several threads; notes how many calls were running when it was closed."""

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
        # Loading is not waited for.
        await eventually(lambda: worker.state != "loading")
        assert await worker.stop(WAIT_SECONDS)


def lanes(count: int, *, batch: int = 1, threads: int | None = None) -> dict[str, Any]:
    """Arguments for a worker with several lanes."""
    return {
        "threads": threads or count,
        "capacity": lambda _: Capacity(count, batch),
        "max_queued": 32,
    }


class Gate:
    """A job that reports its start, and ends when the test lets it."""

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
    """A batch function: notes each call, and applies a function to each item."""

    def __init__(self, do: Callable[[Any], Any] = lambda item: -item) -> None:
        self.noted: list[list[Any]] = []
        self._do = do

    def __call__(
        self, engine: Thing, items: Sequence[Any], wanted: Callable[[], bool]
    ) -> Iterable[tuple[int, Any]]:
        self.noted.append(list(items))
        return list(enumerate(map(self._do, items)))


def negative_unless_two(item: int) -> int:
    if item == 2:
        raise EmptyText("two is nothing")
    return -item


class Held(Calls):
    """Calls that wait until the test lets them go on, and then stop if they are not wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.go = threading.Event(), threading.Event()
        self.wanted: Callable[[], bool] = lambda: True

    def __call__(
        self, engine: Thing, items: Sequence[Any], wanted: Callable[[], bool]
    ) -> Iterable[tuple[int, Any]]:
        self.wanted = wanted
        results = super().__call__(engine, items, wanted)
        self.entered.set()
        assert self.go.wait(WAIT_SECONDS)
        if not wanted():
            raise Abandoned("no client waits")
        return results

    async def begun(self) -> None:
        assert await asyncio.to_thread(self.entered.wait, WAIT_SECONDS)


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


async def submitted_together(
    worker: Worker[Any], items: Sequence[Any], function: Any, priority: Priority
) -> list[JobHandle[Any]]:
    """Submit items while a lane is busy, so that they wait together when it becomes free."""
    async with occupied(worker):
        return [worker.submit(item, function, priority) for item in items]


class Loads:
    """Loads engines of one class, and keeps them."""

    def __init__(self, kind: Callable[[], Thing] = Thing) -> None:
        self.engines: list[Thing] = []
        self._kind = kind

    def __call__(self) -> Thing:
        self.engines.append(self._kind())
        return self.engines[-1]


async def fail_until_reloaded(
    worker: Worker[Any], loads: Sequence[object], job: Callable[[Any], object]
) -> None:
    """Run a job that fails as often as it takes, and wait until a second engine is ready."""
    for _ in range(MAX_FAILURES_IN_A_ROW):
        with pytest.raises(EngineError):
            await worker.run(job)
    # No request is needed for it: the engine is reloaded at once.
    await eventually(lambda: len(loads) == 2 and worker.state == "ready")
