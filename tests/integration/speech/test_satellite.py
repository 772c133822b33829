"""A satellite on a network of its own: links fail, and the server keeps working."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from wyoming.audio import AudioStart
from wyoming.tts import Synthesize

from tests.support.fakes import eventually
from tests.support.integration.client import FORM, begin_streaming, metric, reset, types, words
from tests.support.integration.lan import (
    FAR_ADDRESS,
    SERVER_ADDRESS,
    Lan,
    lan,
    require_namespaces,
)
from tests.support.integration.satellites import (
    SENTENCE,
    ask,
    heard,
    is_at_rest,
    open_files,
    repeated_packets,
    satellite,
    speak,
    understood,
    utterance,
)
from tests.support.integration.servers import EMBEDDED_WHISPER, Server, running

LONG_TEXT = " ".join(f"This is sentence number {number} of a long story." for number in range(200))
REPLY = f"Turn on the kitchen lights. Please close the garage door. {SENTENCE}"
TIMES = 12
"""How often a satellite is disconnected; more often than MAX_CONNECTIONS."""
MAX_CONNECTIONS = "8"
PATIENCE_SECONDS = "3"
"""How long the server waits for a silent client."""
STALL_S = 1.0
"""Longer than any pause that ends speech."""
OUTAGE_CHUNKS = slice(80, 120)
"""Spoken while the cable is unplugged."""


@pytest.fixture(scope="module")
def network() -> Iterator[Lan]:
    require_namespaces()
    with lan() as made:
        yield made


@pytest.fixture(scope="module")
def asr(network: Lan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(
        *("asr", tmp_path_factory.mktemp("asr-lan")),
        on=network.server,
        HOST="",
        ASR_MODEL=EMBEDDED_WHISPER,
        MAX_CONNECTIONS=MAX_CONNECTIONS,
        IDLE_TIMEOUT_SECONDS=PATIENCE_SECONDS,
        READ_TIMEOUT_SECONDS=PATIENCE_SECONDS,
    ) as server:
        yield server
    assert_nothing_bad_was_logged(server)


@pytest.fixture(scope="module")
def tts(
    network: Lan, steady_voice: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with running(
        *("tts", tmp_path_factory.mktemp("tts-lan")),
        on=network.server,
        HOST="",
        TTS_MODEL=f"piper:{steady_voice}",
        TTS_CACHE_MB="0",
        MAX_CONNECTIONS=MAX_CONNECTIONS,
        WRITE_TIMEOUT_SECONDS=PATIENCE_SECONDS,
    ) as server:
        yield server
    assert_nothing_bad_was_logged(server)


def assert_nothing_bad_was_logged(server: Server) -> None:
    for bad in (" ERROR ", "Traceback", "Exception"):
        assert bad not in server.log, server.log


async def said(network: Lan, tts: Server, asr: Server) -> list[str]:
    async with satellite(network, tts) as client:
        await client.send(Synthesize(text=SENTENCE).event())
        reply = await client.until("audio-stop")
    return await understood(network, asr, reply)


def finished_replies(tts: Server) -> float:
    return metric(tts, "voice_stack_requests_total")


class TestSpeech:
    async def test_chunks_of_ten_milliseconds_as_they_are_recorded(
        self, network: Lan, asr: Server
    ) -> None:
        one = utterance()
        assert len(one.chunks[0]) > 320
        async with satellite(network, asr) as client:
            await client.send_raw(one.opening)
            await speak(client, one.chunks)
            await client.send_raw(one.closing)
            assert await heard(client) == words(SENTENCE)

    async def test_cable_out_while_somebody_speaks(self, network: Lan, asr: Server) -> None:
        one = utterance()
        before, after = OUTAGE_CHUNKS.start, OUTAGE_CHUNKS.stop
        async with satellite(network, asr) as client:
            await client.send_raw(one.opening)
            await speak(client, one.chunks[:before])
            with network.unplugged("home"):
                await speak(client, one.chunks[OUTAGE_CHUNKS])
            await speak(client, one.chunks[after:])
            await client.send_raw(one.closing)
            assert await heard(client) == words(SENTENCE)

    async def test_microphone_that_loses_chunks(self, network: Lan, asr: Server) -> None:
        one = utterance()
        kept = [chunk for number, chunk in enumerate(one.chunks) if number % 25]
        assert len(kept) < len(one.chunks)
        async with satellite(network, asr) as client:
            await client.send_raw(one.opening + b"".join(kept) + one.closing)
            assert await heard(client) == words(SENTENCE)
        assert await ask(network, asr) == words(SENTENCE)

    async def test_microphone_that_stalls(self, network: Lan, asr: Server) -> None:
        one = utterance()
        middle = len(one.chunks) // 2
        async with satellite(network, asr) as client:
            await client.send_raw(one.opening + b"".join(one.chunks[:middle]))
            await asyncio.sleep(STALL_S)
            await client.send_raw(b"".join(one.chunks[middle:]) + one.closing)
            assert await heard(client) == words(SENTENCE)

    async def test_reset_in_the_middle_of_utterances(self, network: Lan, asr: Server) -> None:
        assert await ask(network, asr) == words(SENTENCE)
        await is_at_rest(asr, files := open_files(asr))
        one = utterance()
        for number in range(TIMES):
            async with satellite(network, asr) as client:
                part = (number + 1) * len(one.chunks) // TIMES
                # Also in the middle of a chunk, and when only the answer is missing.
                cut = b"".join(one.chunks[:part])[: None if number % 2 else -100]
                await client.send_raw(one.opening + cut)
                if part == len(one.chunks):
                    await client.send_raw(one.closing)
                reset(client)
            await is_at_rest(asr, files)
        assert await ask(network, asr) == words(SENTENCE)
        await is_at_rest(asr, files)

    async def test_power_cut_in_the_middle_of_an_utterance(self, network: Lan, asr: Server) -> None:
        assert await ask(network, asr) == words(SENTENCE)
        await is_at_rest(asr, files := open_files(asr))
        one = utterance()
        async with satellite(network, asr) as client:
            await client.send_raw(one.opening + b"".join(one.chunks[:100]))
            await eventually(lambda: metric(asr, "voice_stack_connections") == 1)
            with network.unplugged("home"):
                reset(client)
                await is_at_rest(asr, files)
        assert await ask(network, asr) == words(SENTENCE)


class TestReply:
    async def test_reset_in_the_middle_of_replies(
        self, network: Lan, tts: Server, asr: Server
    ) -> None:
        assert await said(network, tts, asr) == words(SENTENCE)
        await is_at_rest(tts, files := open_files(tts))
        for number in range(TIMES):
            async with satellite(network, tts) as client:
                if number % 3 == 0:
                    await begin_streaming(client)
                else:
                    await client.send(Synthesize(text=LONG_TEXT).event())
                if number % 3 == 1:
                    assert types(await client.until("audio-chunk"))[-1] == "audio-chunk"
                reset(client)
            await is_at_rest(tts, files)
        assert await said(network, tts, asr) == words(SENTENCE)
        await is_at_rest(tts, files)

    async def test_power_cut_in_the_middle_of_a_reply(
        self, network: Lan, tts: Server, asr: Server
    ) -> None:
        assert await said(network, tts, asr) == words(SENTENCE)
        await is_at_rest(tts, files := open_files(tts))
        async with satellite(network, tts) as client:
            await client.send(Synthesize(text=LONG_TEXT).event())
            await client.until("audio-chunk")
            with network.unplugged("home"):
                reset(client)
                await is_at_rest(tts, files)
        assert await said(network, tts, asr) == words(SENTENCE)

    async def test_cable_out_while_the_reply_comes(
        self, network: Lan, tts: Server, asr: Server
    ) -> None:
        async with satellite(network, tts) as client:
            replies, repeated = finished_replies(tts), repeated_packets(network.server)
            await client.send(Synthesize(text=REPLY).event())
            first = await client.until("audio-chunk")
            with network.unplugged("home"):
                # Until something is lost, or a fast machine has sent everything.
                await eventually(
                    lambda: repeated_packets(network.server) > repeated
                    or finished_replies(tts) > replies
                )
            reply = [*first, *await client.until("audio-stop")]
        assert await understood(network, asr, reply) == words(REPLY)


async def test_satellite_behind_a_router(network: Lan, asr: Server) -> None:
    one = utterance()
    async with network.far.connected(SERVER_ADDRESS, asr.port) as client:
        assert client.writer.get_extra_info("sockname")[0] == FAR_ADDRESS
        await client.send_raw(one.opening + b"".join(one.chunks) + one.closing)
        assert await heard(client) == words(SENTENCE)


async def test_more_satellites_than_there_is_room_for(network: Lan, asr: Server) -> None:
    await is_at_rest(asr, files := open_files(asr))
    async with AsyncExitStack() as there:
        clients = []
        for _ in range(int(MAX_CONNECTIONS) + 1):
            clients.append(await there.enter_async_context(satellite(network, asr)))
            await clients[-1].send(AudioStart(*FORM).event())
        refusal = await clients[-1].next()
        assert refusal is not None
        assert (refusal.type, refusal.data["code"]) == ("error", "busy")
        for client in clients:
            reset(client)
    await is_at_rest(asr, files)
    assert await ask(network, asr) == words(SENTENCE)
