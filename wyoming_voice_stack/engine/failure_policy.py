"""When an engine that fails is reloaded, and how its failures are reported."""

from __future__ import annotations

import time
from copy import copy

from wyoming_voice_stack.errors import EngineError, NoAudio, OutOfMemory, VoiceStackError
from wyoming_voice_stack.machine.memory import ran_out_of_memory

LOAD_RETRY_SECONDS = 60.0
"""Time from a failed load to the next attempt."""
MAX_FAILURES_IN_A_ROW = 3
"""Engine failures without a success in between, after which the engine is reloaded."""


class FailurePolicy:
    """Counts one engine's failures and says when to try again. Its owner holds the lock."""

    def __init__(self, name: str, memory_advice: str = "") -> None:
        """`memory_advice` is what to do where memory does not suffice, as a part of a sentence."""
        self._name = name
        self._memory_advice = f"{memory_advice}, or " if memory_advice else ""
        self._failures_in_a_row = 0
        self._retry_at = 0.0

    @property
    def until_retry_s(self) -> float:
        """Seconds until a failed engine may be loaded again."""
        return max(0.0, self._retry_at - time.monotonic())

    def note_success(self) -> None:
        """Note that the engine served a request."""
        self._failures_in_a_row = 0

    def note_failure(self, error: VoiceStackError) -> bool:
        """Note why a request failed, and return True if the engine is to be reloaded now.

        Only failures of the engine itself count, not those of a request.
        """
        if not isinstance(error, EngineError) or isinstance(error, NoAudio):
            return False
        self._failures_in_a_row += 1
        if self._failures_in_a_row < MAX_FAILURES_IN_A_ROW:
            return False
        self._failures_in_a_row = 0
        self._retry_at = 0.0
        return True

    def note_failed_load(self) -> None:
        """Wait before the next load."""
        self._retry_at = time.monotonic() + LOAD_RETRY_SECONDS

    def explain(self, error: VoiceStackError) -> VoiceStackError:
        """Return the error for the client: OutOfMemory if that is what it came from."""
        if isinstance(error, OutOfMemory) or not ran_out_of_memory(error):
            return error
        explained = OutOfMemory(
            f"Not enough memory for {self._name}; {self._memory_advice}give it more memory."
        )
        explained.__cause__ = error.__cause__ or error
        return explained


def without_frames(error: VoiceStackError) -> VoiceStackError:
    """Copy an error and clear its tracebacks: their frames keep the failed engine's weights alive."""
    kept = copy(error)
    kept.__cause__ = error.__cause__
    cleared: list[BaseException] = []
    remaining: list[BaseException | None] = [error]
    while remaining:
        current = remaining.pop()
        if current is not None and current not in cleared:
            cleared.append(current)
            current.__traceback__ = None
            remaining += [current.__cause__, current.__context__]
    return kept
