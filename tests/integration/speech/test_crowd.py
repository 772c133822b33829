"""A crowd of listeners and a real voice, over sockets: no reply that has begun is cut, mixed up or refused."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from wyoming.event import Event
from wyoming.tts import Synthesize

from tests.support.integration.client import metric
from tests.support.integration.servers import Server, running
from tests.support.peers import peer
from wyoming_voice_stack.protocol.tts_session import CHUNKS_PER_SECOND

CROWD = 64
SPOKEN = "The lamp in the kitchen is on. Shall I turn it off?"
ALIKE_S = 0.5 / CHUNKS_PER_SECOND
"""How much the length of the audio may vary: silence is trimmed in steps. Half an event, so that a lost one is noticed."""
BYTES_PER_S = 2 * 22_050


async def reply(server: Server) -> list[Event]:
    """What one listener gets for one request."""
    events: list[Event] = []
    async with peer(server.port) as listener:
        await listener.send(Synthesize(text=SPOKEN).event())
        while not events or events[-1].type not in {"audio-stop", "error"}:
            event = await listener.next()
            assert event is not None
            events.append(event)
    return events


def shape(events: list[Event]) -> list[str]:
    """The types of a reply, without repetitions."""
    kinds = [event.type for event in events]
    return [kind for number, kind in enumerate(kinds) if not number or kinds[number - 1] != kind]


def audio_s(events: list[Event]) -> float:
    return sum(len(event.payload or b"") for event in events) / BYTES_PER_S


async def test_everyone_of_a_crowd_is_spoken_to_or_told_to_come_back(
    steady_voice: Path, tmp_path: Path
) -> None:
    with running("tts", tmp_path, TTS_MODEL=f"piper:{steady_voice}") as server:
        alone_s = audio_s(await reply(server))
        replies = await asyncio.gather(*(reply(server) for _ in range(CROWD)))
        spoken = [events for events in replies if events[-1].type == "audio-stop"]
        told = Counter(str(events[-1].data.get("code")) for events in replies if len(events) == 1)
        # On a slow machine, some wait for the longest time in vain; none after its reply has begun.
        assert len(spoken) + told["busy"] == CROWD
        assert len(spoken) > 1
        for events in spoken:
            assert shape(events) == ["audio-start", "audio-chunk", "audio-stop"]
            assert abs(audio_s(events) - alone_s) < ALIKE_S
        assert metric(server, "voice_stack_errors_total") == told["busy"]
        # The places are free again.
        assert shape(await reply(server)) == ["audio-start", "audio-chunk", "audio-stop"]
