"""The place of one engine: loading it, trying again, giving it up. Lives in the engine's threads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Generic, Protocol, TypeVar

from wyoming_voice_stack.engine.status import EngineState
from wyoming_voice_stack.errors import EngineError, NoAudio, OutOfMemory, VoiceStackError
from wyoming_voice_stack.machine.memory import ran_out_of_memory
from wyoming_voice_stack.metrics import Metrics

_LOGGER = logging.getLogger(__name__)

LOAD_RETRY_SECONDS = 60.0
"""After a failed load, how long until the next try."""
MAX_FAILURES_IN_A_ROW = 3
"""Engine failures without a success between them, after which the engine is loaded anew."""


class Closable(Protocol):
    """What every engine can do."""

    def close(self) -> None:
        """Give the memory back."""
        ...


Engine = TypeVar("Engine", bound=Closable)


class EngineLifecycle(Generic[Engine]):
    """Holds the engine, or the reason why there is none. Its facts may be read from anywhere."""

    def __init__(
        self, name: str, load: Callable[[], Engine], metrics: Metrics, *, smaller: str = ""
    ) -> None:
        self.name = name
        self._smaller = f"{smaller}, or " if smaller else ""
        self.engine: Engine | None = None
        self.error: VoiceStackError | None = None
        self.state: EngineState = "idle"
        self.loads = 0
        self._load = load
        self._loaded = metrics.model_loaded.labels(name)
        self._loaded.set(0)
        self._retry_at = 0.0
        self._failures = 0
        self._changed = threading.Condition()
        self._users = 0
        self._worn_out = False
        self._gone = 0

    @property
    def until_retry_s(self) -> float | None:
        """How long until a failed engine is to be loaded again; None if it has not failed."""
        return max(0.0, self._retry_at - time.monotonic()) if self.state == "failed" else None

    @contextmanager
    def using(self) -> Iterator[Engine | None]:
        """Hold the engine, loading it first unless it is there, or has failed a short while ago.

        It is not unloaded while somebody holds it.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._worn_out)
            if self.engine is None and not (self.state == "failed" and self.until_retry_s):
                self._try_to_load()
            self._users += 1
            engine = self.engine
        try:
            yield engine
        finally:
            with self._changed:
                self._users -= 1
                self._unload_if_worn_out()

    def leave_for_good(self, *, last_of: int) -> None:
        """Say that a thread ends; the last one gives the engine's memory back."""
        with self._changed:
            self._gone += 1
            if self._gone == last_of:
                self._unload()

    def unload_unless_used(self) -> bool:
        """Give the engine up, and say whether that was done; whoever uses it next loads it again."""
        with self._changed:
            if self.engine is None or self._users or self._worn_out:
                return False
            self._unload()
            self.state = "unloaded"
        _LOGGER.info("%s is unloaded until it is asked for", self.name)
        return True

    def succeeded(self) -> None:
        """Note that the engine did its work."""
        with self._changed:
            self._failures = 0

    def explained(self, error: VoiceStackError) -> VoiceStackError:
        """The error as a client is told it: whatever failed for want of memory says that first."""
        if isinstance(error, OutOfMemory) or not ran_out_of_memory(error):
            return error
        told = OutOfMemory(
            f"There is not enough memory for {self.name}; {self._smaller}give it more memory."
        )
        told.__cause__ = error.__cause__ or error
        return told

    def failed(self, error: VoiceStackError) -> None:
        """Note an error of a request; a few of the engine's own in a row unload the engine."""
        if not isinstance(error, EngineError) or isinstance(error, NoAudio):
            return
        with self._changed:
            if self._worn_out:
                # Other lanes may fail on it too before it is replaced; that says nothing new.
                return
            self._failures += 1
            if self._failures >= MAX_FAILURES_IN_A_ROW:
                _LOGGER.error(
                    "%s failed %d times in a row; loading it anew", self.name, self._failures
                )
                self._failures = 0
                self._worn_out = True
                self.error, self.state = _without_frames(error), "failed"
                self._retry_at = 0.0

    def _unload_if_worn_out(self) -> None:
        if self._worn_out and not self._users:
            self._unload()
            self._worn_out = False
            self._changed.notify_all()

    def _unload(self) -> None:
        engine, self.engine = self.engine, None
        self._loaded.set(0)
        if engine is None:
            return
        try:
            engine.close()
        except Exception:
            # A lost device cannot give its memory back; the thread must live on to load anew.
            _LOGGER.exception("%s did not close cleanly", self.name)

    def _try_to_load(self) -> None:
        self.state = "loading"
        began = time.monotonic()
        try:
            self.engine = self._load()
        except VoiceStackError as error:
            self._give_up(error)
        except (Exception, SystemExit) as error:
            _LOGGER.exception("%s cannot be loaded", self.name)
            reason = f"{type(error).__name__}: {error}"
            failure = EngineError(f"{self.name} cannot be loaded: {reason}")
            failure.__cause__ = error
            self._give_up(failure)
        else:
            self.error, self.state = None, "ready"
            self.loads += 1
            self._loaded.set(1)
            _LOGGER.info("%s is ready after %.1f s", self.name, time.monotonic() - began)

    def _give_up(self, error: VoiceStackError) -> None:
        error = self.explained(error)
        self.error, self.state = _without_frames(error), "failed"
        self._retry_at = time.monotonic() + LOAD_RETRY_SECONDS
        _LOGGER.error("%s is not available: %s", self.name, error)


def _without_frames(error: VoiceStackError) -> VoiceStackError:
    """A copy that holds nothing of what the error was raised in: the weights of the engine that failed."""
    kept = copy(error)
    kept.__cause__ = error.__cause__
    told: list[BaseException] = []
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is not None and one not in told:
            told.append(one)
            one.__traceback__ = None
            left += [one.__cause__, one.__context__]
    return kept
