"""Where the other server is looked for."""

from __future__ import annotations

import socket

import pytest

from tests.support.found_servers import HERE, LOOP, announced
from wyoming_voice_stack.announce import other_server_search
from wyoming_voice_stack.announce.other_server_search import (
    Candidate,
    announced_places,
    configured_place,
    is_private,
    places_nearby,
)


def test_only_private_addresses_of_this_package_are_tried() -> None:
    servers = [
        announced("192.168.1.7", mode=None),
        announced("192.168.1.7", mode="asr"),
        announced("127.0.0.1", "8.8.4.4"),
        announced("8.8.8.8", "192.168.1.8", "192.168.1.9", port=7),
    ]
    assert announced_places(servers, "tts") == [Candidate("192.168.1.8", 7, "network")]


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("192.168.1.5", True),
        ("10.0.0.1", True),
        ("fd00::1", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("0.0.0.0", False),
        ("169.254.169.254", False),
        ("fe80::1%eth0", False),
        ("224.0.0.251", False),
        ("8.8.8.8", False),
        ("voice.local", False),
    ],
)
def test_private_addresses(address: str, *, private: bool) -> None:
    assert is_private(address) is private


def test_places_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_server_search, "lan_addresses", lambda _: ("192.168.1.5",))
    monkeypatch.setattr(socket, "gethostname", lambda: "a0b1c2d3-voice-stack-asr")
    addon = Candidate("a0b1c2d3-voice-stack-tts", 5002, "container")
    assert places_nearby("tts", 5002, bind_host=None) == [HERE, LOOP, addon]
    assert places_nearby("tts", None, bind_host=None) == []
    for name in ("laptop", "a0b1c2d3-voice-stack-tts"):
        monkeypatch.setattr(socket, "gethostname", lambda name=name: name)
        assert places_nearby("tts", 5002, bind_host=None) == [HERE, LOOP]

    def unreadable(_: str | None) -> tuple[str, ...]:
        raise OSError

    monkeypatch.setattr(other_server_search, "lan_addresses", unreadable)
    assert places_nearby("tts", 5002, bind_host=None) == [LOOP]


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("tts:9", Candidate("tts", 9, "configured", 5002)),
        ("voice-tts", Candidate("voice-tts", 5002, "configured", 5002)),
        ("tts.example.com:9", Candidate("tts.example.com", 9, "configured")),
        ("192.168.1.7", Candidate("192.168.1.7", 5002, "configured")),
        ("[fd00::7]:9", Candidate("fd00::7", 9, "configured")),
        ("localhost:9", Candidate("localhost", 9, "loopback")),
        ("[::1]", Candidate("::1", 5002, "loopback")),
        ("127.0.0.2:9", Candidate("127.0.0.2", 9, "loopback")),
    ],
)
def test_a_configured_place(address: str, place: Candidate) -> None:
    assert configured_place(address, 5002) == [place]
