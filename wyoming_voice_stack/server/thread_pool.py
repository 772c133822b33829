"""The threads in which the event loop's blocking calls run, such as lookups of addresses."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from wyoming_voice_stack.machine.checked_executor import CheckedExecutor


class ThreadPool:
    """The default executor of the running event loop, which can be left behind with a call in it."""

    def __init__(self) -> None:
        self._executor = CheckedExecutor(thread_name_prefix="asyncio")
        self._loop = asyncio.get_running_loop()
        self._loop.set_default_executor(self._executor)

    async def stop(self, timeout_s: float) -> bool:
        """End the threads; False if a call has not returned after `timeout_s`.

        asyncio itself would wait for it without a limit.
        """
        ended = asyncio.Event()
        self._executor.shutdown(wait=False, cancel_futures=True)
        # Closing the loop waits for the executor that it has then.
        self._loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))
        threading.Thread(target=self._wait, args=(ended,), daemon=True).start()
        try:
            async with asyncio.timeout(timeout_s):
                await ended.wait()
        except TimeoutError:
            return False
        return True

    def _wait(self, ended: asyncio.Event) -> None:
        self._executor.shutdown(wait=True)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(ended.set)
