"""Addresses of clients as people write them."""

from __future__ import annotations

_IPV4_MAPPED = "::ffff:"


def plain_address(host: str) -> str:
    """Return an address without its zone; IPv4 without the prefix of mapped addresses."""
    return host.removeprefix(_IPV4_MAPPED).partition("%")[0]
