"""Partial text while the user is still speaking."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import numpy as np
import pytest
from wyoming.audio import AudioStop
from wyoming.event import Event

from tests.support.asr_client import (
    OPTIONS,
    loaded_worker,
    open_session,
    replies,
    serving,
    sound,
)
from tests.support.fakes import LOUD, WAIT_SECONDS, FakeRecognizer, eventually
from wyoming_voice_stack.asr.engine import Speech, Transcription
from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.protocol.asr_session import AsrSession

pytestmark = pytest.mark.usefixtures("live", "no_cooldown")

SHOWN = replace(OPTIONS, max_utterance_s=100)
STOP = AudioStop().event()


class Counting(FakeRecognizer):
    """Transcribes one word per half second of speech, and is unsure of the last in partial text."""

    def transcribe_one(self, speech: Speech) -> Transcription:
        loud = np.count_nonzero(np.abs(speech.samples) > LOUD)
        sure = [f"word{number}" for number in range(loud // 8000)]
        unsure = [f"maybe{loud}"] if speech.request.partial else []
        return Transcription(" ".join(sure + unsure), "en")


@pytest.fixture
def engine() -> Counting:
    return Counting()


async def speak(service: AsrService, session: AsrSession, seconds: float) -> list[Event]:
    """Send half a second at a time, and wait each time for the partial text it may cause."""
    worker = await loaded_worker(service)
    answers = []
    for _ in range(round(seconds / 0.5)):
        answers += await replies(session, sound(0.5))
        await eventually(lambda: worker._queue.idle)
    return answers


def texts(events: list[Event]) -> list[str]:
    return [event.data["text"] for event in events if event.type == "transcript-chunk"]


async def test_words_are_sent_during_speech(engine: Counting) -> None:
    async with serving(engine, SHOWN) as service:
        session = open_session(service)
        shown = await speak(service, session, 8.0)
        last = await replies(session, STOP)
    assert [event.type for event in shown[:2]] == ["transcript-start", "transcript-chunk"]
    assert shown[0].data["language"] == "en"
    assert len(texts(shown)) >= 2
    assert all(request.partial for request in engine.requests[:-1])
    assert [event.type for event in last] == ["transcript-chunk", "transcript", "transcript-stop"]
    final = last[1].data["text"]
    assert final == " ".join(f"word{number}" for number in range(16))
    assert "".join(texts(shown + last)) == final


async def test_unstable_words_are_not_sent(engine: Counting) -> None:
    async with serving(engine, SHOWN) as service:
        shown = await speak(service, open_session(service), 8.0)
    assert "maybe" not in "".join(texts(shown))


async def test_short_and_empty_texts_are_framed_too(engine: Counting) -> None:
    async with serving(engine, SHOWN) as service:
        session = open_session(service)
        short = await replies(session, sound(0.6), STOP)
        empty = await replies(session, sound(0.6, loud=False), STOP)
    assert [event.type for event in short] == [
        *("transcript-start", "transcript-chunk", "transcript", "transcript-stop")
    ]
    assert [event.type for event in empty] == ["transcript-start", "transcript", "transcript-stop"]


async def test_each_utterance_starts_with_no_text(engine: Counting) -> None:
    async with serving(engine, SHOWN) as service:
        session = open_session(service)
        first = await replies(session, sound(1.1), STOP)
        second = await replies(session, sound(1.1), STOP)
    assert texts(first) == texts(second) == ["word0 word1"]


async def test_no_partial_text_while_others_are_served(engine: Counting) -> None:
    async with serving(engine, SHOWN) as service:
        session = open_session(service)
        worker = await loaded_worker(service)
        go = threading.Event()
        other = asyncio.ensure_future(worker.run(lambda _: go.wait(WAIT_SECONDS)))
        await eventually(lambda: not worker._queue.idle)
        assert await replies(session, *[sound(0.5)] * 20) == []
        assert engine.requests == []
        go.set()
        assert await other


async def test_off_only_the_transcript_is_sent(engine: Counting) -> None:
    async with serving(engine, replace(SHOWN, partial_text=False)) as service:
        session = open_session(service)
        assert await speak(service, session, 4.0) == []
        assert engine.requests == []
        assert [event.type for event in await replies(session, STOP)] == ["transcript"]


async def test_speculative_texts_are_sent_too(engine: Counting) -> None:
    async with serving(engine, SHOWN) as service:
        session = open_session(service)
        worker = await loaded_worker(service)
        shown = []
        for seconds in (1.0, 0.3):
            shown += await replies(session, sound(seconds), sound(0.2, loud=False))
            await eventually(lambda: worker._queue.idle)
            shown += await replies(session, sound(0.01, loud=False))
        assert not any(request.partial for request in engine.requests)
    assert texts(shown) == ["word0 word1"]


async def test_a_speculative_job_becomes_partial_text_when_speech_resumes(engine: Counting) -> None:
    async with serving(engine, SHOWN) as service:
        session = open_session(service)
        worker = await loaded_worker(service)
        engine.hold = threading.Event()
        await replies(session, sound(1.0), sound(0.2, loud=False))
        await eventually(engine.entered.is_set)
        await replies(session, sound(0.3))
        engine.let_go()
        await eventually(lambda: worker._queue.idle)
        await replies(session, sound(0.01), sound(0.2, loud=False))
        await eventually(lambda: worker._queue.idle)
        shown = await replies(session, sound(0.01, loud=False))
        assert len(engine.requests) == 2
    assert texts(shown) == ["word0 word1"]
