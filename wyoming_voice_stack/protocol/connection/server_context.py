"""What all connections of one server share."""

from __future__ import annotations

from dataclasses import dataclass, field

from wyoming.event import Event

from wyoming_voice_stack.background import OverloadTurns
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.connection.inbox import InboxPool
from wyoming_voice_stack.protocol.framing import FrameLimits, encode
from wyoming_voice_stack.protocol.session import FrontEnd


@dataclass(frozen=True)
class ConnectionLimits:
    """Deadlines in seconds, and the bounds of a frame."""

    frame: FrameLimits = field(default_factory=FrameLimits)
    idle_s: float = 600.0
    """Longest time without data while no event is handled."""
    read_s: float = 30.0
    """Longest time from an event's first byte to its last."""
    write_s: float = 120.0
    """Longest time that a client may leave replies unread."""
    half_close_s: float = 0.5
    """After the client closed its sending side: time for the replies to what it sent before."""


class ServerContext:
    """The front end of a server, the limits of its connections, and what they share."""

    def __init__(
        self,
        front_end: FrontEnd,
        limits: ConnectionLimits,
        metrics: Metrics,
        overload_turns: OverloadTurns,
    ) -> None:
        self.front_end = front_end
        self.limits = limits
        self.metrics = metrics
        self.overload_turns = overload_turns
        self.inbox_pool = InboxPool()
        self._info: Event | None = None
        self._encoded_info = b""

    def encoded_info(self) -> bytes:
        """Return the `info` event as bytes; it is encoded only when it has changed."""
        info = self.front_end.info()
        if info is not self._info:
            self._info, self._encoded_info = info, encode(info)
        return self._encoded_info
