"""The service as a front end without Wyoming uses it: text in, audio out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.fakes import FakeSynthesizer
from tests.support.tts_client import serving
from wyoming_voice_stack.engine.status import ServiceStatus
from wyoming_voice_stack.errors import EmptyText, NoAudio, UnknownVoice
from wyoming_voice_stack.tts.backend import SynthesisOptions
from wyoming_voice_stack.tts.normalization import normalize
from wyoming_voice_stack.tts.reply import Reply, SpeechAudio
from wyoming_voice_stack.tts.service import TtsService
from wyoming_voice_stack.tts.text.sentences import fit
from wyoming_voice_stack.tts.voices.catalogue import VoiceRequest

SENTENCE = "The light is on."


async def speak(reply: Reply, *deltas: str) -> list[SpeechAudio]:
    """Say a text that comes in deltas, of which the last one ends it."""
    audio = []
    for number, delta in enumerate(deltas, start=1):
        audio += [each async for each in reply.speak(delta, ends=number == len(deltas))]
    return [*audio, reply.finish()]


def answered(service: TtsService, kind: str) -> float:
    counter = service._backend.metrics.requests.labels(f"synthesize-{kind}", "ok")
    return float(counter._value.get())


async def test_replies_may_need_the_share_of_the_speed_that_the_engine_allows(
    tmp_path: Path,
) -> None:
    engine = FakeSynthesizer()
    engine.card = replace(engine.card, speed_share=0.8)
    async with serving(engine, tmp_path) as service:
        assert service._places._load.speed_share == 0.8


async def test_text_becomes_audio(tmp_path: Path) -> None:
    engine = FakeSynthesizer()
    async with serving(engine, tmp_path) as service:
        reply = await service.open_reply(VoiceRequest(name="bert", speaker="two"), "api")
        audio = await speak(reply, SENTENCE)
        assert (answered(service, "plain"), answered(service, "streaming")) == (1, 0)
    [request] = engine.requests
    assert (request.text, request.voice, request.speaker) == (SENTENCE, "bert", "two")
    assert {each.sample_rate for each in audio} == {engine.sample_rate}
    samples = np.concatenate([each.samples for each in audio])
    assert samples.dtype == np.float32
    assert len(samples) == 2 * 400
    assert np.allclose(samples[100:-100], 0.16)


async def test_text_in_deltas_is_counted_as_streaming(tmp_path: Path) -> None:
    engine = FakeSynthesizer()
    async with serving(engine, tmp_path) as service:
        reply = await service.open_reply(VoiceRequest(language="de"), "api", streaming=True)
        await speak(reply, "Das Licht ", "ist an. Die ", "Heizung auch.", "")
        assert (answered(service, "plain"), answered(service, "streaming")) == (0, 1)
    assert [request.text for request in engine.requests] == [
        "Das Licht ist an.",
        "Die Heizung auch.",
    ]
    assert {request.language for request in engine.requests} == {"de"}


async def test_failures_are_exceptions_and_are_not_counted(tmp_path: Path) -> None:
    engine = FakeSynthesizer()
    async with serving(engine, tmp_path) as service:
        with pytest.raises(UnknownVoice, match="Available voices: anna, bert"):
            await service.open_reply(VoiceRequest(name="nobody"), "api")
        with pytest.raises(EmptyText):
            await speak(await service.open_reply(VoiceRequest(), "api"), "!!!")
        engine.chunks = 0
        with pytest.raises(NoAudio):
            await speak(await service.open_reply(VoiceRequest(), "api"), SENTENCE)
        assert answered(service, "plain") == 0


@pytest.mark.parametrize(
    ("configured", "asked", "spoken"),
    [(1.0, None, 1.0), (1.5, None, 1.5), (1.5, 0.5, 0.75), (0.5, 0.25, 0.25), (2.0, 4.0, 4.0)],
)
async def test_the_speed_of_a_request_is_relative_to_the_configured_one(
    tmp_path: Path, configured: float, asked: float | None, spoken: float
) -> None:
    engine = FakeSynthesizer()
    async with serving(engine, tmp_path, speaking=SynthesisOptions(speed=configured)) as service:
        await speak(await service.open_reply(VoiceRequest(), "api", speed=asked), SENTENCE)
    assert [request.speed for request in engine.requests] == [spoken]


async def test_a_reply_knows_whether_it_comes_from_the_cache(tmp_path: Path) -> None:
    engine = FakeSynthesizer()
    async with serving(engine, tmp_path, speaking=SynthesisOptions(cache_bytes=10**6)) as service:
        known = []
        for text, speed in (
            (SENTENCE, 1),
            (SENTENCE, 1),
            (SENTENCE, 2),
            (f"{SENTENCE} Or not.", 1),
        ):
            reply = await service.open_reply(VoiceRequest(), "api", speed=speed)
            await speak(reply, text)
            known.append(reply.from_cache)
    assert known == [False, True, False, False]


async def test_a_sentence_is_split_once_after_normalization(tmp_path: Path) -> None:
    engine = FakeSynthesizer()
    async with serving(engine, tmp_path) as service:
        # Longer than the engine's 80 characters, and longer still in words.
        text = (
            "In the bathroom the new heating is now set to 21.5 °C,"
            " and in the kitchen next to it to 22.5 °C."
        )
        await speak(await service.open_reply(VoiceRequest(language="en"), "api"), text)
    texts = [request.text for request in engine.requests]
    # Split before normalization too, the parts would be others.
    assert texts == fit(normalize(text, "en"), 80)
    assert [len(each) for each in texts] == [76, 42, 38]


async def test_status(tmp_path: Path) -> None:
    engine = FakeSynthesizer()
    async with serving(engine, tmp_path, language=None, voice="bert") as service:
        await speak(await service.open_reply(VoiceRequest(), "api"), SENTENCE)
        status = service.status()
    assert status == ServiceStatus("tts", "fake", "cpu", "ready", "", "bert", "de")
