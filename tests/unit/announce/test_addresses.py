from __future__ import annotations

import socket

import pytest

from wyoming_voice_stack.announce.addresses import choose_addresses, lan_addresses

ETH0 = [("eth0", "192.168.1.5"), ("eth0", "fd00::5"), ("eth0", "fe80::1%eth0")]
LO = [("lo", "127.0.0.1"), ("lo", "::1")]
DOCKER = [("docker0", "172.17.0.1"), ("br-0123456789ab", "172.18.0.1"), ("hassio", "172.30.32.1")]


class TestAddresses:
    @pytest.mark.parametrize(
        ("bind_host", "local", "expected"),
        [
            (None, ETH0 + LO, ("192.168.1.5", "fd00::5")),
            ("", ETH0 + LO, ("192.168.1.5", "fd00::5")),
            ("0.0.0.0", ETH0 + LO, ("192.168.1.5",)),
            ("::", ETH0 + LO, ("fd00::5",)),
            ("192.168.1.5", ETH0 + LO, ("192.168.1.5",)),
            ("fd00::5", ETH0 + LO, ("fd00::5",)),
            ("127.0.0.1", ETH0 + LO, ()),
            ("127.8.8.8", ETH0 + LO, ()),
            ("::1", ETH0 + LO, ()),
            ("fe80::1%eth0", ETH0 + LO, ()),
            ("169.254.3.4", ETH0 + LO, ()),
            ("localhost", ETH0 + LO, ()),
            (None, LO, ()),
            (None, [], ()),
            (None, [("eth0", "169.254.3.4"), ("eth0", "0.0.0.0"), ("eth0", "::")], ()),
            (None, [("eth0", "224.0.0.251"), ("eth0", "ff02::fb")], ()),
            (None, [*DOCKER, *ETH0], ("192.168.1.5", "fd00::5")),
            (
                None,
                [("wg0", "10.9.0.2"), ("tailscale0", "100.64.0.9"), *ETH0[:1]],
                ("192.168.1.5",),
            ),
            (None, DOCKER[:1], ("172.17.0.1",)),
            ("172.17.0.1", [*DOCKER, *ETH0], ("172.17.0.1",)),
            (None, [("br-lan", "10.0.0.1"), *DOCKER], ("10.0.0.1",)),
            (None, [("eth0", "fd00::5"), ("wlan0", "10.0.0.2")], ("10.0.0.2", "fd00::5")),
            (None, [("eth0", "10.0.0.2"), ("wlan0", "10.0.0.2")], ("10.0.0.2",)),
        ],
    )
    def test_table(
        self, bind_host: str | None, local: list[tuple[str, str]], expected: tuple[str, ...]
    ) -> None:
        assert choose_addresses(bind_host, local) == expected

    def test_of_this_machine(self) -> None:
        everywhere = lan_addresses(None)
        assert set(lan_addresses("0.0.0.0")) == {text for text in everywhere if ":" not in text}
        assert lan_addresses("127.0.0.1") == ()
        for address in everywhere:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as bound:
                bound.bind((address, 0))

    def test_unknown_name(self) -> None:
        with pytest.raises(OSError, match=r"."):
            lan_addresses("no-such-host.invalid")
