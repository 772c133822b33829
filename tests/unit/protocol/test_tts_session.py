"""The Wyoming session of text to speech, with a fake engine behind a real worker."""

from __future__ import annotations

import logging
from contextlib import aclosing
from pathlib import Path

import pytest
from wyoming.audio import AudioChunk, AudioStart
from wyoming.event import Event
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeTextFormat,
    SynthesizeVoice,
)

from tests.support.fakes import FakeSynthesizer, eventually
from tests.support.tts_client import kinds, open_session, samples, serving, tell
from wyoming_voice_stack.errors import (
    EmptyText,
    NoAudio,
    TextTooLong,
    UnexpectedEvent,
    UnknownVoice,
)
from wyoming_voice_stack.tts.script import SLICE_CHARACTERS
from wyoming_voice_stack.tts.text.sentences import SentenceStream

TWO = "This is the first sentence. And this is the second one."


@pytest.fixture
def engine() -> FakeSynthesizer:
    return FakeSynthesizer()


class TestPlain:
    async def test_one_audio_stream(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            got = await tell(open_session(service), Synthesize(text=TWO).event())
        assert kinds(got) == ["audio-start", "audio-chunk", "audio-stop"]
        start = AudioStart.from_event(got[0])
        assert (start.rate, start.width, start.channels) == (8000, 2, 1)
        chunks = [AudioChunk.from_event(event) for event in got[1:-1]]
        assert {(chunk.rate, chunk.width, chunk.channels) for chunk in chunks} == {(8000, 2, 1)}
        pause = 8000 * 100 // 1000
        assert samples(got) == 2 * 800 + pause
        assert [request.text for request in engine.requests] == [
            "This is the first sentence.",
            "And this is the second one.",
        ]

    async def test_several_on_one_connection(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            session = open_session(service)
            for _ in range(2):
                got = await tell(session, Synthesize(text="Hello there.").event())
                assert kinds(got) == ["audio-start", "audio-chunk", "audio-stop"]

    async def test_the_text_is_logged_at_debug_only(
        self, engine: FakeSynthesizer, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        async with serving(engine, tmp_path) as service:
            await tell(open_session(service, "peer"), Synthesize(text=TWO).event())
        spoken = [record for record in caplog.records if "first sentence" in record.getMessage()]
        assert [record.levelno for record in spoken] == [logging.DEBUG]
        assert f"[peer] {len(TWO)} characters, 0.3 s of audio" in caplog.text

    @pytest.mark.parametrize(
        "text", ["", "   ", "!!!", "🎉", "https://example.org/x", "<think>On. Now."]
    )
    async def test_nothing_to_say_is_an_error(
        self, engine: FakeSynthesizer, tmp_path: Path, text: str
    ) -> None:
        async with serving(engine, tmp_path) as service:
            with pytest.raises(EmptyText):
                await tell(open_session(service), Synthesize(text=text).event())

    async def test_silent_engine_is_an_error(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        engine.chunks = 0
        async with serving(engine, tmp_path) as service:
            with pytest.raises(NoAudio):
                await tell(open_session(service), Synthesize(text="Hello.").event())

    async def test_parts_that_only_tags_separate(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        text = "<speak><s>One apple.</s><s>Two pears.</s></speak>"
        event = Synthesize(text=text, text_format=SynthesizeTextFormat.SSML).event()
        async with serving(engine, tmp_path) as service:
            await tell(open_session(service), event)
        assert [request.text for request in engine.requests] == ["One apple.", "Two pears."]

    async def test_too_long(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            with pytest.raises(TextTooLong, match="TTS_MAX_TEXT_CHARACTERS"):
                await tell(open_session(service), Synthesize(text="a " * 501).event())

    async def test_long_sentences_fit_the_engine(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        words = ["w" + "o" * number for number in range(1, 40)]
        async with serving(engine, tmp_path) as service:
            await tell(open_session(service), Synthesize(text=" ".join(words)).event())
        assert all(len(request.text) <= 80 for request in engine.requests)
        spoken = " ".join(request.text for request in engine.requests).replace(".", "")
        assert spoken.split() == words


class TestStreaming:
    async def test_home_assistants_order(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            session = open_session(service)
            assert await tell(session, SynthesizeStart().event()) == []
            first = await tell(
                session, *(SynthesizeChunk(text).event() for text in (TWO[:9], TWO[9:40]))
            )
            assert kinds(first) == ["audio-start", "audio-chunk"]
            assert session.busy
            rest = await tell(
                session,
                SynthesizeChunk(TWO[40:]).event(),
                Synthesize(text=TWO).event(),
                SynthesizeStop().event(),
            )
            assert not session.busy
        assert kinds(rest) == ["audio-chunk", "audio-stop", "synthesize-stopped"]
        assert len(engine.requests) == 2

    async def test_without_the_repeated_synthesize(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        events = [
            SynthesizeStart().event(),
            SynthesizeChunk("Hello.").event(),
            SynthesizeStop().event(),
        ]
        async with serving(engine, tmp_path) as service:
            got = await tell(open_session(service), *events)
        assert kinds(got) == ["audio-start", "audio-chunk", "audio-stop", "synthesize-stopped"]

    async def test_plain_after_streaming(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            session = open_session(service)
            for _ in range(2):
                await tell(
                    session,
                    SynthesizeStart().event(),
                    SynthesizeChunk("Hello.").event(),
                    SynthesizeStop().event(),
                )
            got = await tell(session, Synthesize(text="Hello again.").event())
        assert kinds(got) == ["audio-start", "audio-chunk", "audio-stop"]
        assert len(engine.requests) == 3

    async def test_failure_ends_with_synthesize_stopped(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        async with serving(engine, tmp_path) as service:
            session = open_session(service)
            await tell(session, SynthesizeStart().event())
            with pytest.raises(EmptyText):
                await tell(session, SynthesizeStop().event())
            assert [event.type for event in session.closing_events()] == ["synthesize-stopped"]

    async def test_unknown_voice_at_the_start(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        async with serving(engine, tmp_path) as service:
            session = open_session(service)
            with pytest.raises(UnknownVoice):
                await tell(session, SynthesizeStart(SynthesizeVoice(name="nobody")).event())
            assert [event.type for event in session.closing_events()] == ["synthesize-stopped"]

    @pytest.mark.parametrize("event", [SynthesizeChunk("x").event(), SynthesizeStop().event()])
    async def test_out_of_order(
        self, engine: FakeSynthesizer, tmp_path: Path, event: Event
    ) -> None:
        async with serving(engine, tmp_path) as service:
            with pytest.raises(UnexpectedEvent, match="synthesize-start"):
                await tell(open_session(service), event)

    async def test_second_start(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            session = open_session(service)
            await tell(session, SynthesizeStart().event())
            with pytest.raises(UnexpectedEvent, match="synthesize-stop"):
                await tell(session, SynthesizeStart().event())

    async def test_long_text_leaves_the_loop_to_others(
        self, engine: FakeSynthesizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pushed: list[int] = []
        push = SentenceStream.push

        def counting(stream: SentenceStream, delta: str) -> list[str]:
            pushed.append(len(delta))
            return push(stream, delta)

        monkeypatch.setattr(SentenceStream, "push", counting)
        async with serving(engine, tmp_path) as service:
            text = "word " * 180
            await tell(open_session(service), Synthesize(text=text).event())
        assert sum(pushed) == len(text)
        assert max(pushed) <= SLICE_CHARACTERS

    async def test_closing_stops_the_engine_between_chunks(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        engine.chunks = 10_000
        async with serving(engine, tmp_path) as service:
            session = open_session(service)
            async with aclosing(session.handle(Synthesize(text="Hello.").event())) as replies:
                assert (await anext(replies)).type == "audio-start"
            await eventually(engine.closed_early.is_set)
