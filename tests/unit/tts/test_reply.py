"""How a reply is put together: when sentences are requested, and which audio is sent."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from wyoming.event import Event
from wyoming.tts import Synthesize

from tests.support.fakes import FAKE_CARD, WAIT_SECONDS, FakeSynthesizer, eventually
from tests.support.tts_client import RATE, kinds, open_session, samples, serving, tell, tone
from wyoming_voice_stack.errors import EngineError, NoAudio
from wyoming_voice_stack.protocol.tts_session import TtsSession
from wyoming_voice_stack.tts import reply as reply_module
from wyoming_voice_stack.tts.engine import Samples, SynthesisRequest
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer

THREE = "This is the first sentence. And this is the second one. The third one ends it."


class Speaker(FakeSynthesizer):
    """Says tones, and records the order in which chunks were requested."""

    lanes = 4

    def __init__(self) -> None:
        super().__init__()
        self.order: list[str] = []
        self.second_began = threading.Event()

    def synthesize(self, request: SynthesisRequest, playback: PlaybackBuffer) -> Iterator[Samples]:
        self.requests.append(request)
        first = len(self.requests) == 1
        if not first:
            self.second_began.set()
        for number in range(3):
            self.order.append(f"{request.text[:4]} {number}")
            yield tone(0.3)
            if first and number == 1:
                # Only a reply that asks for its second sentence in time lets the first one end.
                assert self.second_began.wait(WAIT_SECONDS)


class TestLookAhead:
    async def test_the_next_sentence_is_requested_while_one_is_generated(
        self, tmp_path: Path
    ) -> None:
        engine = Speaker()
        async with serving(engine, tmp_path, lanes=4) as service:
            got = await tell(open_session(service), Synthesize(text=THREE).event())
        assert kinds(got) == ["audio-start", "audio-chunk", "audio-stop"]
        assert [request.text[:4] for request in engine.requests] == ["This", "And ", "The "]
        pauses = 2 * 0.1
        assert samples(got) / RATE == pytest.approx(3 * 0.9 + pauses, abs=0.02)

    async def test_all_sentences_share_one_playback(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path) as service:
            await tell(open_session(service), Synthesize(text=THREE).event())
            await tell(open_session(service), Synthesize(text="Another.").event())
        first, second, third, other = engine.playbacks
        assert first is second is third is not other
        pauses = 2 * 0.1
        assert -np.inf < first.buffered_s < 3 * 0.1 + pauses

    async def test_a_failure_of_the_next_sentence_comes_after_the_audio_of_this_one(
        self, tmp_path: Path
    ) -> None:
        class Failing(FakeSynthesizer):
            def synthesize(
                self, request: SynthesisRequest, playback: PlaybackBuffer
            ) -> Iterator[Samples]:
                if request.text.startswith("And"):
                    raise EngineError("the device is lost")
                yield tone(0.5)

        got: list[Event] = []

        async def take(session: TtsSession) -> None:
            async for event in session.handle(Synthesize(text=THREE).event()):
                got.append(event)  # noqa: PERF401 - a comprehension would lose what came before

        async with serving(Failing(), tmp_path) as service:
            with pytest.raises(EngineError, match="device"):
                await take(open_session(service))
        assert samples(got) / RATE == pytest.approx(0.5, abs=0.15)


class TestManyReplies:
    """A fake engine of which the speed, and so the number of places, is the test's."""

    async def test_new_replies_wait_and_those_in_progress_go_on(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        engine.hold = threading.Event()
        async with serving(engine, tmp_path, lanes=4) as service:
            places = service._backend.places
            tasks = [
                asyncio.create_task(tell(open_session(service), Synthesize(text=THREE).event()))
                for _ in range(places.places + 1)
            ]
            await eventually(lambda: places.waiting == 1)
            engine.hold.set()
            for got in await asyncio.gather(*tasks):
                assert kinds(got) == ["audio-start", "audio-chunk", "audio-stop"]
            assert places.waiting == 0

    async def test_no_sentence_is_generated_far_ahead(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            if seconds:
                waits.append(seconds)
                # The client has played what it has.
                monkeypatch.setattr(reply_module, "AHEAD_SECONDS", 1000.0)

        class Fast(FakeSynthesizer):
            def synthesize(
                self, request: SynthesisRequest, playback: PlaybackBuffer
            ) -> Iterator[Samples]:
                self.requests.append(request)
                yield tone(20.0)

        engine = Fast()
        async with serving(engine, tmp_path) as service:
            session = open_session(service)
            monkeypatch.setattr(type(service._backend.places), "crowded", True)
            monkeypatch.setattr(reply_module, "asyncio", SimpleNamespace(sleep=sleep))
            async with aclosing(session.handle(Synthesize(text=THREE).event())) as replies:
                async for event in replies:
                    if event.type == "audio-chunk" and not waits:
                        assert len(engine.requests) == 1
            monkeypatch.undo()
        assert waits
        assert len(engine.requests) == 3

    async def test_a_client_that_leaves_gives_its_place_back(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        engine.hold = threading.Event()
        async with serving(engine, tmp_path) as service:
            places, session = service._backend.places, open_session(service)
            async with aclosing(session.handle(Synthesize(text=THREE).event())) as replies:
                await anext(replies)
                assert len(places._held) == 1
            session.close()
            assert not places._held
            engine.hold.set()

    async def test_a_complete_reply_gives_its_place_back(self, tmp_path: Path) -> None:
        async with serving(FakeSynthesizer(), tmp_path) as service:
            await tell(open_session(service), Synthesize(text=THREE).event())
            assert not service._backend.places._held

    async def test_an_unread_reply_is_not_generated_to_its_end(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        text = "This is one more sentence. " * 30
        async with serving(engine, tmp_path) as service:
            session = open_session(service)
            async with aclosing(session.handle(Synthesize(text=text).event())) as replies:
                await anext(replies)
                await eventually(lambda: service.worker.queued_jobs == 0)
                # A whole other reply is generated, and nothing more of this one.
                await tell(open_session(service), Synthesize(text="Another one.").event())
                assert len(engine.requests) <= 3
            session.close()


class TestSound:
    async def test_runaway_speech_is_stopped(self, tmp_path: Path) -> None:
        class Babbling(FakeSynthesizer):
            def synthesize(
                self, request: SynthesisRequest, playback: PlaybackBuffer
            ) -> Iterator[Samples]:
                try:
                    yield tone(0.5)
                    yield np.zeros(RATE, np.float32)
                    while True:
                        yield tone(0.5)
                finally:
                    self.closed_early.set()

        engine = Babbling(replace(FAKE_CARD, may_run_away=True))
        async with serving(engine, tmp_path) as service:
            got = await tell(open_session(service), Synthesize(text="Ok.").event())
            await eventually(engine.closed_early.is_set)
        assert samples(got) / RATE < 1.0

    async def test_only_silence_is_an_error(self, tmp_path: Path) -> None:
        class Silent(FakeSynthesizer):
            def synthesize(
                self, request: SynthesisRequest, playback: PlaybackBuffer
            ) -> Iterator[Samples]:
                yield np.zeros(RATE, np.float32)

        async with serving(Silent(), tmp_path) as service:
            with pytest.raises(NoAudio, match="silence"):
                await tell(open_session(service), Synthesize(text="Hello.").event())

    async def test_numbers_are_spoken_in_words(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path) as service:
            await tell(open_session(service), Synthesize(text="It is 21 °C.").event())
        assert [request.text for request in engine.requests] == [
            "It is twenty-one degrees Celsius."
        ]


class TestPlayback:
    async def test_silence_that_is_not_sent_is_not_buffered(self, tmp_path: Path) -> None:
        class Hesitant(FakeSynthesizer):
            def synthesize(
                self, request: SynthesisRequest, playback: PlaybackBuffer
            ) -> Iterator[Samples]:
                self.playbacks.append(playback)
                yield np.zeros(2 * RATE, np.float32)
                yield tone(0.5)

        engine = Hesitant()
        async with serving(engine, tmp_path) as service:
            await tell(open_session(service), Synthesize(text="Hello there.").event())
        assert engine.playbacks[0].buffered_s < 0.6

    def test_nothing_yet(self) -> None:
        assert PlaybackBuffer().buffered_s == -np.inf

    def test_runs_down_as_time_passes(self) -> None:
        now = 100.0
        playback = PlaybackBuffer(lambda: now)
        playback.add(1.0)
        now = 100.75
        assert playback.buffered_s == pytest.approx(0.25)
        playback.add(1.0)
        now = 103.0
        assert playback.buffered_s == pytest.approx(-1.0)
