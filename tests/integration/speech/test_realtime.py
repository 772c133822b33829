"""The WebSocket `/v1/realtime`: real weights, real sockets, real processes."""

from __future__ import annotations

import asyncio
import base64
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import numpy as np
import soxr

from tests.integration.speech.test_round_trip import SENTENCES
from tests.support.integration.client import words
from tests.support.integration.servers import EMBEDDED_PIPER, STOP_SECONDS, Server, running
from tests.support.realtime_client import RATE, TRANSCRIPTION, Json, RealtimeClient, kinds, pcm
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli import client as wyoming_client

PIECE_S = 0.05


@asynccontextmanager
async def session(server: Server, query: str) -> AsyncIterator[RealtimeClient]:
    url = f"http://127.0.0.1:{server.port}/v1/realtime{query}"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        client = RealtimeClient(socket)
        assert (await client.next())["type"] == "session.created"
        yield client


async def spoken(tts_server: Server, text: str) -> bytes:
    """A sentence at 24 kHz."""
    async with session(tts_server, "?model=gpt-realtime") as client:
        events = await say(client, text)
    return b"".join(
        base64.b64decode(event["delta"])
        for event in events
        if event["type"] == "response.output_audio.delta"
    )


async def say(client: RealtimeClient, text: str) -> list[Json]:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    await client.send("response.create", response={"conversation": "none", "input": [item]})
    return await client.until("response.done")


async def stream(client: RealtimeClient, audio: bytes) -> None:
    """Send audio as a microphone does: in small pieces, in real time."""
    size = 2 * round(PIECE_S * RATE)
    for begin in range(0, len(audio), size):
        await client.append(audio[begin : begin + size])
        await asyncio.sleep(PIECE_S)


def transcripts(events: list[Json]) -> list[str]:
    done = f"{TRANSCRIPTION}.completed"
    return [event["transcript"] for event in events if event["type"] == done]


async def test_words_come_back(asr_server: Server, tts_server: Server) -> None:
    async with session(asr_server, "?intent=transcription&model=gpt-4o-transcribe") as client:
        await client.configure(transcription={"language": "en"}, turn_detection=None)
        for sentence in SENTENCES[:2]:
            await client.append(await spoken(tts_server, sentence))
            await client.commit()
            events = await client.until(f"{TRANSCRIPTION}.completed")
            [text] = transcripts(events)
            assert words(text) == words(sentence)
            deltas = [event["delta"] for event in events if event["type"].endswith(".delta")]
            assert "".join(deltas) == text


async def test_live_speech_with_the_server_s_turn_detection(
    asr_server: Server, tts_server: Server
) -> None:
    first, second = [await spoken(tts_server, sentence) for sentence in SENTENCES[:2]]
    pause = pcm(0.9, loud=False)
    async with (
        session(asr_server, "?intent=transcription") as client,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(stream(client, pause + first + pause + second + pause))
        events = await client.until(f"{TRANSCRIPTION}.completed")
        events += await client.until(f"{TRANSCRIPTION}.completed")
    assert [words(text) for text in transcripts(events)] == [
        words(sentence) for sentence in SENTENCES[:2]
    ]
    # Partial texts come during speech: how many depends on the machine, their sum does not.
    for done in [each for each in events if each["type"] == f"{TRANSCRIPTION}.completed"]:
        deltas = [
            each["delta"]
            for each in events
            if each["type"] == f"{TRANSCRIPTION}.delta" and each["item_id"] == done["item_id"]
        ]
        assert "".join(deltas) == done["transcript"]
    # The second utterance may begin before the text of the first one is there.
    events = [event for event in events if event["item_id"] == events[0]["item_id"]]
    assert [kind for kind in kinds(events) if kind != f"{TRANSCRIPTION}.delta"] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        f"{TRANSCRIPTION}.completed",
    ]
    of = {event["type"]: event for event in events}
    started = of["input_audio_buffer.speech_started"]["audio_start_ms"]
    stopped = of["input_audio_buffer.speech_stopped"]["audio_end_ms"]
    assert 100 <= started <= 1500
    assert 900 <= stopped - started <= 1000 * len(first) / 2 / RATE + 1500


async def test_the_same_sound_as_over_wyoming(tts_server: Server) -> None:
    plain = await wyoming_client.synthesize(tts_server.uri, SENTENCES[0])
    samples = np.frombuffer(plain.pcm, "<i2").astype(np.float32) / 32768
    expected = to_pcm16(soxr.resample(samples, plain.rate, RATE))
    heard = await spoken(tts_server, SENTENCES[0])
    assert abs(len(heard) - len(expected)) <= 2 * RATE // 100
    size = min(len(heard), len(expected)) // 2 * 2
    difference = np.frombuffer(heard[:size], "<i2").astype(np.float32) - np.frombuffer(
        expected[:size], "<i2"
    )
    assert np.sqrt(np.mean(difference**2)) < 0.02 * 32768


async def test_a_response_can_be_cancelled_and_the_next_one_is_spoken(tts_server: Server) -> None:
    async with session(tts_server, "?model=gpt-realtime") as client:
        text = " ".join(SENTENCES * 40)
        item = {"role": "user", "content": [{"type": "input_text", "text": text}]}
        await client.send("response.create", response={"input": [item]})
        await client.until("response.output_audio.delta")
        await client.send("response.cancel")
        cancelled = (await client.until("response.done"))[-1]
        assert cancelled["response"]["status"] == "cancelled"
        events = await say(client, SENTENCES[0])
    assert events[-1]["response"]["status"] == "completed"
    assert "response.output_audio.delta" in kinds(events)


async def test_a_server_that_stops(tmp_path: Path) -> None:
    with running("tts", tmp_path, TTS_MODEL=EMBEDDED_PIPER) as server:
        async with session(server, "") as speaking, session(server, "") as idle:
            item = {"role": "user", "content": [{"type": "input_text", "text": SENTENCES[0] * 9}]}
            await speaking.send("response.create", response={"input": [item]})
            await speaking.until("response.output_audio.delta")
            server.process.send_signal(signal.SIGTERM)
            assert await idle.end() == ([], 1001)
            events, code = await speaking.end()
        assert events[-1]["response"]["status"] == "completed"
        assert code == 1001
        assert await asyncio.to_thread(server.process.wait, STOP_SECONDS) == 0
        server.stopped = True
