"""Admits as many replies as the engine can speak without a gap; the others wait for a bounded time.

A reply needs a place while it has text to speak. A place that is not used, because the client does not
read or sends no more text, goes to a reply that waits; its reply gets another one before all new ones.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from wyoming_voice_stack.engine.status import Workload
from wyoming_voice_stack.errors import Busy

SPEED_SHARE = 0.6
"""Share of the engine's speed that replies in progress may need, unless its card has another one; the rest
absorbs other load."""
SLOW_SPEED = 0.8
"""Speed below which an engine cannot speak even one reply without gaps. The measured speed of one that just
can falls below 1 at times: short sentences cost more, and the pauses between them do not count."""
WAIT_SECONDS = 30.0
"""How long a request waits for its first sentence once the engine is loaded."""
MAX_WAIT_SECONDS = 120.0
"""The same including the time to load the engine, and for a reply that has begun and lost its place."""
UNUSED_SECONDS = 3.0
"""A reply that waits so long for text, or for a client that has been seen to read, loses its place if another
one waits."""
UNREAD_SECONDS = 0.5
"""The same for a client that may not read at all: its system's buffers alone take the first audio."""
READING_SECONDS = 0.2
"""A client that takes audio after it did not for this time is one that reads."""
RECHECK_SECONDS = 0.25
"""How often waiting replies are looked at: the engine's speed and unused places change with time."""


@dataclass(frozen=True)
class EngineLoad:
    """What the admission has to know of the engine."""

    name: str
    speed: Callable[[], float]
    """Seconds of audio that it generates per second."""
    ready: Callable[[], bool]
    """False while it is loading."""
    lanes: Callable[[], int]
    """Sentences that it computes side by side."""
    queued: Callable[[], int]
    """Requests that wait in its own queue."""
    max_waiting: int
    """Limit of requests that wait, `MAX_QUEUED_REQUESTS`."""
    speed_share: float = SPEED_SHARE
    """Share of the speed that replies in progress may need."""


class ReplyPlace:
    """The place of one reply, or its turn among those that wait for one. Used from the event loop."""

    def __init__(self, places: ReplyPlaces, address: str, on_loss: Callable[[], None]) -> None:
        self._places = places
        self.address = address
        self.on_loss = on_loss
        """Called when the place goes to another reply; `claim` gets one again."""
        self.has_begun = False
        self._reads = False
        self._waits_for_text_since: float | None = None
        self._offered_at: float | None = None

    @property
    def crowded(self) -> bool:
        """True if replies should not be generated far ahead of what is played."""
        return self._places.crowded

    async def claim(self) -> None:
        """Wait for a place, unless the reply has one.

        Raises:
            Busy: too many requests wait already, or there was no place in time.
        """
        await self._places.claim(self)

    def note_use(self) -> None:
        """Note that the reply goes on: text arrived, or audio was taken."""
        now = self._places.now()
        if self._offered_at is not None and now - self._offered_at >= READING_SECONDS:
            self._reads = True
        self._waits_for_text_since = self._offered_at = None

    def note_wait_for_text(self) -> None:
        """Note that the reply cannot go on without more text."""
        self._waits_for_text_since = self._places.now()

    def note_offer(self) -> None:
        """Note that the client is to take audio."""
        self._offered_at = self._places.now()

    @property
    def unused(self) -> bool:
        """True if the reply waits for its client."""
        now = self._places.now()
        if self._offered_at is not None:
            bound_s = UNUSED_SECONDS if self._reads else UNREAD_SECONDS
            return now - self._offered_at >= bound_s
        since = self._waits_for_text_since
        return since is not None and now - since >= UNUSED_SECONDS

    def release(self) -> None:
        """Give the place back: the reply has ended."""
        self._places.release(self)


@dataclass(eq=False)
class _Waiter:
    place: ReplyPlace
    number: int
    since: float
    ready_since: float | None
    granted: asyncio.Future[None]


