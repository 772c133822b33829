"""Decides by its address whether a client may connect."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from wyoming_voice_stack.http.peer_address import plain_address
from wyoming_voice_stack.server.admission import KNOWN_ADDRESSES

Network = IPv4Network | IPv6Network


def is_allowed(peer: Sequence[Any] | None, allowed: Sequence[Network]) -> bool:
    """Return whether a peer, as a socket names it, may connect; empty `allowed` stands for all."""
    if not allowed:
        return True
    if not peer:
        return False
    address = _address(str(peer[0]))
    # Health checks of the machine itself come over loopback.
    return address.is_loopback or any(address in network for network in allowed)


@lru_cache(KNOWN_ADDRESSES)
def _address(host: str) -> IPv4Address | IPv6Address:
    return ip_address(plain_address(host))
