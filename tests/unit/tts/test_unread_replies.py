"""Replies that their clients do not read leave the engine to others, and continue later."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest
from wyoming.event import Event
from wyoming.tts import Synthesize

from tests.support.fakes import FAKE_CARD, WAIT_SECONDS, FakeSynthesizer, eventually
from tests.support.tts_client import RATE, open_session, samples, serving, tell, tone
from wyoming_voice_stack.tts.engine import EngineCard, Samples, SynthesisRequest
from wyoming_voice_stack.tts.reply_places import UNREAD_SECONDS, ReplyPlaces
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.service import TtsService

THREE = "This is the first sentence. And this is the second one. The third one ends it."
CHUNKS = 4
Replies: TypeAlias = AsyncGenerator[Event, None]


class Slow(FakeSynthesizer):
    """Says a tone in chunks, the first of them alone until the test lets it go on."""

    def __init__(self, card: EngineCard = FAKE_CARD) -> None:
        super().__init__(card)
        self.go = threading.Event()
        self.spoken: Counter[str] = Counter()

    def synthesize(self, request: SynthesisRequest, playback: PlaybackBuffer) -> Iterator[Samples]:
        for _ in range(CHUNKS):
            self.spoken[request.text[:4]] += 1
            yield tone(0.3)
            assert self.go.wait(WAIT_SECONDS)


class TestUnreadReplies:
    """One lane and one place; the clock is the test's."""

    @pytest.fixture
    def now(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        now = [0.0]
        monkeypatch.setattr(ReplyPlaces, "places", 1)
        make = ReplyPlaces.__init__
        monkeypatch.setattr(
            ReplyPlaces, "__init__", lambda self, load: make(self, load, lambda: now[0])
        )
        return now

    async def unread(self, service: TtsService, now: list[float], engine: Slow) -> Replies:
        """A reply of which the first event was taken, and that has lost its place to another one."""
        replies = open_session(service).handle(Synthesize(text=THREE).event())
        assert (await anext(replies)).type == "audio-start"
        other = asyncio.create_task(tell(open_session(service), Synthesize(text="Hello.").event()))
        await eventually(lambda: service._backend.places.waiting == 1)
        now[0] += UNREAD_SECONDS
        await eventually(lambda: service._backend.places.waiting == 0)
        engine.go.set()
        got = await asyncio.wait_for(other, WAIT_SECONDS)
        assert samples(got) / RATE == pytest.approx(CHUNKS * 0.3, abs=0.02)
        return replies

    async def test_leave_the_engine_to_others_and_continue_later(
        self, tmp_path: Path, now: list[float]
    ) -> None:
        engine = Slow()
        async with serving(engine, tmp_path) as service:
            replies = await self.unread(service, now, engine)
            assert engine.spoken["This"] < CHUNKS
            rest = [event async for event in replies]
        # Nothing is lost and nothing is repeated.
        assert samples(rest) / RATE == pytest.approx(3 * CHUNKS * 0.3 + 2 * 0.1, abs=0.02)
        assert engine.spoken == dict.fromkeys(("This", "Hell", "And ", "The "), CHUNKS)

    async def test_are_generated_to_the_end_of_a_sentence_that_cannot_wait(
        self, tmp_path: Path, now: list[float]
    ) -> None:
        engine = Slow(replace(FAKE_CARD, can_suspend=False))
        async with serving(engine, tmp_path) as service:
            replies = await self.unread(service, now, engine)
            assert engine.spoken["This"] == CHUNKS
            await replies.aclose()

    async def test_one_that_is_read_as_it_plays_keeps_its_place(
        self, tmp_path: Path, now: list[float]
    ) -> None:
        engine = Slow()
        async with serving(engine, tmp_path) as service:
            places = service._backend.places
            replies = open_session(service).handle(Synthesize(text="Hello.").event())
            await anext(replies)
            other = asyncio.create_task(tell(open_session(service), Synthesize(text="Hi.").event()))
            await eventually(lambda: places.waiting == 1)
            engine.go.set()
            for _ in range(3 * CHUNKS - 2):
                assert (await anext(replies)).type == "audio-chunk"
                now[0] += UNREAD_SECONDS - 0.1
                places.recheck()
                assert places.waiting == 1
            await replies.aclose()
            other.cancel()
