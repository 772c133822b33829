"""Text to speech and back: real weights, real sockets, real processes."""

from __future__ import annotations

import asyncio

import pytest
from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from tests.support.integration.client import words, wrong_words
from tests.support.integration.servers import Server
from tests.support.peers import peer
from wyoming_voice_stack.cli import client

SENTENCES = [
    "Turn on the kitchen lights.",
    "What is the temperature in the living room?",
    "Please close the garage door and lock the front door.",
]
LONG = [
    *SENTENCES,
    "The weather will be sunny in the morning, with clouds in the afternoon.",
    "I have added milk, bread and butter to the shopping list.",
    "Your next meeting begins soon and ends before lunch.",
    "The washing machine is done, and the dryer needs another hour.",
    "Somebody is at the front door and rings the bell.",
    "All the windows upstairs are closed, but one in the cellar is open.",
    "I will wake you early tomorrow morning.",
    "The robot has cleaned the hall and is charging its battery now.",
    "There is no rain expected before the end of the week.",
]


@pytest.mark.parametrize("sentence", SENTENCES)
async def test_words_come_back(asr_server: Server, tts_server: Server, sentence: str) -> None:
    recording = await client.synthesize(tts_server.uri, sentence)
    heard = await client.transcribe(asr_server.uri, recording)
    assert words(heard.text) == words(sentence)
    assert heard.language == "en"


async def test_as_home_assistant_sends_speech(asr_server: Server, tts_server: Server) -> None:
    recording = await client.synthesize(tts_server.uri, SENTENCES[0])
    form = (recording.rate, recording.width, recording.channels)
    # Home Assistant's API splits bodies anywhere, so chunks can have an odd length.
    pieces = [recording.pcm[start : start + 321] for start in range(0, len(recording.pcm), 321)]
    async with peer(asr_server.port) as home:
        await home.send(
            Transcribe(language="en").event(),
            AudioStart(*form).event(),
            *(AudioChunk(*form, piece).event() for piece in pieces),
            AudioStop().event(),
        )
        *_, transcript = await home.until("transcript")
    assert words(transcript.data["text"]) == words(SENTENCES[0])


async def test_as_home_assistant_streams_text(asr_server: Server, tts_server: Server) -> None:
    text = " ".join(SENTENCES)
    deltas = [text[start : start + 7] for start in range(0, len(text), 7)]
    async with peer(tts_server.port) as home:
        await home.send(
            SynthesizeStart().event(),
            *(SynthesizeChunk(delta).event() for delta in deltas),
            Synthesize(text=text).event(),
            SynthesizeStop().event(),
        )
        got = await home.until("synthesize-stopped")
    assert [event.type for event in got].count("audio-start") == 1
    assert got[0].type == "audio-start"
    chunks = [AudioChunk.from_event(event) for event in got if event.type == "audio-chunk"]
    assert {(chunk.rate, chunk.width, chunk.channels) for chunk in chunks} == {(22050, 2, 1)}
    recording = client.AudioClip(22050, 2, 1, b"".join(chunk.audio for chunk in chunks))
    heard = await client.transcribe(asr_server.uri, recording)
    assert words(heard.text) == words(text)


async def test_several_utterances_on_one_connection(asr_server: Server, tts_server: Server) -> None:
    recordings = [await client.synthesize(tts_server.uri, text) for text in SENTENCES[:2]]
    async with peer(asr_server.port) as home:
        for sentence, recording in zip(SENTENCES, recordings, strict=False):
            form = (recording.rate, recording.width, recording.channels)
            await home.send(
                AudioStart(*form).event(),
                AudioChunk(*form, recording.pcm).event(),
                AudioStop().event(),
            )
            *_, transcript = await home.until("transcript")
            assert words(transcript.data["text"]) == words(sentence)


async def test_silence_and_nothing_are_empty(asr_server: Server) -> None:
    async with peer(asr_server.port) as home:
        silence = AudioChunk(16000, 2, 1, bytes(64000)).event()
        for events in ([silence], []):
            await home.send(AudioStart(16000, 2, 1).event(), *events, AudioStop().event())
            *_, transcript = await home.until("transcript")
            assert transcript.data["text"] == ""


