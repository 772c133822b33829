"""The speech-to-text service, used as a front end other than Wyoming uses it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.asr_client import OPTIONS, count_as_live, loaded_worker, serving
from tests.support.fakes import FakeRecognizer, eventually
from wyoming_voice_stack.asr.engine import Transcription
from wyoming_voice_stack.asr.service import AsrEntry, AsrModelCard, AsrService
from wyoming_voice_stack.asr.utterance_request import (
    MAX_NAME_CHARACTERS,
    MAX_REQUEST_NAMES,
    UtteranceRequest,
)
from wyoming_voice_stack.audio import PcmFormat
from wyoming_voice_stack.engine.status import ServiceStatus
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import UnknownLanguage, UnknownModel, UtteranceTooLong
from wyoming_voice_stack.metrics import Metrics

PCM = PcmFormat(rate=16000, width=2, channels=1)
DEFAULT = UtteranceRequest()


def pcm(seconds: float, *, loud: bool = True) -> bytes:
    """Audio that the fake engine takes for speech, or for silence."""
    return (b"\x20" if loud else b"\0") * (2 * round(seconds * 16000))


def counted(service: AsrService) -> dict[str, float]:
    families = text_string_to_metric_families(service._metrics.render().decode())
    return {
        sample.name + sample.labels.get("outcome", ""): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture
def engine() -> FakeRecognizer:
    return FakeRecognizer()


@pytest.fixture
def _live(monkeypatch: pytest.MonkeyPatch) -> None:
    count_as_live(monkeypatch)


async def test_push_and_finish(engine: FakeRecognizer) -> None:
    request = UtteranceRequest(language="de", names=("Anna",), terms=("thermostat",))
    async with serving(engine) as service:
        utterance = service.open_utterance(request)
        await utterance.push(PCM, pcm(0.5))
        await utterance.push(PCM, pcm(0.5))
        assert not utterance.over
        result = await utterance.finish()
        utterance.close()
    assert result == Transcription("16000 samples", "de")
    assert (engine.requests[0].names, engine.requests[0].terms) == (("Anna",), ("thermostat",))


async def test_nothing_pushed_is_empty_text(engine: FakeRecognizer) -> None:
    async with serving(engine) as service:
        assert await service.open_utterance(DEFAULT).finish() == Transcription("", None)
        assert counted(service)["voice_stack_requests_totalempty"] == 1
    assert engine.requests == []


@pytest.mark.usefixtures("_live")
async def test_every_utterance_is_counted(engine: FakeRecognizer) -> None:
    async with serving(engine) as service:
        await loaded_worker(service)
        utterance = service.open_utterance(DEFAULT)
        await utterance.push(PCM, pcm(0.5) + pcm(0.2, loud=False))
        await eventually(lambda: len(engine.requests) == 1)
        assert utterance.summary == ""
        await utterance.finish()
        figures = counted(service)
    assert figures["voice_stack_requests_totaltext"] == 1
    assert figures["voice_stack_stop_to_text_seconds_count"] == 1
    assert figures["voice_stack_guesses_total"] == 1
    assert utterance.summary.startswith("0.7 s of audio, 12 characters, after ")


async def test_an_utterance_that_is_closed_early_is_not_counted(engine: FakeRecognizer) -> None:
    async with serving(engine) as service:
        utterance = service.open_utterance(DEFAULT)
        await utterance.push(PCM, pcm(0.5))
        utterance.close()
        assert counted(service).get("voice_stack_requests_totaltext") is None


@pytest.mark.usefixtures("_live")
async def test_partial_text_is_returned_once(engine: FakeRecognizer) -> None:
    async with serving(engine) as service:
        worker = await loaded_worker(service)
        utterance = service.open_utterance(DEFAULT)
        assert utterance.partial_text() is None
        await utterance.push(PCM, pcm(0.5) + pcm(0.2, loud=False))
        await eventually(lambda: worker._queue.idle)
        await utterance.push(PCM, pcm(0.01, loud=False))
        assert utterance.partial_text() == Transcription("8000 samples", "en")
        assert utterance.partial_text() is None


async def test_endpoint_detection_ends_the_utterance(engine: FakeRecognizer) -> None:
    async with serving(engine, replace(OPTIONS, endpoint_silence_s=0.5)) as service:
        await loaded_worker(service)
        over = []
        for sensitivity in (None, "aggressive"):
            utterance = service.open_utterance(UtteranceRequest(sensitivity=sensitivity))
            await utterance.push(PCM, pcm(0.5) + pcm(0.3, loud=False))
            over.append(utterance.over)
    assert over == [False, True]


async def test_memory_is_freed_after_finish_only(
    engine: FakeRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    freed: list[str] = []
    monkeypatch.setattr(Worker, "request_cleanup", lambda worker: freed.append(worker.name))
    async with serving(engine) as service:
        dropped = service.open_utterance(DEFAULT)
        await dropped.push(PCM, pcm(0.5))
        dropped.close()
        assert freed == []
        answered = service.open_utterance(UtteranceRequest(model="first.en"))
        await answered.push(PCM, pcm(0.5))
        await answered.finish()
        assert freed == []
        answered.close()
    assert freed == ["first.en"]


async def test_refusals(engine: FakeRecognizer) -> None:
    async with serving(engine) as service:
        with pytest.raises(
            UnknownModel, match=r"^Unknown model 'x'\. Available: first, first\.en\.$"
        ):
            service.open_utterance(UtteranceRequest(model="x"))
        with pytest.raises(
            UnknownLanguage,
            match=r"^Model 'first\.en' does not support language 'de'\. Supported: en\.$",
        ):
            service.open_utterance(UtteranceRequest(model="first.en", language="de"))
        utterance = service.open_utterance(DEFAULT)
        with pytest.raises(UtteranceTooLong):
            await utterance.push(PCM, pcm(OPTIONS.max_utterance_s + 0.1))


class Names:
    """The names of a household."""

    names = ("Wintergarten",)

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass


@pytest.mark.parametrize(("wanted", "expected"), [(True, Names.names), (False, ())])
async def test_names_of_the_household(
    engine: FakeRecognizer, wanted: bool, expected: tuple[str, ...]
) -> None:
    async with serving(engine, name_source=Names()) as service:
        context = service.resolve(UtteranceRequest(household_names=wanted))
    assert context.request.household_names == expected


@pytest.mark.parametrize(
    ("household", "languages", "candidates"),
    [
        ((), (), ()),
        (("de-AT", "jv"), (), ("de", "jw")),
        (("de-AT", "jv"), ("jv",), ("jw",)),
        ((), ("jv", "jv-ID"), ("jw",)),
    ],
)
async def test_languages_to_choose_from(
    engine: FakeRecognizer,
    household: tuple[str, ...],
    languages: tuple[str, ...],
    candidates: tuple[str, ...],
) -> None:
    async with serving(engine, replace(OPTIONS, household=household)) as service:
        context = service.resolve(UtteranceRequest(languages=languages))
    assert context.request.candidate_languages == candidates


async def test_facts_for_front_ends(engine: FakeRecognizer) -> None:
    options = replace(OPTIONS, household=("de-AT", "jv"), endpoint_silence_s=0.5)
    async with serving(engine, options) as service:
        assert service.models == (
            AsrModelCard("first", ("de", "jv"), translates=True),
            AsrModelCard("first.en", ("en",)),
        )
        assert service.streams_text
        assert service.detects_endpoint
    async with serving(engine, replace(OPTIONS, partial_text=False)) as service:
        assert not service.streams_text
        assert not service.detects_endpoint


@pytest.mark.parametrize(
    ("language", "household", "shown"),
    [
        (None, (), "auto"),
        ("auto", (), "auto"),
        ("de-AT", (), "de"),
        (None, ("de",), "de"),
        (None, ("de", "en"), "auto"),
    ],
)
async def test_status(
    engine: FakeRecognizer, language: str | None, household: tuple[str, ...], shown: str
) -> None:
    options = replace(OPTIONS, language=language, household=household)
    async with serving(engine, options) as service:
        await loaded_worker(service)
        status = service.status()
    assert status == ServiceStatus("asr", "first", "cpu", "ready", "", "", shown)


async def test_model_may_be_named_as_in_the_settings(engine: FakeRecognizer) -> None:
    async with serving(engine) as service:
        worker = await loaded_worker(service)
        entry = AsrEntry("anna", ("en",), worker, "/models/anna")
        renamed = AsrService([entry], OPTIONS, Metrics())
        for name in ("anna", "/models/anna"):
            assert renamed.resolve(UtteranceRequest(model=name)).worker is worker
        with pytest.raises(UnknownModel, match=r"Available: anna\.$"):
            renamed.resolve(UtteranceRequest(model="/models/bert"))
        assert [card.name for card in renamed.models] == ["anna"]


async def test_names_and_terms_are_bounded(
    engine: FakeRecognizer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    many = tuple(f"Lamp {number}" for number in range(MAX_REQUEST_NAMES + 1))
    fits, too_long = "n" * MAX_NAME_CHARACTERS, "n" * (MAX_NAME_CHARACTERS + 1)
    async with serving(engine) as service:
        request = service.resolve(
            UtteranceRequest(names=(too_long, fits, *many), terms=many[:-1])
        ).request
    assert request.names == (fits, *many[:-2])
    assert request.terms == many[:-1]
    assert (
        f"{MAX_REQUEST_NAMES} of {MAX_REQUEST_NAMES + 3} names of a request are used" in caplog.text
    )
    assert "terms" not in caplog.text
