"""Speech in real time, as from a microphone, with a real server and real weights."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from wyoming.asr import Transcribe, Transcript, VadSensitivity
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.info import Describe, Info

from benchmarks.stt.room_acoustics import with_room_noise
from benchmarks.stt.utterance_client import CHUNK_S, Answer, encode_utterance, play_together
from tests.support.integration.client import metric, words
from tests.support.integration.satellites import speak
from tests.support.integration.servers import EMBEDDED_WHISPER, Server, running
from tests.support.peers import Peer, peer
from tests.support.speech import say, silence
from wyoming_voice_stack.asr.engine import Samples
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli import client

SENTENCES = (
    "Turn on the kitchen lights.",
    "Please close the garage door and lock the front door.",
    "What is the temperature in the living room?",
    "I have added milk, bread and butter to the shopping list.",
)
FORM = (16000, 2, 1)
PAUSE_S = 0.7
TEXT_EVENTS = {"transcript-chunk", "transcript"}
SLOWNESS = (1, 2, 4, 8)
"""A busy machine has no time for partial text, unless the sound comes more slowly."""


def spoken(sentence: str, seconds: float = PAUSE_S) -> Samples:
    return with_room_noise(np.concatenate([silence(0.3), say(sentence)]), sentence, seconds)


async def live(server: Server, *sounds: Samples) -> list[Answer]:
    scripts = [encode_utterance(str(number), sound, "en") for number, sound in enumerate(sounds)]
    return await play_together("127.0.0.1", server.port, scripts, real_time=True)


async def whole(server: Server, sound: Samples) -> str:
    recording = client.AudioClip(*FORM, to_pcm16(sound))
    return (await client.transcribe(server.uri, recording, language="en")).text


async def say_until_answered(home: Peer, sound: Samples) -> list[Event]:
    """Send sound and no `audio-stop`; give everything up to the transcript."""
    chunks = (sound[start : start + 1600] for start in range(0, len(sound), 1600))
    await home.send(
        AudioStart(*FORM).event(),
        *(AudioChunk(*FORM, to_pcm16(chunk)).event() for chunk in chunks),
    )
    return await home.until("transcript")


async def test_text_is_the_same_live_and_at_once(asr_server: Server) -> None:
    guesses = metric(asr_server, "voice_stack_guesses_total")
    for sentence in SENTENCES[:2]:
        [answer] = await live(asr_server, spoken(sentence))
        assert words(answer.text) == words(sentence)
        assert answer.text == await whole(asr_server, spoken(sentence))
    assert metric(asr_server, "voice_stack_guesses_total") >= guesses + 2


async def test_many_satellites_at_once_are_not_mixed_up(asr_server: Server) -> None:
    answers = await live(asr_server, *(spoken(sentence) for sentence in SENTENCES * 4))
    assert [words(one.text) for one in answers] == [words(one) for one in SENTENCES * 4]


async def test_who_pauses_and_speaks_on_is_heard_whole(asr_server: Server) -> None:
    sound = np.concatenate([spoken(SENTENCES[0], 0.5), spoken(SENTENCES[1])])
    [answer] = await live(asr_server, sound)
    assert words(answer.text) == words(" ".join(SENTENCES[:2]))


async def shown(server: Server, sound: Samples, chunk_s: float) -> list[str]:
    """The partial texts of an utterance, and the transcript at the end."""
    one = encode_utterance("", sound, "en")
    async with peer(server.port) as home:
        await home.send_raw(one.opening)
        await speak(home, one.chunks, chunk_s)
        await home.send_raw(one.closing)
        events = await home.until("transcript")
    return [event.data["text"] for event in events if event.type in TEXT_EVENTS]


async def test_words_are_shown_while_somebody_speaks(asr_server: Server) -> None:
    text = " ".join(SENTENCES)
    sound = np.concatenate([say(sentence) for sentence in SENTENCES] + [silence(PAUSE_S)])
    for slowness in SLOWNESS:
        *pieces, transcript = await shown(asr_server, sound, slowness * CHUNK_S)
        assert words(transcript) == words(text)
        # Partial text is final for the user, so a word that changes in the end was shown wrong.
        assert len(set(words(text)) - set(words("".join(pieces)))) <= 2
        if len(pieces) > 1:
            break
    assert len(pieces) > 1


async def test_silence_is_empty_live_too(asr_server: Server) -> None:
    [answer] = await live(asr_server, with_room_noise(silence(1.0), "silence", 1.0))
    assert (answer.text, answer.failure) == ("", "")


async def test_frames_of_a_streamed_transcript(asr_server: Server) -> None:
    async with peer(asr_server.port) as home:
        await home.send(AudioStart(*FORM).event())
        sound = to_pcm16(say(SENTENCES[0]))
        await home.send(AudioChunk(*FORM, sound).event(), AudioStop().event())
        got = await home.until("transcript-stop")
    assert [event.type for event in got] == [
        *("transcript-start", "transcript-chunk", "transcript", "transcript-stop")
    ]
    assert got[1].data["text"] == got[2].data["text"]


@pytest.fixture(scope="module")
def deciding_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that detects the end of utterances."""
    with running(
        *("asr", tmp_path_factory.mktemp("deciding")),
        ASR_MODEL=EMBEDDED_WHISPER,
        ASR_ENDPOINT_SILENCE="0.6",
        ASR_PARTIAL_TEXT="false",
    ) as server:
        yield server


