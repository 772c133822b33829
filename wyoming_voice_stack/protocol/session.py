"""What a connection talks to: one talk of one client, and the service that opens it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from wyoming.event import Event

from wyoming_voice_stack.engine.status import ServiceStatus


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


class Service(Protocol):
    """One server's purpose, behind the spine."""

    @property
    def programs(self) -> tuple[str, ...]:
        """Names that `select-program` may choose from."""
        ...

    def info(self) -> Event:
        """The `info` event; made at once, whatever the engines do."""
        ...

    def status(self) -> ServiceStatus:
        """How the service is, for `/health`."""
        ...

    def open_session(self, connection_name: str) -> Session:
        """Begin a talk with a new client."""
        ...
