"""The memory that the bodies of all requests may occupy together."""

from __future__ import annotations

from wyoming_voice_stack.errors import Busy
from wyoming_voice_stack.machine.growing_buffer import GrowingBuffer

MIB = 1024 * 1024
OWN_BYTES = MIB
"""What each upload may hold whatever others hold, so that long recordings never stop a command."""
JSON_BUDGET_BYTES = 16 * MIB
"""What all JSON bodies of a server share while they arrive: one of the largest and some smaller ones. A form is
counted with the uploads, and so is the audio of a JSON body once it is decoded."""
JSON_OWN_BYTES = 64 * 1024
"""What each JSON body may hold whatever others hold, so that large ones never stop a sentence."""


class BodyBudget:
    """The memory that bodies of one kind share, beyond what each may hold in any case."""

    def __init__(
        self, limit_bytes: int, *, own_bytes: int = OWN_BYTES, kind: str = "uploads"
    ) -> None:
        """Each body may hold `own_bytes` whatever others hold; `kind` names the bodies in messages."""
        self._limit_bytes = limit_bytes
        self._own_bytes = own_bytes
        self._kind = kind
        self.used_bytes = 0

    def open(self) -> BodyMemory:
        """Return the account of one body."""
        return BodyMemory(self, self._own_bytes)

    def take(self, count: int) -> None:
        """Count bytes.

        Raises:
            Busy: all bodies together are too large.
        """
        if self.used_bytes + count > self._limit_bytes:
            raise Busy(
                f"The server already holds {self._limit_bytes // MIB} MiB of {self._kind}; try again"
                " in a moment."
            )
        self.used_bytes += count

    def give_back(self, count: int) -> None:
        """Count bytes less."""
        self.used_bytes -= count


def json_budget(limit_bytes: int = JSON_BUDGET_BYTES) -> BodyBudget:
    """Return the memory for all JSON bodies of a server."""
    return BodyBudget(limit_bytes, own_bytes=JSON_OWN_BYTES, kind="JSON bodies")


class BodyMemory:
    """What one body holds."""

    def __init__(self, budget: BodyBudget, own_bytes: int) -> None:
        self._budget = budget
        self._free_bytes = own_bytes
        self._taken_bytes = 0
        self._buffers: list[GrowingBuffer] = []

    def buffer(self) -> GrowingBuffer:
        """Return a buffer that `close` closes."""
        self._buffers.append(GrowingBuffer())
        return self._buffers[-1]

    def add(self, count: int) -> None:
        """Count bytes that are received.

        Raises:
            Busy: all bodies together are too large.
        """
        beyond = max(0, count - self._free_bytes)
        self._budget.take(beyond)
        self._free_bytes -= count - beyond
        self._taken_bytes += beyond

    def close(self) -> None:
        """Give everything back, and free the buffers."""
        # A refused request's error holds its frames, and with them the buffers, until garbage is collected.
        for data in self._buffers:
            data.close()
        self._budget.give_back(self._taken_bytes)
        self._taken_bytes = 0
