"""The life of one engine: loaded when needed, unloaded when idle, reloaded when it keeps failing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic

from wyoming_voice_stack.engine.failure_policy import (
    MAX_FAILURES_IN_A_ROW,
    FailurePolicy,
    without_frames,
)
from wyoming_voice_stack.engine.loader import Engine, EngineLoader
from wyoming_voice_stack.engine.status import EngineState
from wyoming_voice_stack.errors import VoiceStackError

_LOGGER = logging.getLogger(__name__)


class EngineLifecycle(Generic[Engine]):
    """Holds the engine, or the reason why there is none. Shared by the engine's threads.

    `engine`, `device`, `error` and `state` may be read from anywhere.
    """

    def __init__(self, loader: EngineLoader[Engine], failures: FailurePolicy) -> None:
        self.engine: Engine | None = None
        self.device = ""
        """Device of the engine, or of the one before while it is unloaded."""
        self.error: VoiceStackError | None = None
        self.state: EngineState = "idle"
        self.stuck: VoiceStackError | None = None
        """What is wrong while a call does not return, until another one succeeds."""
        self._loader = loader
        self._failures = failures
        self._changed = threading.Condition()
        self._users = 0
        self._must_reload = False

    @property
    def until_retry_s(self) -> float | None:
        """Seconds until a failed engine is loaded again; None if it has not failed."""
        return self._failures.until_retry_s if self.state == "failed" else None

    @contextmanager
    def using(self) -> Iterator[Engine | None]:
        """Hold the engine, and load it first if needed; None if it failed a short while ago.

        The engine is not unloaded while a thread holds it.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._must_reload)
            if self.engine is None and not self.until_retry_s:
                self._load()
            self._users += 1
            engine = self.engine
        try:
            yield engine
        finally:
            with self._changed:
                self._users -= 1
                self._unload_to_reload()

    def close(self) -> None:
        """Free the engine's memory at the end, once no thread uses it any more."""
        with self._changed:
            self._unload()

    def unload_unless_used(self) -> bool:
        """Unload the engine and return True, unless a thread holds it; the next request loads it."""
        with self._changed:
            if self.engine is None or self._users or self._must_reload:
                return False
            self._unload()
            self.state = "unloaded"
        _LOGGER.info("%s is unloaded; the next request loads it again", self._loader.name)
        return True

    def note_success(self) -> None:
        """Note that the engine served a request."""
        with self._changed:
            self._failures.note_success()
            self.stuck = None

    def note_failure(self, error: VoiceStackError) -> None:
        """Note why a request failed; several engine failures in a row reload the engine."""
        with self._changed:
            # Until it is reloaded, other lanes may fail on it too; that is nothing new.
            if self._must_reload or not self._failures.note_failure(error):
                return
            name = self._loader.name
            _LOGGER.error("%s failed %d times in a row; reloading it", name, MAX_FAILURES_IN_A_ROW)
            self._must_reload = True
            self.error, self.state = without_frames(error), "failed"

    def _unload_to_reload(self) -> None:
        if self._must_reload and not self._users:
            self._unload()
            self._must_reload = False
            self._changed.notify_all()

    def _unload(self) -> None:
        engine, self.engine = self.engine, None
        if engine is not None:
            self._loader.close(engine)

    def _load(self) -> None:
        self.state = "loading"
        try:
            self.engine = self._loader.load()
        except VoiceStackError as error:
            self._note_failed_load(self._failures.explain(error))
        else:
            self.device = self.engine.device
            self.error, self.state = None, "ready"

    def _note_failed_load(self, error: VoiceStackError) -> None:
        self._failures.note_failed_load()
        self.error, self.state = without_frames(error), "failed"
        _LOGGER.error("%s is not available: %s", self._loader.name, error)
