"""Detects pauses of this process, so that they are not taken for delays of a server."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

INTERVAL_S = 0.02


class StallProbe:
    """A thread that wakes every 20 ms while the block runs and records how late it wakes."""

    def __init__(self) -> None:
        self.latest_s = 0.0
        """The longest delay of a wake-up."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="stall-probe", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        due = time.monotonic() + INTERVAL_S
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            now = time.monotonic()
            self.latest_s = max(self.latest_s, now - due)
            due = now + INTERVAL_S