class ReplyPlaces:
    """The places of one engine. Used from the event loop only."""

    def __init__(self, load: EngineLoad, clock: Callable[[], float] = time.monotonic) -> None:
        self._load = load
        self.now = clock
        self._held: set[ReplyPlace] = set()
        self._waiters: list[_Waiter] = []
        self._numbers = itertools.count()
        self._recheck: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Number of replies that wait for a place."""
        return len(self._waiters)

    @property
    def workload(self) -> Workload:
        """The replies in progress, and those that wait for a place."""
        since = min((waiter.since for waiter in self._waiters), default=None)
        return Workload(
            running=len(self._held),
            waiting=len(self._waiters),
            oldest_wait_s=0.0 if since is None else self.now() - since,
        )

    @property
    def places(self) -> int:
        """How many replies may be in progress at the engine's present speed."""
        speed = self._load.speed()
        if speed < SLOW_SPEED:
            # Not even one reply is without gaps; together they are done sooner than one by one.
            return self._load.lanes()
        return max(1, int(self._load.speed_share * speed))

    @property
    def crowded(self) -> bool:
        """True if a reply waits, or several replies take more than half of the places."""
        held = len(self._held)
        return bool(self._waiters) or (held > 1 and 2 * held > self.places)

    def open(self, address: str, on_loss: Callable[[], None] = lambda: None) -> ReplyPlace:
        """Return the place, not claimed yet, of a reply to a client at `address`."""
        return ReplyPlace(self, address, on_loss)

    async def claim(self, place: ReplyPlace) -> None:
        """Wait until `place` is held; see `ReplyPlace.claim`."""
        if place not in self._held:
            waiter = self._add_waiter(place)
            self.recheck()
            try:
                await waiter.granted
            except asyncio.CancelledError:
                self._held.discard(place)
                raise
            finally:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
        place.has_begun = True
        place.note_use()

    def release(self, place: ReplyPlace) -> None:
        """Free a place, held or not, for a reply that waits."""
        self._held.discard(place)
        self.recheck()

    def recheck(self) -> None:
        """Give free places to the replies that wait, and end the wait of those whose time is over."""
        if self._recheck is not None:
            self._recheck.cancel()
            self._recheck = None
        self._expire()
        if self._waiters:
            self._take_unused()
        while self._waiters and len(self._held) < self.places:
            self._grant(self._next_waiter())
        if self._waiters:
            loop = asyncio.get_running_loop()
            self._recheck = loop.call_later(RECHECK_SECONDS, self.recheck)

    def _add_waiter(self, place: ReplyPlace) -> _Waiter:
        if not place.has_begun and len(self._held) >= self.places:
            self._make_room(place.address)
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(place, next(self._numbers), self.now(), None, granted)
        self._waiters.append(waiter)
        return waiter

    def _make_room(self, address: str) -> None:
        """Where too many wait, refuse this request, or the last one of an address with many more."""
        waiting = len(self._waiters) + self._load.queued()
        if waiting < self._load.max_waiting:
            return
        error = Busy(
            f"{waiting} requests already wait for {self._load.name}; try again in a moment, or raise"
            " MAX_QUEUED_REQUESTS."
        )
        new = [waiter for waiter in self._waiters if not waiter.place.has_begun]
        of_each = Counter(waiter.place.address for waiter in new)
        most = max(of_each, key=of_each.__getitem__, default=address)
        if of_each[most] <= of_each[address] + 1:
            raise error
        self._refuse([waiter for waiter in new if waiter.place.address == most][-1], error)

    def _next_waiter(self) -> _Waiter:
        """A reply that has begun, or else one of the address with the fewest replies in progress."""
        taken = Counter(place.address for place in self._held)
        return min(
            self._waiters,
            key=lambda each: (
                not each.place.has_begun,
                taken[each.place.address],
                each.number,
            ),
        )

    def _grant(self, waiter: _Waiter) -> None:
        self._waiters.remove(waiter)
        if not waiter.granted.done():
            waiter.place.note_use()
            self._held.add(waiter.place)
            waiter.granted.set_result(None)

    def _take_unused(self) -> None:
        lost = [place for place in self._held if place.unused]
        self._held.difference_update(lost)
        for place in lost:
            place.on_loss()

    def _expire(self) -> None:
        now, ready = self.now(), self._load.ready()
        for waiter in list(self._waiters):
            if waiter.ready_since is None and ready:
                waiter.ready_since = now
            late = now - waiter.since >= MAX_WAIT_SECONDS
            if waiter.ready_since is not None and not waiter.place.has_begun:
                late = late or now - waiter.ready_since >= WAIT_SECONDS
            if late:
                self._refuse(waiter, self._too_late(now - waiter.since))

    def _refuse(self, waiter: _Waiter, error: Busy) -> None:
        self._waiters.remove(waiter)
        if not waiter.granted.done():
            waiter.granted.set_exception(error)

    def _too_late(self, waited_s: float) -> Busy:
        return Busy(
            f"{self._load.name} already speaks as many replies as it can without gaps; the request"
            f" waited {waited_s:.0f} s. Try again later."
        )
