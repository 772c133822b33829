"""Decides which connections may make requests when there are more of them than places.

Every connection is answered `describe` and `ping`. A connection that makes a request needs a place:
a free one, or that of a connection whose client has left it unused. No address can take all places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Protocol

from wyoming_voice_stack.http.peer_address import plain_address

EXTRA_CONNECTIONS = 16
"""Connections without a place, for `describe` and `ping` while all places are taken."""
IDLE_SECONDS = 1.0
"""A connection without a request gives way to another client after this time."""
SILENT_SECONDS = 30.0
"""A connection whose client neither sends nor reads its open request gives way after this time."""
RESERVED_PART = 8
"""One of so many places is not given to an address that has all others."""
KNOWN_ADDRESSES = 1024
"""Addresses of which the server remembers what follows from them: parsing one takes 10 microseconds."""
_SITE_BITS = 64
"""A client with IPv6 has as many addresses as it likes, all with the same first bits."""


class Placed(Protocol):
    """What the admission has to know of a connection."""

    @property
    def in_request(self) -> bool:
        """True while the client has a request that is not answered yet."""
        ...

    @property
    def waits_for_client_s(self) -> float:
        """Seconds since the client should have sent or read something."""
        ...

    def evict(self) -> None:
        """End now: another client needs the place."""
        ...


class Admission:
    """The places of one server, and the connections that have them."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._placed: dict[Placed, str] = {}
        self._extra: dict[Placed, str] = {}

    def __len__(self) -> int:
        return len(self._placed) + len(self._extra)

    def __contains__(self, connection: Placed) -> bool:
        return connection in self._placed or connection in self._extra

    def has_room(self, source: str) -> bool:
        """Return whether one more connection from `source` (see `source_of`) may enter."""
        if self._has_place(source) or len(self._extra) < EXTRA_CONNECTIONS:
            return True
        return self._unused(source) is not None or self._unused_extra() is not None

    def enter(self, connection: Placed, source: str) -> None:
        """Take in a new connection, for which there is room, with a place if one can be had."""
        if self.claim(connection, source):
            return
        unused = self._unused_extra() if len(self._extra) >= EXTRA_CONNECTIONS else None
        if unused is not None:
            del self._extra[unused]
            unused.evict()
        self._extra[connection] = source

    def claim(self, connection: Placed, source: str) -> bool:
        """Return whether the connection has a place for a request; may evict another connection."""
        if connection in self._placed:
            return True
        if not self._has_place(source):
            unused = self._unused(source)
            if unused is None:
                return False
            del self._placed[unused]
            unused.evict()
        self._extra.pop(connection, None)
        self._placed[connection] = source
        return True

    def make_room(self) -> bool:
        """Evict a connection that its client has left unused; return False if there is none."""
        unused = self._unused_extra()
        if unused is None:
            unused = self._unused("")
        if unused is None:
            return False
        self.leave(unused)
        unused.evict()
        return True

    def leave(self, connection: Placed) -> None:
        """Forget a connection that has ended."""
        self._placed.pop(connection, None)
        self._extra.pop(connection, None)

    def _has_place(self, source: str) -> bool:
        if len(self._placed) >= self._places:
            return False
        return not self._at_share(source)

    def _at_share(self, source: str) -> bool:
        # Programs of this machine, such as a load balancer, speak for many clients.
        if is_loopback(source):
            return False
        taken = sum(1 for other in self._placed.values() if other == source)
        return taken >= places_of_one_address(self._places)

    def _unused(self, source: str) -> Placed | None:
        """Return the connection that gives its place to a client from `source`, if there is one."""
        taken = Counter(self._placed.values())
        if self._at_share(source):
            candidates = [one for one, other in self._placed.items() if other == source]
        else:
            candidates = list(self._placed)
        unused = [one for one in candidates if _gives_way(one)]
        if not unused:
            # Before anyone is turned away, an address with many connections gives up an idle one.
            unused = [
                one
                for one in candidates
                if taken[self._placed[one]] > taken[source] + 1 and not one.in_request
            ]
        return max(
            unused,
            key=lambda one: (taken[self._placed[one]], one.waits_for_client_s),
            default=None,
        )

    def _unused_extra(self) -> Placed | None:
        return next((one for one in self._extra if _gives_way(one)), None)


def places_of_one_address(places: int) -> int:
    """Return how many of the places one address may take."""
    return max(1, places - places // RESERVED_PART)


def source_of(peer: Sequence[Any] | None) -> str:
    """Return the address of a peer, as a socket names it; of IPv6 the network of the site."""
    return _source_of_host(str(peer[0])) if peer else ""


@lru_cache(KNOWN_ADDRESSES)
def _source_of_host(host: str) -> str:
    address = ip_address(plain_address(host))
    if isinstance(address, IPv6Address) and not address.is_loopback:
        return str(ip_network((address, _SITE_BITS), strict=False))
    return str(address)


def host_of(peer: Sequence[Any]) -> str:
    """Return the address of a peer as people write it."""
    return plain_address(str(peer[0]))


def _gives_way(connection: Placed) -> bool:
    allowed = SILENT_SECONDS if connection.in_request else IDLE_SECONDS
    return connection.waits_for_client_s >= allowed


def is_loopback(source: str) -> bool:
    """Return whether a source is this machine."""
    return source == "::1" or source.startswith("127.")


def client_name(peer: Sequence[Any] | None) -> str:
    """Return a client as `host:port`, for log lines."""
    return f"{host_of(peer)}:{peer[1]}" if peer else "unknown"
