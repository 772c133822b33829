"""What a connection talks to: one talk of one client, and the service that opens it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from wyoming.event import Event


class Session(Protocol):
    """One client's talk. Events come one after another; replies are yielded."""

    @property
    def busy(self) -> bool:
        """True from the first event of a request until its last reply."""
        ...

    def handle(self, event: Event) -> AsyncGenerator[Event, None]:
        """Answer one event. Closing the iterator drops the work behind it.

        Raises:
            VoiceStackError: goes to the client as an `error` event; then the connection closes.
        """
        ...

    def closing_events(self) -> Sequence[Event]:
        """What the contract wants to follow an `error`, such as `synthesize-stopped`."""
        ...

    def close(self) -> None:
        """Drop what was begun between two events: the client has gone."""
        ...


class FrontEnd(Protocol):
    """What a server offers over the Wyoming protocol."""

    @property
    def programs(self) -> tuple[str, ...]:
        """Names that `select-program` may choose from."""
        ...

    def info(self) -> Event:
        """Return the `info` event at once, whatever the engines do."""
        ...

    def open_session(self, connection_name: str) -> Session:
        """Start a session for a new connection."""
        ...
