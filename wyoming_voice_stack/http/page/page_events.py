"""Sends the page what changes, as server-sent events.

Nothing is queued for a reader: each stream compares what it sent last with what is now. A reader that is
slow, or connects again, gets the present state and misses only what is over.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from aiohttp import web

from wyoming_voice_stack.errors import Busy
from wyoming_voice_stack.http.api.streaming import open_stream
from wyoming_voice_stack.http.page.page_files import SECURITY_HEADERS
from wyoming_voice_stack.logs import RecentLines

MAX_STREAMS = 32
"""Pages that follow the state at once; browsers open one stream for each."""
MAX_STREAMS_OF_ADDRESS = 8
"""Those of one address, so that one machine cannot take all. All pages in Home Assistant share its address."""
PULSE_SECONDS = 0.5
"""How often a stream looks for changes."""
FIGURES_SECONDS = 2.0
PING_SECONDS = 15.0
"""How often something is sent at least, so that proxies and the page know that the stream lives."""
EVENT_STREAM = "text/event-stream"
RETRY_MS = 2000
"""When a browser connects again after the stream has ended."""

FetchState: TypeAlias = Literal["fetching", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class FetchProgress:
    """How far the download of one model is."""

    id: str
    state: FetchState
    bytes: int
    total: int
    """0 while it is not known."""
    detail: str
    """Why it failed."""


@dataclass(frozen=True)
class EventSources:
    """Where the events come from."""

    figures: Callable[[], dict[str, Any]]
    fetches: Callable[[], Sequence[FetchProgress]]
    lines: RecentLines


class EventStreams:
    """The open streams of one server. Used from the event loop only."""

    def __init__(
        self,
        sources: EventSources,
        *,
        send: Callable[[web.StreamResponse, bytes], Awaitable[None]],
        keep: Callable[[web.Request], None],
        drains: Callable[[], Awaitable[None]],
    ) -> None:
        """`send` writes to a client and raises when that takes too long.

        `keep` notes that a connection is in use. `drains` waits for the end of the server.
        """
        self._sources = sources
        self._send = send
        self._keep = keep
        self._drains = drains
        self.taken: Counter[str] = Counter()
        """Number of streams of each address."""

    def has_room(self, address: str) -> bool:
        """Return whether a page of this address may follow the state."""
        return self.taken.total() < MAX_STREAMS and self.taken[address] < MAX_STREAMS_OF_ADDRESS

    async def serve(
        self, request: web.Request, state: Callable[[], dict[str, Any]], *, with_log: bool
    ) -> web.StreamResponse:
        """Send events until the client leaves.

        Raises:
            Busy: too many streams are open.
        """
        address = request.remote or ""
        if not self.has_room(address):
            raise Busy("Too many pages are open already. Close one, then reload this page.")
        self.taken[address] += 1
        try:
            response = await open_stream(request, EVENT_STREAM, SECURITY_HEADERS)
            async for data in self.events(state, with_log=with_log):
                await self._send(response, data)
                self._keep(request)
            return response
        finally:
            self.taken[address] -= 1
            # Forgets the addresses without a stream.
            self.taken = +self.taken

    async def events(
        self, state: Callable[[], dict[str, Any]], *, with_log: bool
    ) -> AsyncGenerator[bytes, None]:
        """Yield the events of one stream, in the format of `EventSource`."""
        cursor = _Cursor(self._sources, state, with_log=with_log)
        yield f"retry: {RETRY_MS}\n\n".encode()
        while True:
            if changes := cursor.changes():
                yield changes
            try:
                async with asyncio.timeout(PULSE_SECONDS):
                    await self._drains()
            except TimeoutError:
                continue
            return


class _Cursor:
    """What one stream has sent."""

    def __init__(
        self, sources: EventSources, state: Callable[[], dict[str, Any]], *, with_log: bool
    ) -> None:
        self._sources = sources
        self._state = state
        self._with_log = with_log
        self._number = 0
        self._pulses = 0
        self._sent: dict[str, Any] = {}
        # The page reads the lines until now by itself.
        last = sources.lines.after()[-1:]
        self._line = last[0].number if last else 0

    def changes(self) -> bytes:
        """Return the events since the last call."""
        events = [
            self._if_changed("state", "state", self._state()),
            *(
                self._if_changed(f"fetch {fetch.id}", "fetch", asdict(fetch))
                for fetch in self._sources.fetches()
            ),
        ]
        if self._is_due(FIGURES_SECONDS):
            events.append(self._if_changed("figures", "figures", self._sources.figures()))
        if self._with_log:
            events += self._new_lines()
        if self._is_due(PING_SECONDS):
            events.append(self._event("ping", {}))
        self._pulses += 1
        return b"".join(events)

    def _is_due(self, period_s: float) -> bool:
        return self._pulses % round(period_s / PULSE_SECONDS) == 0

    def _if_changed(self, subject: str, kind: str, value: dict[str, Any]) -> bytes:
        if self._sent.get(subject) == value:
            return b""
        self._sent[subject] = value
        return self._event(kind, value)

    def _new_lines(self) -> list[bytes]:
        lines = self._sources.lines.after(self._line)
        if lines:
            self._line = lines[-1].number
        return [
            self._event("log", {"time": line.time, "level": line.level, "text": line.text})
            for line in lines
        ]

    def _event(self, kind: str, value: dict[str, Any]) -> bytes:
        self._number += 1
        return f"event: {kind}\nid: {self._number}\ndata: {json.dumps(value)}\n\n".encode()
