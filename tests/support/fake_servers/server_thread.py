"""Runs a server of the tests in a thread with an event loop of its own, for tests that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Self, TypeVar

from tests.support.fake_servers.loopback import LOOPBACK, LoopbackServer

START_S = 60.0

Result = TypeVar("Result")


class ServerThread:
    """Serves for as long as the `with` block lasts; may be stopped and started in between."""

    def __init__(self, server: LoopbackServer) -> None:
        self.server = server
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="test-server")

    def __enter__(self) -> Self:
        self._thread.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.run(_end_all_tasks())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def start(self) -> None:
        """Listen, at the port of an earlier start if there was one."""
        self.run(self.server.start(LOOPBACK))

    def stop(self) -> None:
        """End all connections."""
        self.run(self.server.stop())

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run something in the loop of the server, and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(START_S)


async def _end_all_tasks() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
