"""The contract of a text-to-speech talk, with a fake engine behind a real worker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from wyoming.audio import AudioChunk, AudioStart
from wyoming.event import Event
from wyoming.info import Info
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeVoice,
)

from tests.fakes import FAKE_CARD, WAIT_SECONDS, FakeSource, FakeSynthesizer, eventually
from wyoming_voice_stack.core.metrics import Metrics
from wyoming_voice_stack.core.worker import Worker
from wyoming_voice_stack.errors import (
    EmptyText,
    MalformedEvent,
    NoAudio,
    TextTooLong,
    UnexpectedEvent,
    UnknownLanguage,
    UnknownVoice,
)
from wyoming_voice_stack.tts.engine import SpeechSynthesizer
from wyoming_voice_stack.tts.sentences import SentenceStream
from wyoming_voice_stack.tts.service import TtsService, VoicingOptions
from wyoming_voice_stack.tts.session import SLICE_CHARACTERS, SpeakingOptions, TtsSession

TWO = "This is the first sentence. And this is the second one."


@pytest.fixture
def engine() -> FakeSynthesizer:
    return FakeSynthesizer()


@asynccontextmanager
async def serving(
    engine: FakeSynthesizer, folder: Path, **options: object
) -> AsyncIterator[TtsService]:
    metrics = Metrics()
    source = FakeSource(engine)
    worker: Worker[SpeechSynthesizer] = Worker("fake", source.load, max_queued=4, metrics=metrics)
    chosen = VoicingOptions(
        voices_dir=folder,
        voice=None,
        language="en",
        household=(),
        device="cpu",
        speaking=SpeakingOptions(sentence_pause_ms=100, max_text_characters=1000),
    )
    service = TtsService(source, worker, replace(chosen, **options), metrics)  # type: ignore[arg-type]
    await service.start()
    try:
        yield service
    finally:
        assert await service.stop(WAIT_SECONDS)


async def tell(session: TtsSession, *events: Event) -> list[Event]:
    return [reply for event in events async for reply in session.handle(event)]


def kinds(events: list[Event]) -> list[str]:
    """Types in order, repeated ones once."""
    names = [event.type for event in events]
    return [name for place, name in enumerate(names) if names[place - 1 : place] != [name]]


def samples(events: list[Event]) -> int:
    return sum(len(event.payload or b"") // 2 for event in events)


class TestPlain:
    async def test_one_audio_stream(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            got = await tell(service.open_session("c"), Synthesize(text=TWO).event())
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
            session = service.open_session("c")
            for _ in range(2):
                got = await tell(session, Synthesize(text="Hello there.").event())
                assert kinds(got) == ["audio-start", "audio-chunk", "audio-stop"]

    @pytest.mark.parametrize("text", ["", "   ", "!!!", "🎉", "https://example.org/x"])
    async def test_nothing_to_say_is_an_error(
        self, engine: FakeSynthesizer, tmp_path: Path, text: str
    ) -> None:
        async with serving(engine, tmp_path) as service:
            with pytest.raises(EmptyText):
                await tell(service.open_session("c"), Synthesize(text=text).event())

    async def test_silent_engine_is_an_error(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        engine.pieces = 0
        async with serving(engine, tmp_path) as service:
            with pytest.raises(NoAudio):
                await tell(service.open_session("c"), Synthesize(text="Hello.").event())

    async def test_too_long(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            with pytest.raises(TextTooLong, match="TTS_MAX_TEXT_CHARACTERS"):
                await tell(service.open_session("c"), Synthesize(text="a " * 501).event())

    async def test_long_sentences_fit_the_engine(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        words = [f"word{number}" for number in range(100)]
        async with serving(engine, tmp_path) as service:
            await tell(service.open_session("c"), Synthesize(text=" ".join(words)).event())
        assert all(len(request.text) <= 80 for request in engine.requests)
        said = " ".join(request.text for request in engine.requests).replace(".", "")
        assert said.split() == words


class TestStreaming:
    async def test_home_assistants_order(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            session = service.open_session("c")
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
            got = await tell(service.open_session("c"), *events)
        assert kinds(got) == ["audio-start", "audio-chunk", "audio-stop", "synthesize-stopped"]

    async def test_plain_after_streaming(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            session = service.open_session("c")
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
            session = service.open_session("c")
            await tell(session, SynthesizeStart().event())
            with pytest.raises(EmptyText):
                await tell(session, SynthesizeStop().event())
            assert [event.type for event in session.farewell()] == ["synthesize-stopped"]

    async def test_unknown_voice_at_the_start(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        async with serving(engine, tmp_path) as service:
            session = service.open_session("c")
            with pytest.raises(UnknownVoice):
                await tell(session, SynthesizeStart(SynthesizeVoice(name="nobody")).event())
            assert [event.type for event in session.farewell()] == ["synthesize-stopped"]

    @pytest.mark.parametrize("event", [SynthesizeChunk("x").event(), SynthesizeStop().event()])
    async def test_out_of_order(
        self, engine: FakeSynthesizer, tmp_path: Path, event: Event
    ) -> None:
        async with serving(engine, tmp_path) as service:
            with pytest.raises(UnexpectedEvent, match="synthesize-start"):
                await tell(service.open_session("c"), event)

    async def test_second_start(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            session = service.open_session("c")
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
            await tell(service.open_session("c"), Synthesize(text=text).event())
        assert sum(pushed) == len(text)
        assert max(pushed) <= SLICE_CHARACTERS

    async def test_closing_stops_the_engine_between_chunks(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        engine.pieces = 10_000
        async with serving(engine, tmp_path) as service:
            session = service.open_session("c")
            async with aclosing(session.handle(Synthesize(text="Hello.").event())) as replies:
                assert (await anext(replies)).type == "audio-start"
            await eventually(engine.closed_early.is_set)


class TestVoices:
    @pytest.mark.parametrize(
        ("voice", "name", "language"),
        [
            (None, "anna", "en"),
            (SynthesizeVoice(name="anna"), "anna", "en"),
            (SynthesizeVoice(name="anna [de]"), "anna", "de"),
            (SynthesizeVoice(name="bert"), "bert", "de"),
            (SynthesizeVoice(language="de-AT"), "anna", "de"),
            (SynthesizeVoice(name="default"), "anna", "en"),
        ],
    )
    async def test_choice(
        self,
        engine: FakeSynthesizer,
        tmp_path: Path,
        voice: SynthesizeVoice | None,
        name: str,
        language: str,
    ) -> None:
        async with serving(engine, tmp_path) as service:
            await tell(service.open_session("c"), Synthesize(text="Hello.", voice=voice).event())
        assert (engine.requests[0].voice, engine.requests[0].language) == (name, language)

    async def test_null_voice(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            await tell(
                service.open_session("c"), Event("synthesize", {"text": "Hi.", "voice": None})
            )
        assert engine.requests[0].voice == "anna"

    @pytest.mark.parametrize("name", ["nobody", "/etc/passwd", "../anna", "anna [xx]", "anna/take"])
    async def test_unknown_voice_lists_what_there_is(
        self, engine: FakeSynthesizer, tmp_path: Path, name: str
    ) -> None:
        async with serving(engine, tmp_path / "voices") as service:
            with pytest.raises(UnknownVoice, match="anna, bert"):
                await tell(
                    service.open_session("c"),
                    Synthesize(text="Hi.", voice=SynthesizeVoice(name=name)).event(),
                )

    async def test_unknown_language(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            with pytest.raises(UnknownLanguage, match="en, de"):
                await tell(
                    service.open_session("c"),
                    Synthesize(text="Hi.", voice=SynthesizeVoice(language="fr")).event(),
                )

    async def test_speakers(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            two = SynthesizeVoice(name="bert", speaker="two")
            await tell(service.open_session("c"), Synthesize(text="Hi.", voice=two).event())
            assert engine.requests[0].speaker == "two"
            three = SynthesizeVoice(name="bert", speaker="three")
            with pytest.raises(UnknownVoice, match="one, two"):
                await tell(service.open_session("c"), Synthesize(text="Hi.", voice=three).event())

    async def test_configured_voice_and_language(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        async with serving(engine, tmp_path, voice="bert") as service:
            await tell(service.open_session("c"), Synthesize(text="Hi.").event())
        # The default language is not spoken by this voice, so its own is taken.
        assert (engine.requests[0].voice, engine.requests[0].language) == ("bert", "de")

    async def test_new_recording_is_a_voice_at_once(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        async with serving(engine, tmp_path) as service:
            (tmp_path / "clara.wav").write_bytes(b"RIFF")
            clara = SynthesizeVoice(name="clara [de]")
            await tell(service.open_session("c"), Synthesize(text="Hi.", voice=clara).event())
            assert "clara [de]" in [v.name for v in Info.from_event(service.info()).tts[0].voices]
            (tmp_path / "clara.wav").unlink()
            await service.refresh_voices()
            assert "clara [de]" not in [
                v.name for v in Info.from_event(service.info()).tts[0].voices
            ]
        request = engine.requests[0]
        assert request.voice is None
        assert request.clone is not None
        assert request.clone.paths == (tmp_path / "clara.wav",)


class TestInfo:
    async def test_one_voice_per_language(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            [program] = Info.from_event(service.info()).tts
        assert program.installed
        assert program.supports_synthesize_streaming
        listed = {voice.name: voice.languages for voice in program.voices}
        assert listed == {"anna [en]": ["en"], "anna [de]": ["de"], "bert": ["de"]}
        speakers = {v.name: [s.name for s in v.speakers or []] for v in program.voices}
        assert speakers["bert"] == ["one", "two"]
        assert all(voice.installed for voice in program.voices)

    async def test_household_languages(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path, household=("de-DE",)) as service:
            voices = Info.from_event(service.info()).tts[0].voices
        assert {voice.name for voice in voices} == {"anna [de]", "bert"}

    async def test_never_empty(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer(replace(FAKE_CARD, voices=()))
        async with serving(engine, tmp_path) as service:
            voices = Info.from_event(service.info()).tts[0].voices
            assert [voice.name for voice in voices] == ["default [en]", "default [de]"]
            wanted = SynthesizeVoice(name="default [de]")
            await tell(service.open_session("c"), Synthesize(text="Hi.", voice=wanted).event())
        assert engine.requests[0].voice is None
        assert engine.requests[0].language == "de"

    @pytest.mark.parametrize(
        "event",
        [
            Event("synthesize", {}),
            Event("synthesize", {"text": 5}),
            Event("synthesize", {"text": "x", "voice": []}),
            Event("synthesize", {"text": "x", "voice": {"name": {}}}),
            Event("synthesize-start", {"voice": "anna"}),
        ],
    )
    async def test_malformed(self, engine: FakeSynthesizer, tmp_path: Path, event: Event) -> None:
        async with serving(engine, tmp_path) as service:
            with pytest.raises(MalformedEvent):
                await tell(service.open_session("c"), event)
