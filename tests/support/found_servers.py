"""Servers as they announce themselves, and where they are."""

from __future__ import annotations

from wyoming_voice_stack.announce.discovery import FoundServer
from wyoming_voice_stack.announce.other_server_search import (
    Candidate,
)

HERE = Candidate("192.168.1.5", 5002, "machine")


LOOP = Candidate("127.0.0.1", 5002, "loopback")


def announced(
    *addresses: str, mode: str | None = "tts", name: str = "a", port: int = 5002
) -> FoundServer:
    return FoundServer(name, addresses[0], port, addresses, mode)
