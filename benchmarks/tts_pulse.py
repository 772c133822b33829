"""Tells whether the machine itself stood still, so that nobody blames a server for it."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

BEAT_S = 0.02


class Pulse:
    """Beats in a thread of its own while the block runs, and sees how late it comes."""

    def __init__(self) -> None:
        self.latest_s = 0.0
        """The worst delay of a beat."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

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

    def _beat(self) -> None:
        due = time.monotonic() + BEAT_S
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            now = time.monotonic()
            self.latest_s = max(self.latest_s, now - due)
            due = now + BEAT_S
