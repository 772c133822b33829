"""What a satellite on a network of its own sends, and what it gets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from wyoming.asr import Transcribe
from wyoming.event import Event

from benchmarks.stt.utterance_client import CHUNK_S, EncodedUtterance, encode_utterance
from tests.support.fakes import eventually
from tests.support.integration.client import metric, types, words
from tests.support.integration.lan import (
    SERVER_ADDRESS,
    Host,
    Lan,
)
from tests.support.integration.servers import Server
from tests.support.peers import Peer
from tests.support.speech import say, silence

SENTENCE = "What is the temperature in the living room?"


@asynccontextmanager
async def satellite(network: Lan, server: Server) -> AsyncIterator[Peer]:
    async with network.home.connected(SERVER_ADDRESS, server.port) as client:
        yield client


def utterance() -> EncodedUtterance:
    return encode_utterance(
        "satellite", np.concatenate([silence(0.3), say(SENTENCE), silence(0.7)]), "en"
    )


async def speak(client: Peer, chunks: Sequence[bytes], chunk_s: float = CHUNK_S) -> None:
    """Send each chunk when a microphone would have recorded it; delays do not add up.

    A chunk that takes longer than its sound, `chunk_s`, leaves a busy server more time.
    """
    begin = time.monotonic()
    for number, chunk in enumerate(chunks, start=1):
        await asyncio.sleep(begin + number * chunk_s - time.monotonic())
        client.writer.write(chunk)


async def heard(client: Peer) -> list[str]:
    [*_, transcript] = await client.until("transcript")
    assert transcript.type == "transcript", transcript
    return words(transcript.data["text"])


async def ask(network: Lan, server: Server) -> list[str]:
    """A whole utterance at once."""
    one = utterance()
    async with satellite(network, server) as client:
        await client.send_raw(one.opening + b"".join(one.chunks) + one.closing)
        return await heard(client)


async def understood(network: Lan, asr: Server, reply: Sequence[Event]) -> list[str]:
    """Transcribe a spoken reply at any loudness."""
    assert types(reply)[-1] == "audio-stop", reply[-1]
    async with satellite(network, asr) as client:
        await client.send(Transcribe(language="en").event(), *reply)
        return await heard(client)


def open_files(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def repeated_packets(host: Host) -> int:
    """How many packets TCP has sent again on this host."""
    text = host.call(Path("/proc/thread-self/net/snmp").read_text)
    names, values = (line.split() for line in text.splitlines() if line.startswith("Tcp:"))
    return int(values[names.index("RetransSegs")])


async def is_at_rest(server: Server, files: int) -> None:
    """No connection, no waiting job and no file that was not open before."""
    await eventually(
        lambda: metric(server, "voice_stack_connections") == 0
        and metric(server, "voice_stack_queue_depth") == 0
        and open_files(server) <= files
    )
