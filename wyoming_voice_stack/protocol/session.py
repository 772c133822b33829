"""The interfaces of the Wyoming side: a session of one client, and the front end that opens it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from wyoming.event import Event


class Session(Protocol):
    """One client's session. It handles one event after another and yields the replies."""

    @property
    def busy(self) -> bool:
        """True from the first event of a request until its last reply."""
        ...

    def handle(self, event: Event) -> AsyncGenerator[Event, None]:
        """Handle one event. Closing the iterator cancels the work behind it.

        Raises:
            VoiceStackError: sent to the client as an `error` event; then the connection closes.
        """
        ...

    def closing_events(self) -> Sequence[Event]:
        """Return the events that must follow an `error`, such as `synthesize-stopped`."""
        ...

    def close(self) -> None:
        """Cancel any unfinished work: the client has disconnected."""
        ...


class FrontEnd(Protocol):
    """A service as offered over the Wyoming protocol."""

    @property
    def programs(self) -> tuple[str, ...]:
        """Names that `select-program` accepts."""
        ...

    def info(self) -> Event:
        """Return the `info` event; never waits for an engine."""
        ...

    def open_session(self, connection_name: str) -> Session:
        """Start a session for a new connection."""
        ...
