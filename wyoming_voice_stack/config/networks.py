"""Networks that a setting can name by a word, and the names of hosts."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

PRIVATE_NETWORKS: tuple[IPv4Network | IPv6Network, ...] = tuple(
    ip_network(network)
    for network in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        # Shared by the customers of a provider (RFC 6598), and used by VPNs such as Tailscale.
        "100.64.0.0/10",
        "::1/128",
        "fe80::/10",
        "fc00::/7",
    )
)
"""Networks that are not reachable from the internet."""
ALL_NETWORKS = (ip_network("0.0.0.0/0"), ip_network("::/0"))
NAMED_NETWORKS = {"private": PRIVATE_NETWORKS, "any": ALL_NETWORKS}


def is_host(text: str) -> bool:
    """Return whether the text is an IP address, or a name that the system can look up."""
    try:
        # As Python does before it asks the system; a part that is empty or too long is an error.
        text.encode("idna")
    except UnicodeError:
        return False
    return text.isprintable() and bool(text) and " " not in text
