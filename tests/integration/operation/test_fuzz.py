"""Clients that send invalid data, disconnect at any point, or reset the connection."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.info import Describe, SelectProgram
from wyoming.ping import Ping
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from tests.support.integration.client import FORM, SENTENCE, describes, reset, utterance
from tests.support.integration.servers import EMBEDDED_PIPER, EMBEDDED_WHISPER, Server, running
from tests.support.peers import Peer, half_close, peer
from wyoming_voice_stack.cli import client
from wyoming_voice_stack.protocol.framing import encode

CONNECTIONS = 200
AT_ONCE = 25
SEED = 20240229

WORDS = ("type", "data", "data_length", "payload_length", "text", "voice", "rate", "\ud83d", "\0")
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    7,
    2**70,
    1e308,
    "",
    "x",
    "\u202e",
    [],
    {},
    [[]],
    {"name": {}},
)


def rubbish(luck: random.Random) -> bytes:
    kind = luck.randrange(4)
    if kind == 0:
        return luck.randbytes(luck.randrange(1, 5000))
    if kind == 1:
        method = luck.choice((b"GET", b"POST", b"BREW"))
        return method + b" /" + luck.randbytes(20) + b" HTTP/1.1\r\n\r\n"
    if kind == 2:
        return b"{" * luck.randrange(1, 3000) + b"\n"
    fields = {luck.choice(WORDS): luck.choice(VALUES) for _ in range(4)}
    return encode(Event(luck.choice(("describe", "ping", "audio-start", "synthesize")), fields))


def valid(luck: random.Random) -> bytes:
    talks: tuple[tuple[Event, ...], ...] = (
        (Describe().event(), Ping("x").event(), SelectProgram("nobody").event()),
        (Transcribe(language="en").event(), *utterance()),
        (AudioStart(*FORM).event(), AudioChunk(*FORM, bytes(999)).event(), AudioStop().event()),
        (Synthesize(text="Yes.").event(), Describe().event()),
        (SynthesizeStart().event(), SynthesizeChunk("No. Yes.").event(), SynthesizeStop().event()),
        (SynthesizeChunk("Nothing began.").event(), AudioStop().event()),
    )
    return b"".join(encode(event) for event in luck.choice(talks))


def flipped(luck: random.Random) -> bytes:
    data = bytearray(valid(luck))
    for _ in range(luck.randrange(1, 6)):
        data[luck.randrange(min(len(data), 400))] ^= 1 << luck.randrange(8)
    return bytes(data)


def cut(luck: random.Random) -> bytes:
    data = valid(luck)
    return data[: luck.randrange(1, len(data))]


MAKERS: tuple[Callable[[random.Random], bytes], ...] = (rubbish, valid, flipped, cut)


async def batter(port: int, luck: random.Random) -> None:
    """One connection: send random data in chunks, then close or reset."""
    async with peer(port) as visitor:
        with suppress(ConnectionError):
            data = luck.choice(MAKERS)(luck)
            at = luck.randrange(len(data) + 1)
            await visitor.send_raw(data[:at])
            await asyncio.sleep(0)
            await visitor.send_raw(data[at:])
            await leave(visitor, luck.randrange(4))


async def leave(visitor: Peer, way: int) -> None:
    if way == 0:
        reset(visitor)
    elif way == 1:
        half_close(visitor.writer)
        await visitor.reader.read()
    elif way == 2:
        await visitor.reader.read(1)
        reset(visitor)


@pytest.fixture(params=["asr", "tts"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """`running` checks at the end that the log has no traceback and no lost exception."""
    mode = request.param
    model = {"asr": EMBEDDED_WHISPER, "tts": EMBEDDED_PIPER}[mode]
    with running(
        mode,
        tmp_path,
        {f"{mode.upper()}_MODEL": model},
        READ_TIMEOUT_SECONDS="2",
        IDLE_TIMEOUT_SECONDS="2",
    ) as battered:
        yield battered


async def test_server_outlives_them_all(server: Server) -> None:
    luck = random.Random(SEED)
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(own_luck: random.Random) -> None:
        async with turns:
            await batter(server.port, own_luck)

    await asyncio.gather(*(one(random.Random(luck.random())) for _ in range(CONNECTIONS)))

    assert await describes(server.port)
    assert server.get("/ready")[0] == 200
    if "mode asr" in server.log:
        async with peer(server.port) as home:
            await home.send(*utterance())
            *_, transcript = await home.until("transcript")
        assert "temperature" in transcript.data["text"]
    else:
        assert (await client.synthesize(server.uri, SENTENCE)).seconds > 1
    assert "malformed-event" in server.log
    # Invalid data from a client is not a failure of the server.
    assert not re.search(r"^\S+ \S+ (ERROR|CRITICAL)", server.log, re.MULTILINE), server.log
