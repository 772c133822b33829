"""A request in progress at the echo service."""

from __future__ import annotations

from wyoming.event import Event

from tests.support.fakes import eventually
from tests.support.peers import EchoService, Peer
from wyoming_voice_stack.protocol.connection.server_context import ConnectionLimits
from wyoming_voice_stack.protocol.framing import DataLimits, FrameLimits

SMALL = ConnectionLimits(
    frame=FrameLimits(header_bytes=4096, data=DataLimits(4096, 1000), payload_bytes=4096),
    half_close_s=0.05,
)


async def start_work(service: EchoService, client: Peer) -> None:
    """Send an event that is handled until the end, and wait until the session handles it."""
    await client.send(Event("wait"))
    await eventually(lambda: bool(service.sessions))
    await service.sessions[0].entered.wait()