async def test_both_servers_serve_many_at_once(asr_server: Server, tts_server: Server) -> None:
    async def round_trip(sentence: str) -> int:
        recording = await client.synthesize(tts_server.uri, sentence)
        heard = await client.transcribe(asr_server.uri, recording)
        return wrong_words(heard.text, sentence)

    wrong = await asyncio.gather(*(round_trip(sentence) for sentence in SENTENCES * 2))
    # The answer to another request would have only wrong words.
    assert max(wrong) <= 1


async def test_everything_that_home_assistant_reads(asr_server: Server, tts_server: Server) -> None:
    async def describe(port: int) -> Info:
        async with peer(port) as home:
            await home.send(Describe().event())
            reply = await home.next()
        assert reply is not None
        return Info.from_event(reply)

    [asr] = (await describe(asr_server.port)).asr
    assert asr.installed
    assert asr.models[0].installed
    assert asr.models[0].languages == ["en"]
    [tts] = (await describe(tts_server.port)).tts
    assert tts.installed
    assert tts.supports_synthesize_streaming
    assert [(voice.name, voice.languages) for voice in tts.voices] == [
        ("en_US-joe-medium", ["en-US"])
    ]


async def test_empty_text_is_an_error_and_no_silence(tts_server: Server) -> None:
    async with peer(tts_server.port) as home:
        await home.send(Synthesize(text="🎉").event())
        [error] = await home.rest()
    assert error.data["code"] == "empty-text"
    async with peer(tts_server.port) as home:
        await home.send(SynthesizeStart().event(), SynthesizeStop().event())
        assert [event.type for event in await home.rest()] == ["error", "synthesize-stopped"]


async def test_more_than_thirty_seconds_lose_nothing(
    asr_server: Server, tts_server: Server
) -> None:
    text = " ".join(LONG)
    recording = await client.synthesize(tts_server.uri, text)
    assert recording.seconds > 30
    heard = await client.transcribe(asr_server.uri, recording)
    missing = set(words(text)) - set(words(heard.text))
    # The small model gets a word wrong now and then; a lost window would be dozens.
    assert len(missing) <= 4
    assert words(heard.text)[-3:] == ["of", "the", "week"]


@pytest.mark.parametrize("mode", ["asr", "tts"])
async def test_weaknesses_of_the_library_are_answered(
    asr_server: Server, tts_server: Server, mode: str
) -> None:
    server = asr_server if mode == "asr" else tts_server
    for raw, code in [
        (b"hello\n", "malformed-event"),
        (b"\n", "malformed-event"),
        (b"[1]\n", "malformed-event"),
        (b"{}\n", "malformed-event"),
        (b'{"type": "x", "data_length": "5"}\n', "malformed-event"),
        (b'{"type": "x", "data": ' + b"[" * 20_000 + b"\n", "malformed-event"),
        (b'{"type": "x", "payload_length": 99999999999}\n', "too-large"),
        (b'{"type": "x", "data_length": 600000000}\n', "too-large"),
        (b"{" + b" " * 70_000, "too-large"),
    ]:
        async with peer(server.port) as stranger:
            await stranger.send_raw(raw)
            assert (await stranger.rest())[0].data["code"] == code, raw[:40]
    form = {"rate": 1, "width": 2, "channels": 1}
    for event, code in [
        (Event("audio-chunk", form, b"\0" * 65536), "unsupported-audio"),
        (Event("audio-start", {**form, "rate": 0}), "unsupported-audio"),
        (Event("audio-start", {**form, "rate": 16000, "width": 7}), "unsupported-audio"),
        (Event("audio-start", {**form, "rate": "fast"}), "malformed-event"),
    ]:
        if mode == "asr":
            async with peer(server.port) as stranger:
                await stranger.send(event)
                assert (await stranger.rest())[0].data["code"] == code, event
    async with peer(server.port) as home:
        await home.send(Describe().event())
        assert (await home.next()).type == "info"  # type: ignore[union-attr]
