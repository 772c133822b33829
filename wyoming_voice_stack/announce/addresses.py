"""Finds the addresses of this machine that clients on the local network can connect to."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable

_NOT_THE_LAN = re.compile(
    r"docker\d+|br-[0-9a-f]{12}|veth.*|hassio|podman\d+|cni.*|cali.*|flannel.*|virbr\d+|lxcbr\d+"
    r"|lxdbr\d+|tun\d+|wg.*|tailscale\d+"
)
"""Bridges to containers and virtual machines, and tunnels, which clients on the LAN cannot reach."""


def lan_addresses(bind_host: str | None) -> tuple[str, ...]:
    """Return the addresses at which clients reach a server bound to `bind_host`, IPv4 first.

    None or an empty string stands for all addresses, `0.0.0.0` for IPv4 and `::` for IPv6. A name
    is resolved, which may block. Loopback and link-local addresses are left out.

    Raises:
        OSError: the interfaces cannot be read, or the name cannot be resolved.
    """
    import ifaddr

    local = [
        (address.nice_name, address.ip if isinstance(address.ip, str) else address.ip[0])
        for adapter in ifaddr.get_adapters()
        for address in adapter.ips
    ]
    return choose_addresses(bind_host, local)


def choose_addresses(bind_host: str | None, local: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Choose as `lan_addresses` does, from pairs of interface name and address.

    Interfaces to containers and tunnels are used only if there is no other.
    """
    usable = [(interface, text) for interface, text in local if _is_reachable(text)]
    lan = [text for interface, text in usable if not _NOT_THE_LAN.fullmatch(interface)]
    addresses = lan or [text for _, text in usable]
    if bind_host:
        bound = _bound_addresses(bind_host)
        versions = {address.version for address in bound if address.is_unspecified}
        specific = [str(address) for address in bound if _is_reachable(str(address))]
        addresses = [text for text in addresses if ipaddress.ip_address(text).version in versions]
        addresses += specific
    return tuple(sorted(dict.fromkeys(addresses), key=lambda text: ":" in text))


def _bound_addresses(
    bind_host: str,
) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        return [ipaddress.ip_address(bind_host)]
    except ValueError:
        found = socket.getaddrinfo(bind_host, None, type=socket.SOCK_STREAM)
        return [ipaddress.ip_address(sockaddr[0]) for *_, sockaddr in found]


def _is_reachable(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return not (
        address.is_unspecified
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
    )
