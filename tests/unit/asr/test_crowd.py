"""Several people who speak at the same time: less is transcribed in advance."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from unittest.mock import Mock

import pytest
from wyoming.audio import AudioStop

from tests.support.asr_client import (
    OPTIONS,
    loaded_worker,
    open_session,
    replies,
    serving,
    sound,
    transcripts,
)
from tests.support.fakes import FakeRecognizer, eventually
from wyoming_voice_stack.asr import partial_jobs
from wyoming_voice_stack.asr.engine import Speech, SpeechSpan, Transcription, TranscriptionRequest
from wyoming_voice_stack.asr.partial_jobs import CROWD, PartialJobs, Speakers
from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.engine.job_handle import JobHandle, Wanted
from wyoming_voice_stack.protocol.asr_session import AsrSession

pytestmark = pytest.mark.usefixtures("live", "no_cooldown")

SHOWN = replace(OPTIONS, max_utterance_s=100)
QUIET = replace(SHOWN, partial_text=False)
PAUSE = sound(0.2, loud=False)
STOP = AudioStop().event()


@pytest.fixture
def engine() -> FakeRecognizer:
    return FakeRecognizer()


def jobs(session: AsrSession) -> int:
    """Number of speculative jobs."""
    assert session._utterance is not None
    return len(session._utterance._jobs._handles)


async def paused_in_a_crowd(service: AsrService) -> AsrSession:
    """A session in a short pause, while as many others speak as make a crowd."""
    await loaded_worker(service)
    session, *crowd = [open_session(service) for _ in range(1 + CROWD)]
    for other in crowd:
        await transcripts(other, sound(1.0))
    await transcripts(session, sound(1.0), PAUSE)
    return session


async def test_in_a_crowd_the_pause_is_longer(engine: FakeRecognizer) -> None:
    async with serving(engine, QUIET) as service:
        session = await paused_in_a_crowd(service)
        assert jobs(session) == 0
        await transcripts(session, sound(0.1, loud=False))
        assert jobs(session) == 1


@pytest.mark.parametrize(("others", "step"), [(0, 512), (CROWD - 1, 512), (CROWD, 2048)])
async def test_in_a_crowd_speech_is_looked_for_less_often(
    engine: FakeRecognizer, others: int, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial_jobs, "MAX_AUDIO_GAP_S", float("inf"))
    async with serving(engine, QUIET) as service:
        await loaded_worker(service)
        session, *crowd = [open_session(service) for _ in range(1 + others)]
        for other in crowd:
            await transcripts(other, sound(1.0))
        searched = [0]
        for _ in range(100):
            await transcripts(session, sound(0.01))
            assert session._utterance is not None
            searched.append(session._utterance._segmented)
        stops = sorted(set(searched[2:]))
        # Chunks of 160 samples reach the next multiple of the step or go just beyond it.
        assert [stop // step for stop in stops] == list(range(stops[0] // step, 16000 // step + 1))
        [transcript] = await transcripts(session, sound(1.0), STOP)
    assert transcript.text == "32000 samples"


async def test_satellites_that_send_no_more_are_no_crowd(
    engine: FakeRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial_jobs, "MAX_AUDIO_GAP_S", -1.0)
    async with serving(engine, QUIET) as service:
        session = await paused_in_a_crowd(service)
        assert jobs(session) == 1


async def test_while_jobs_wait_the_pause_is_as_short_as_otherwise(engine: FakeRecognizer) -> None:
    async with serving(engine, QUIET, max_queued=16) as service:
        await loaded_worker(service)
        session, first, second, *crowd = [open_session(service) for _ in range(3 + CROWD)]
        engine.hold = threading.Event()
        for other in (first, second):
            await transcripts(other, sound(1.0), PAUSE)
            await eventually(engine.entered.is_set)
        for other in crowd:
            await transcripts(other, sound(1.0))
        await transcripts(session, sound(1.0), PAUSE)
        assert jobs(session) == 1


async def test_those_who_pause_or_are_gone_are_no_crowd(engine: FakeRecognizer) -> None:
    async with serving(engine, QUIET) as service:
        await loaded_worker(service)
        session, *crowd = [open_session(service) for _ in range(3 + CROWD)]
        for other in crowd:
            await transcripts(other, sound(1.0))
        crowd[0].close()
        await transcripts(crowd[1], STOP)
        await transcripts(crowd[2], PAUSE)
        await transcripts(session, sound(1.0), PAUSE)
        assert jobs(session) == 1


class Grouping(FakeRecognizer):
    """Takes up to four spans of nearly the same length in one call, and notes their number."""

    batch_size = 4

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[int] = []

    def batch_group(self, seconds: float, request: TranscriptionRequest) -> int | None:
        return round(seconds)

    def transcribe(
        self, speeches: Sequence[Speech], wanted: Wanted
    ) -> Iterator[tuple[int, Transcription]]:
        self.calls.append(len(speeches))
        return super().transcribe(speeches, wanted)


async def test_speech_that_waits_shares_a_call_with_speech_of_its_group() -> None:
    engine = Grouping()
    async with serving(engine, QUIET, max_queued=16) as service:
        worker = await loaded_worker(service)
        engine.hold = threading.Event()
        sessions = [open_session(service) for _ in range(4)]
        # The first one occupies the engine.
        for session, seconds in zip(sessions, (1.0, 2.0, 4.0, 2.1), strict=True):
            await transcripts(session, sound(seconds), PAUSE)
            await eventually(engine.entered.is_set)
        engine.let_go()
        await eventually(lambda: worker._queue.idle)
        texts = [await transcripts(session, AudioStop().event()) for session in sessions]
    assert [text.text for [text] in texts] == [f"{n} samples" for n in (16000, 32000, 64000, 33600)]
    assert engine.calls == [1, 2, 1]


async def partial_texts(engine: FakeRecognizer, *, others: int, loud: bool) -> int:
    """Count the partial transcriptions for 6 s of one speaker, while others speak or are silent."""
    async with serving(engine, SHOWN) as service:
        worker = await loaded_worker(service)
        speaker, *beside = [open_session(service) for _ in range(1 + others)]
        for other in beside:
            await replies(other, sound(0.5))
            await replies(other, sound(0.5, loud=loud))
        await eventually(lambda: worker._queue.idle)
        before = len(engine.requests)
        for _ in range(12):
            await replies(speaker, sound(0.5))
            await eventually(lambda: worker._queue.idle)
        for session in (speaker, *beside):
            session.close()
    return len(engine.requests) - before


async def test_the_more_people_speak_the_fewer_partial_texts(engine: FakeRecognizer) -> None:
    assert await partial_texts(engine, others=0, loud=True) == 3
    assert await partial_texts(engine, others=1, loud=True) == 1
    assert await partial_texts(engine, others=3, loud=True) == 0


async def test_only_those_who_speak_count(engine: FakeRecognizer) -> None:
    assert await partial_texts(engine, others=3, loud=False) == 3
    assert await partial_texts(engine, others=0, loud=True) == 3


async def test_partial_texts_of_all_share_the_cooldown(
    engine: FakeRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(engine, SHOWN) as service:
        worker = await loaded_worker(service)
        one, other = open_session(service), open_session(service)
        monkeypatch.setattr(partial_jobs, "PARTIAL_COOLDOWN", float("inf"))
        await replies(one, sound(2.0))
        await eventually(lambda: worker._queue.idle)
        await replies(one, sound(0.1))
        await replies(one, sound(0.5, loud=False))
        await eventually(lambda: worker._queue.idle)
        asked = len(engine.requests)
        await replies(other, sound(4.0))
        await eventually(lambda: worker._queue.idle)
        assert len(engine.requests) == asked


class Clock:
    """The time in seconds, which the test changes."""

    now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(partial_jobs, "PARTIAL_COOLDOWN", 4.0)
    monkeypatch.setattr(partial_jobs, "time", clock)
    monkeypatch.setattr(partial_jobs, "MAX_AUDIO_GAP_S", float("inf"))
    return clock


def those_who_speak(count: int) -> tuple[Speakers, list[PartialJobs]]:
    speakers = Speakers()
    jobs = [PartialJobs(speakers) for _ in range(count)]
    for each in jobs:
        each.note_speaking(speaking=True)
    return speakers, jobs


@pytest.mark.parametrize(("others", "pause_s"), [(CROWD - 1, 8.0), (CROWD, 80.0)])
def test_a_crowd_waits_longer_for_its_next_partial_text(
    clock: Clock, others: int, pause_s: float
) -> None:
    speakers, [one, *_] = those_who_speak(1 + others)
    speakers.cool_down(2.0)
    clock.now_s += pause_s - 0.1
    assert not speakers.ready(one)
    clock.now_s += 0.1
    assert speakers.ready(one)


def test_the_longer_pause_ends_with_the_crowd(clock: Clock) -> None:
    speakers, [one, other, *_] = those_who_speak(1 + CROWD)
    speakers.cool_down(2.0)
    clock.now_s += 8.0
    assert not speakers.ready(one)
    other.close()
    assert speakers.ready(one)


def test_the_pause_is_as_long_as_the_transcription_took_several_times(clock: Clock) -> None:
    speakers, [jobs] = those_who_speak(1)
    jobs.track(Mock(spec=JobHandle, done=True, failed=True), SpeechSpan(0, 16_000))
    clock.now_s += 2.0
    assert jobs.take() is None
    clock.now_s += 8.0 - 0.1
    assert not speakers.ready(jobs)
    clock.now_s += 0.1
    assert speakers.ready(jobs)


def test_a_short_transcription_does_not_end_a_longer_cooldown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(partial_jobs, "PARTIAL_COOLDOWN", 1.0)
    speakers = Speakers()
    speakers.cool_down(float("inf"))
    speakers.cool_down(0.0)
    assert not speakers.ready(PartialJobs(speakers))
