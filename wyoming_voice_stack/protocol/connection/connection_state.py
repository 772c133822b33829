"""The states of a Wyoming connection."""

from __future__ import annotations

from enum import IntEnum


class ConnectionState(IntEnum):
    """How far a connection is on its way to its end; a state only ever changes to a later one."""

    OPEN = 0
    """Takes requests."""
    HALF_CLOSED = 1
    """The client sends no more. Answers what was received, then ends."""
    DRAINING = 2
    """The server shuts down. Completes the open request, refuses a new one, then ends."""
    FAILED = 3
    """An error event was sent; nothing more is answered."""


SERVING = frozenset({ConnectionState.OPEN, ConnectionState.DRAINING})
"""The states in which more is read from the client."""
