"""XTTS as a server: the real architecture and loader, with a small checkpoint made here."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from wyoming.info import Describe, Info
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeVoice,
)

from tests.support.checkpoints.tiny_xtts import make_tiny_xtts
from tests.support.integration.servers import Server, running
from tests.support.peers import Peer, peer
from tests.support.voice_files import aged
from wyoming_voice_stack.cli import client
from wyoming_voice_stack.cli.audio_files import write_recording

TEXTS = [
    "Hello.",
    "The kitchen light is on now.",
    "It is raining. Take an umbrella with you.",
    "Good night!",
    "Das Licht ist an.",
    "What a day. What a long day it was.",
    "Dinner is ready in ten minutes.",
    "The door is open.",
]
ROUNDING = 2
"""Steps of a 16 bit sample."""
VOICES = ["Claribel Dervla [en]", "Daisy Studious [de]", "Damien Black [en]"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("xtts")
    (folder / "voices").mkdir()
    checkpoint = make_tiny_xtts(folder / "checkpoint", stop_bias=1.4)
    with running("tts", folder, TTS_MODEL=str(checkpoint), TTS_LANGUAGE="en") as running_server:
        yield running_server


async def voices(server: Server) -> set[str]:
    async with peer(server.port) as home:
        await home.send(Describe().event())
        reply = await home.next()
    assert reply is not None
    return {voice.name for voice in Info.from_event(reply).tts[0].voices}


def alike(one: bytes, other: bytes) -> bool:
    """Assert the same audio. Chunk borders depend on timing, and rounding on the borders."""
    if len(one) != len(other):
        return False
    first, second = (np.frombuffer(pcm, np.int16).astype(int) for pcm in (one, other))
    return bool(np.abs(first - second).max(initial=0) <= ROUNDING)


async def say(server: Server, text: str, voice: str) -> bytes:
    recording = await client.synthesize(server.uri, text, SynthesizeVoice(name=voice))
    assert recording.rate == 24000
    return recording.pcm


async def stream(home: Peer, text: str, voice: str) -> bytes:
    await home.send(
        SynthesizeStart(voice=SynthesizeVoice(name=voice)).event(),
        *(SynthesizeChunk(text[start : start + 5]).event() for start in range(0, len(text), 5)),
        Synthesize(text=text, voice=SynthesizeVoice(name=voice)).event(),
        SynthesizeStop().event(),
    )
    got = await home.until("synthesize-stopped")
    assert [event.type for event in got][-2:] == ["audio-stop", "synthesize-stopped"]
    return b"".join(event.payload or b"" for event in got)


async def test_studio_speakers_are_listed_in_each_language(server: Server) -> None:
    listed = await voices(server)
    assert {"Claribel Dervla [en]", "Daisy Studious [de]", "Damien Black [pt]"} <= listed


@pytest.mark.parametrize("clients", [2, 8])
async def test_concurrent_requests_get_the_audio_that_each_gets_alone(
    server: Server, clients: int
) -> None:
    requests = [(TEXTS[number], VOICES[number % len(VOICES)]) for number in range(clients)]
    alone = [await say(server, text, voice) for text, voice in requests]
    together = await asyncio.gather(*(say(server, text, voice) for text, voice in requests))
    assert len(set(alone)) == clients
    assert all(map(alike, alone, together))


async def test_concurrent_streams_too(server: Server) -> None:
    alone = [await say(server, text, VOICES[0]) for text in TEXTS[:3]]

    async def one(text: str) -> bytes:
        async with peer(server.port) as home:
            return await stream(home, text, VOICES[0])

    together = await asyncio.gather(*(one(text) for text in TEXTS[:3]))
    assert all(map(alike, alone, together))


async def test_client_that_leaves_changes_nothing_for_others(server: Server) -> None:
    alone = await say(server, TEXTS[2], VOICES[1])
    async with peer(server.port) as leaver:
        await leaver.send(Synthesize(text=" ".join(TEXTS)).event())
        await leaver.next()
    assert alike(await say(server, TEXTS[2], VOICES[1]), alone)


async def test_recording_becomes_a_voice_and_goes_again(server: Server, tts_server: Server) -> None:
    folder = server.log_path.parent / "voices"
    recording = await client.synthesize(
        tts_server.uri, "This is a voice to be cloned, with a few words more to hear it by."
    )
    write_recording(str(folder / "anna.wav"), recording)
    (folder / "bert").mkdir()
    shutil.copy(folder / "anna.wav", folder / "bert" / "take.wav")
    # A file that was just written may be incomplete, so the server waits for two seconds.
    for take in (folder / "anna.wav", folder / "bert" / "take.wav"):
        aged(take)
    anna, bert = await say(server, TEXTS[1], "anna [en]"), await say(server, TEXTS[1], "bert")
    # The same recordings are the same voice.
    assert alike(anna, bert)
    assert not alike(anna, await say(server, TEXTS[1], VOICES[0]))
    assert {"anna [en]", "bert [de]"} <= await voices(server)


@pytest.mark.parametrize("name", ["nobody", "../checkpoint/model", "/etc/hostname", "anna.wav"])
async def test_unknown_voice_is_told_what_there_is(server: Server, name: str) -> None:
    async with peer(server.port) as home:
        await home.send(Synthesize(text="Hi.", voice=SynthesizeVoice(name=name)).event())
        [error] = await home.rest()
    assert error.data["code"] == "unknown-voice"
    assert "Claribel Dervla" in error.data["text"]


async def test_poor_recording_is_an_error_that_says_so(server: Server) -> None:
    folder = server.log_path.parent / "voices"
    (folder / "poor.wav").write_bytes(b"no recording at all")
    async with peer(server.port) as home:
        await home.send(Synthesize(text="Hi.", voice=SynthesizeVoice(name="poor")).event())
        [error] = await home.rest()
    assert "poor" in error.data["text"]
    (folder / "poor.wav").unlink()
    assert await say(server, TEXTS[0], VOICES[0])


async def test_describe_is_answered_while_the_engine_speaks(server: Server) -> None:
    async with peer(server.port) as home, peer(server.port) as other:
        await home.send(Synthesize(text=" ".join(TEXTS)).event())
        await home.next()
        await other.send(Describe().event())
        assert (await other.next()).type == "info"  # type: ignore[union-attr]
        assert (await home.until("audio-stop"))[-1].type == "audio-stop"
