"""Runs one batch of jobs on an engine and turns the engine's exceptions into this package's errors."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import Any, Generic, TypeAlias

from wyoming_voice_stack.engine.failure_policy import FailurePolicy
from wyoming_voice_stack.engine.job_handle import Wanted
from wyoming_voice_stack.engine.lifecycle import EngineLifecycle
from wyoming_voice_stack.engine.loader import Engine
from wyoming_voice_stack.engine.queue import Job, JobQueue
from wyoming_voice_stack.errors import (
    Abandoned,
    EngineError,
    ShuttingDown,
    VoiceStackError,
    redacted_traceback,
)

_LOGGER = logging.getLogger(__name__)

BatchFunction: TypeAlias = Callable[[Any, Sequence[Any], Wanted], Iterable[tuple[int, Any]]]
"""Called with the engine, the items of all jobs and `Wanted`; returns the number of each item and its
result, in any order, each as soon as it is there."""


class BatchRunner(Generic[Engine]):
    """Runs batches in the engine's threads, and gives each job its result or its error."""

    def __init__(
        self,
        name: str,
        queue: JobQueue,
        lifecycle: EngineLifecycle[Engine],
        failures: FailurePolicy,
    ) -> None:
        self._name = name
        self._queue = queue
        self._lifecycle = lifecycle
        self._failures = failures

    def run(self, taken: list[Job], engine: Engine | None) -> None:
        """Run the jobs that are not cancelled in one call; `engine` is None if it is not available."""
        batch = [job for job in taken if not job.cancelled.is_set()]
        for job in taken:
            if job not in batch:
                job.fail(self._queue.cancellation_error())
        if not batch:
            return
        if engine is None:
            reason = self._lifecycle.error or EngineError(f"{self._name} is not loaded.")
            for job in batch:
                # Each raise adds frames to an error; a shared one would collect those of all clients.
                job.fail(copy(reason))
            return
        for job in batch:
            job.started.set()
            job.note_success = self._lifecycle.note_success
        error = self._try_to_run(batch, engine)
        if error is not None:
            self._recover(batch, engine, error)

    def call(self, function: BatchFunction, engine: Engine, batch: list[Job]) -> None:
        """Call `function` with the items of a batch, and hand out each result as soon as it is there."""

        def wanted() -> bool:
            left = _without_result(batch)
            cancelled = all(job.cancelled.is_set() for job in left)
            return not (cancelled or self._queue.should_yield(left))

        batch[0].busy_since = began = time.monotonic()
        try:
            for number, result in function(engine, [job.item for job in batch], wanted):
                self._lifecycle.note_success()
                batch[number].has_result = True
                batch[number].set_result(result)
        finally:
            batch[0].busy_since = None
        self._queue.note_call(batch, time.monotonic() - began)
        if left := _without_result(batch):
            raise ValueError(f"no result for {len(left)} of {len(batch)} items")

    def _recover(self, batch: list[Job], engine: Engine, error: VoiceStackError) -> None:
        left = _without_result(batch)
        if isinstance(error, Abandoned):
            for job in left:
                self._queue.put_back(job)
        elif len(batch) > 1:  # one of the jobs may have caused the failure of all
            for job in left:
                self.run([job], engine)
        else:
            self._fail(batch[0], error)

    def _try_to_run(self, batch: list[Job], engine: Engine) -> VoiceStackError | None:
        try:
            batch[0].run(engine, batch)
        except VoiceStackError as error:
            return error
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the engine's boundary
            kind = type(error).__name__
            failure = EngineError(f"{self._name} failed ({kind}); see the server's log.")
            failure.__cause__ = error
            return failure
        return None

    def _fail(self, job: Job, error: VoiceStackError) -> None:
        error = self._failures.explain(error)
        if error.__cause__ is not None:
            _LOGGER.error(
                "%s failed on a request: %s", self._name, redacted_traceback(error.__cause__)
            )
        # Before the client knows of it: its next request may succeed in another lane at once.
        self._lifecycle.note_failure(error)
        stopped = self._queue.closed and job.cancelled.is_set()
        job.fail(ShuttingDown() if stopped else error)


def _without_result(batch: Sequence[Job]) -> list[Job]:
    return [job for job in batch if not job.has_result]
