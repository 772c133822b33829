"""An event loop of which the clock jumps to the next timer, so that minutes pass in no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

TURN_SECONDS = 1e-7
"""What each turn of the loop takes."""

Result = TypeVar("Result")


class _Selector(selectors.SelectSelector):
    """Never waits: where a real one would, it lets virtual time pass."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("no task can go on, and no timer is set")
        # Code that waits for less than the clock can tell would otherwise wait for ever.
        self.now += max(TURN_SECONDS, timeout)
        return super().select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """For tasks without threads and sockets."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Return the virtual time, which starts at 0."""
        return self._virtual.now


def run_in_virtual_time(
    main: Callable[[Callable[[], float]], Coroutine[Any, Any, Result]],
) -> Result:
    """Run `main`, which gets the clock, to its end."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main(runner.get_loop().time))