class TestServerSideEndpoint:
    async def test_is_advertised(self, deciding_server: Server, asr_server: Server) -> None:
        described = []
        for server in (deciding_server, asr_server):
            async with peer(server.port) as home:
                await home.send(Describe().event())
                answer = await home.next()
            assert answer is not None
            [program] = Info.from_event(answer).asr
            described.append((program.requires_external_vad, program.supports_transcript_streaming))
        assert described == [(False, False), (True, True)]

    async def test_answer_without_an_end_of_the_sound(self, deciding_server: Server) -> None:
        async with peer(deciding_server.port) as home:
            for sentence in SENTENCES[:2]:
                [answer] = await say_until_answered(home, spoken(sentence, 1.0))
                heard = Transcript.from_event(answer)
                assert (words(heard.text), heard.language) == (words(sentence), "en")

    async def test_what_comes_after_the_answer_is_ignored(self, deciding_server: Server) -> None:
        async with peer(deciding_server.port) as home:
            await say_until_answered(home, spoken(SENTENCES[0], 1.0))
            late = AudioChunk(*FORM, to_pcm16(spoken(SENTENCES[1]))).event()
            await home.send(late, AudioStop().event())
            [answer] = await say_until_answered(home, spoken(SENTENCES[2], 1.0))
        assert words(answer.data["text"]) == words(SENTENCES[2])

    async def test_nobody_speaks(self, deciding_server: Server) -> None:
        async with peer(deciding_server.port) as home:
            [answer] = await say_until_answered(home, silence(16.0))
        assert answer.data["text"] == ""

    async def test_request_chooses_how_soon(self, deciding_server: Server) -> None:
        sound = np.concatenate([spoken(SENTENCES[0], 0.5), spoken(SENTENCES[1], 1.5)])
        heard = []
        for sensitivity in (VadSensitivity.AGGRESSIVE, VadSensitivity.RELAXED):
            async with peer(deciding_server.port) as home:
                await home.send(Transcribe(vad_sensitivity=sensitivity).event())
                [answer] = await say_until_answered(home, sound)
            heard.append(words(answer.data["text"]))
        assert heard == [words(SENTENCES[0]), words(" ".join(SENTENCES[:2]))]


async def test_client_that_leaves_in_the_middle_leaves_nothing_behind(asr_server: Server) -> None:
    sound = to_pcm16(spoken(SENTENCES[1]))
    cuts = [*range(0, len(sound), 3200), len(sound)]
    async with peer(asr_server.port) as leaver:
        await leaver.send(AudioStart(*FORM).event())
        for start, stop in pairwise(cuts):
            await leaver.send(AudioChunk(*FORM, sound[start:stop]).event())
            await asyncio.sleep(0)
    [answer] = await live(asr_server, spoken(SENTENCES[0]))
    assert words(answer.text) == words(SENTENCES[0])
    assert metric(asr_server, "voice_stack_queue_depth") == 0
