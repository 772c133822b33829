"""What a client of speech to text may choose, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from wyoming.asr import Transcribe, VadSensitivity
from wyoming.event import Event
from wyoming.info import Info

from tests.support.asr_client import (
    OPTIONS,
    open_session,
    serving,
    transcripts,
    utterance,
)
from tests.support.fakes import FakeRecognizer
from wyoming_voice_stack.errors import (
    MalformedEvent,
    UnknownLanguage,
    UnknownModel,
    UnsupportedAudio,
    UtteranceTooLong,
)
from wyoming_voice_stack.protocol.asr_session import AsrFrontEnd


class FakeNameSource:
    """A household whose names may change."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ("Study",)
        self.running = False

    async def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False


class TestChoices:
    async def test_household_languages_are_the_candidates(self, engine: FakeRecognizer) -> None:
        options = replace(OPTIONS, household=("de-AT", "jv", "xx"))
        async with serving(engine, options) as service:
            await transcripts(open_session(service), *utterance())
            info = Info.from_event(AsrFrontEnd(service).info())
        assert engine.requests[0].candidate_languages == ("de", "jw")
        assert info.asr[0].models[0].languages == ["de", "jv"]

    async def test_configured_language(self, engine: FakeRecognizer) -> None:
        async with serving(engine, replace(OPTIONS, language="de")) as service:
            session = open_session(service)
            await transcripts(
                session, *utterance(), Transcribe(language="en-US").event(), *utterance()
            )
        assert [request.language for request in engine.requests] == ["de", "en"]

    async def test_language_is_answered_as_a_tag(self, engine: FakeRecognizer) -> None:
        async with serving(engine) as service:
            [transcript] = await transcripts(
                open_session(service), Transcribe(language="jv").event(), *utterance()
            )
        assert engine.requests[0].language == "jw"
        assert transcript.language == "jv"

    async def test_unknown_language_lists_what_there_is(self, engine: FakeRecognizer) -> None:
        async with serving(engine) as service:
            with pytest.raises(UnknownLanguage, match="en, de, jv"):
                await transcripts(open_session(service), Transcribe(language="fr").event())
            with pytest.raises(UnknownLanguage, match=r"first\.en"):
                await transcripts(
                    open_session(service), Transcribe(name="first.en", language="de").event()
                )

    async def test_model_by_name(self, engine: FakeRecognizer) -> None:
        async with serving(engine) as service:
            await transcripts(
                open_session(service), Transcribe(name="first.en").event(), *utterance()
            )
            with pytest.raises(UnknownModel, match=r"first, first\.en"):
                await transcripts(open_session(service), Transcribe(name="../other").event())
        assert len(engine.requests) == 1

    async def test_names_and_terms(self, engine: FakeRecognizer) -> None:
        request = Transcribe(transcript_names=["Anna"], transcript_terms=["thermostat"])
        async with serving(engine) as service:
            await transcripts(open_session(service), request.event(), *utterance())
        assert engine.requests[0].names == ("Anna",)
        assert engine.requests[0].terms == ("thermostat",)

    async def test_household_names(self, engine: FakeRecognizer) -> None:
        home = FakeNameSource()
        async with serving(engine, name_source=home) as service:
            assert home.running
            session = open_session(service)
            await transcripts(session, Transcribe(language="en").event(), *utterance())
            home.names = ("Kontor",)
            await transcripts(session, *utterance())
        assert not home.running
        assert [request.household_names for request in engine.requests] == [("Study",), ("Kontor",)]

    @pytest.mark.parametrize(
        ("sensitivity", "silence_s"),
        [
            (None, 0.7),
            (VadSensitivity.DEFAULT, 0.7),
            (VadSensitivity.AGGRESSIVE, 0.25),
            ("relaxed", 1.25),
            ("whatever", 0.7),
        ],
    )
    async def test_who_ends_the_utterance(
        self, engine: FakeRecognizer, sensitivity: str | None, silence_s: float
    ) -> None:
        request = Transcribe(vad_sensitivity=sensitivity)
        async with serving(engine, replace(OPTIONS, endpoint_silence_s=0.7)) as service:
            session = open_session(service)
            await transcripts(session, request.event())
            endpoint = service.resolve(session._request).endpoint
            assert endpoint is not None
            assert endpoint.silence_s == silence_s
        async with serving(engine) as service:
            session = open_session(service)
            await transcripts(session, request.event())
            assert service.resolve(session._request).endpoint is None


class TestRefusals:
    @pytest.mark.parametrize(
        "form", [(1, 2, 1), (0, 2, 1), (-16000, 2, 1), (16000, 7, 1), (16000, 2, 0)]
    )
    async def test_format(self, engine: FakeRecognizer, form: tuple[int, int, int]) -> None:
        rate, width, channels = form
        data = {"rate": rate, "width": width, "channels": channels}
        async with serving(engine) as service:
            for event in (Event("audio-start", data), Event("audio-chunk", data, b"\0" * 64)):
                with pytest.raises(UnsupportedAudio):
                    await transcripts(open_session(service), event)

    @pytest.mark.parametrize(
        "event",
        [
            Event("audio-start", {"rate": "fast", "width": 2, "channels": 1}),
            Event("audio-start", {"rate": 16000}),
            Event("audio-chunk", {}),
            Event("transcribe", {"language": 5}),
            Event("transcribe", {"transcript_names": "Anna"}),
        ],
    )
    async def test_malformed(self, engine: FakeRecognizer, event: Event) -> None:
        async with serving(engine) as service:
            with pytest.raises(MalformedEvent, match=event.type):
                await transcripts(open_session(service), event)

    async def test_too_long(self, engine: FakeRecognizer) -> None:
        async with serving(engine) as service:
            with pytest.raises(UtteranceTooLong, match="ASR_MAX_UTTERANCE_SECONDS"):
                await transcripts(open_session(service), *utterance(33_000))

    async def test_unknown_events_are_ignored(self, engine: FakeRecognizer) -> None:
        async with serving(engine) as service:
            session = open_session(service)
            assert (
                await transcripts(
                    session, Event("detect"), Event("synthesize-again", {"text": "x"})
                )
                == []
            )
            assert not session.busy
