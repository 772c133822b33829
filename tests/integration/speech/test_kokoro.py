"""A real server with Kokoro: over Wyoming, over HTTP, and with the Wyoming authors' own benchmark."""

from __future__ import annotations

import numpy as np
import pytest
from wyoming.audio import AudioChunk
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeVoice

from tests.integration.speech.test_round_trip import SENTENCES
from tests.integration.speech.test_speech_over_http import PCM_RATE, speak
from tests.support.integration.as_home_assistant import Shown, said
from tests.support.integration.client import words
from tests.support.integration.servers import KOKORO_MIXTURE, Server
from tests.support.integration.wyoming_bench import bench, runs
from tests.support.peers import peer
from wyoming_voice_stack.cli import client
from wyoming_voice_stack.tts.engines.kokoro.voices import PUBLISHED_VOICES

RATE = 24_000
MAX_ROUNDING = 200
"""Of 32,767; another voice differs by thousands."""


def voice(name: str) -> SynthesizeVoice:
    return SynthesizeVoice(name=name)


async def test_describe_lists_the_voices_and_the_mixture(kokoro_server: Server) -> None:
    [tts] = (await client.describe(kokoro_server.uri)).tts
    languages = {each.name: each.languages for each in tts.voices}
    assert set(languages) == {*PUBLISHED_VOICES, KOKORO_MIXTURE}
    assert languages[KOKORO_MIXTURE] == languages["af_heart"] == ["en-US"]
    assert languages["bf_emma"] == ["en-GB"]
    assert languages["pf_dora"] == ["pt-BR"]
    assert tts.installed
    assert tts.supports_synthesize_streaming
    assert {each.attribution.name for each in tts.voices} == {"hexgrad"}


@pytest.mark.parametrize("sentence", SENTENCES)
async def test_words_come_back(asr_server: Server, kokoro_server: Server, sentence: str) -> None:
    recording = await client.synthesize(kokoro_server.uri, sentence, voice("af_heart"))
    assert recording.rate == RATE
    heard = await client.transcribe(asr_server.uri, recording)
    assert words(heard.text) == words(sentence)


async def test_streamed_text_in_the_voice_that_is_the_default(
    asr_server: Server, kokoro_server: Server
) -> None:
    text = " ".join(SENTENCES)
    pcm = await said(kokoro_server.port, text)
    heard = await client.transcribe(asr_server.uri, client.AudioClip(RATE, 2, 1, pcm))
    assert words(heard.text) == words(text)
    # The mixture is a voice of its own, and the one that TTS_VOICE names.
    named = await said(kokoro_server.port, text, KOKORO_MIXTURE)
    assert len(named) == len(pcm)
    # Sentences in windows of other lengths differ by rounding.
    difference = np.frombuffer(named, "<i2").astype(int) - np.frombuffer(pcm, "<i2")
    assert np.abs(difference).max() < MAX_ROUNDING
    assert len(await said(kokoro_server.port, text, "af_heart")) != len(pcm)


async def test_each_language_has_its_voices(kokoro_server: Server) -> None:
    recording = await client.synthesize(
        kokoro_server.uri, "La lavadora ha terminado.", SynthesizeVoice(language="es-MX")
    )
    assert 1 < recording.seconds < 4


async def test_an_unknown_voice_is_named(kokoro_server: Server) -> None:
    with pytest.raises(Shown, match=r"Unknown voice 'nobody'. Available voices: af_heart, ") as one:
        await said(kokoro_server.port, SENTENCES[0], "nobody")
    assert one.value.code == "unknown-voice"
    with pytest.raises(Shown, match=r"'jf_alpha'.*Japanese \(j\) .* are not supported"):
        await said(kokoro_server.port, SENTENCES[0], "jf_alpha")
    with pytest.raises(Shown, match="unknown-voice"):
        await said(kokoro_server.port, SENTENCES[0], "af_heart+bf_emma")


async def test_a_client_that_leaves_does_not_hold_the_next(kokoro_server: Server) -> None:
    text = " ".join(SENTENCES * 20)
    async with peer(kokoro_server.port) as leaving:
        await leaving.send(Synthesize(text=text).event())
        await leaving.until("audio-chunk")
    async with peer(kokoro_server.port) as next_one:
        await next_one.send(Synthesize(text=SENTENCES[0]).event(), Event("ping"))
        events = await next_one.until("audio-stop")
    chunks = [AudioChunk.from_event(event) for event in events if event.type == "audio-chunk"]
    assert sum(chunk.samples for chunk in chunks) > RATE


async def test_the_api_speaks(asr_server: Server, kokoro_server: Server) -> None:
    _, pcm = await speak(kokoro_server, SENTENCES[2], voice="af_heart", response_format="pcm")
    heard = await client.transcribe(asr_server.uri, client.AudioClip(PCM_RATE, 2, 1, pcm))
    assert words(heard.text) == words(SENTENCES[2])


def test_the_benchmark_of_the_wyoming_authors_accepts_it(kokoro_server: Server) -> None:
    assert KOKORO_MIXTURE in bench("info", kokoro_server.port)
    report = bench(
        *("tts", kokoro_server.port, "--mode", "both", "--rounds", "1", "--warmup", "0"),
        *("--texts", "Dinner is ready. Come to the table."),
    )
    assert runs(report) == {"non_streaming": (1, 0), "streaming": (1, 0)}
