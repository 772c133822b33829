from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.scheduler_turns import Requests, buffered
from wyoming_voice_stack.tts.scheduling.chunk_sizer import ChunkSizer
from wyoming_voice_stack.tts.scheduling.fair_scheduler import (
    BETWEEN_TURNS_S,
    STALLED_S,
    FairScheduler,
)
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer


@pytest.mark.parametrize(("buffered_s", "granted"), [(0.5, False), (9.0, True)])
def test_a_sentence_ahead_of_its_turn_takes_only_a_spare_core(
    buffered_s: float, granted: bool
) -> None:
    scheduler = FairScheduler(at_once=3, cores=2, clock=lambda: 0.0)
    requests, playback, other = Requests(scheduler), buffered(buffered_s), buffered(99.0)
    with scheduler.sentence(playback) as current, scheduler.sentence(playback) as following:
        first = requests.ask("current", playback, current)
        requests.ask("following", playback, following)
        assert ("following" in requests.granted) is granted
        # Without enough audio, the current sentence is computed by all cores.
        assert first.threads == (1 if granted else 2)
        requests.ask("other", other)
        scheduler.release(first)
        assert requests.granted[-1] == "other"


def test_a_sentence_ahead_of_its_turn_is_not_one_more_than_there_are_cores() -> None:
    scheduler = FairScheduler(at_once=3, cores=2, clock=lambda: 0.0)
    requests, playback, other = Requests(scheduler), buffered(9.0), buffered(9.0)
    with (
        scheduler.sentence(playback) as current,
        scheduler.sentence(other) as others,
        scheduler.sentence(playback) as following,
    ):
        requests.ask("current", playback, current)
        requests.ask("other", other, others)
        requests.ask("following", playback, following)
        assert requests.granted == ["current", "other"]


def test_a_reply_between_two_turns_keeps_its_turn() -> None:
    scheduler = FairScheduler(at_once=2, cores=2, clock=lambda: 0.0)
    requests, playback = Requests(scheduler), buffered(1.0)
    with scheduler.sentence(playback) as sentence:
        turn = requests.ask("first", playback, sentence)
        running = requests.ask("running", buffered(5.0))
        requests.ask("waiting", buffered(4.0))
        turn.generated_s = 0.5
        scheduler.release(turn)
        # Its audio is not in the buffer yet, but counts.
        assert pytest.approx(1.5, abs=0.3) in scheduler.others_buffered_s(running.number)
        assert requests.granted == ["first", "running"]
        requests.ask("second", playback, sentence)
        assert requests.granted == ["first", "running", "second"]
        scheduler.release(running)
        assert requests.granted[-1] == "waiting"


@contextmanager
def keeping_a_turn(now: list[float], *others: str) -> Iterator[tuple[FairScheduler, Requests]]:
    """One of two turns is kept for a reply that has just used it; others run, or wait."""
    scheduler = FairScheduler(at_once=2, cores=2, clock=lambda: now[0])
    requests, playback = Requests(scheduler), buffered(1.0)
    with scheduler.sentence(playback) as sentence:
        turn = requests.ask("first", playback, sentence)
        requests.ask("running", buffered(5.0))
        for other in others:
            requests.ask(other, buffered(4.0))
        turn.generated_s = 0.5
        scheduler.release(turn)
        yield scheduler, requests


def test_a_reply_that_does_not_ask_again_keeps_no_turn() -> None:
    now = [0.0]
    with keeping_a_turn(now) as (_, requests):
        now[0] = 2 * BETWEEN_TURNS_S
        requests.ask("other", buffered(4.0))
        assert requests.granted[-1] == "other"


@pytest.mark.parametrize(
    ("since_s", "granted"), [(BETWEEN_TURNS_S, False), (1.1 * BETWEEN_TURNS_S, True)]
)
def test_a_kept_turn_ends_without_any_other_event(since_s: float, granted: bool) -> None:
    """A reply that was suspended meanwhile does not ask for it, and the core would be idle."""
    now = [0.0]
    with keeping_a_turn(now, "waiting") as (scheduler, requests):
        now[0] = since_s
        scheduler.recheck()
        assert ("waiting" in requests.granted) is granted


@pytest.mark.parametrize(("since_s", "granted"), [(STALLED_S, False), (1.1 * STALLED_S, True)])
def test_a_sentence_behind_a_stalled_one_starts_without_any_other_event(
    since_s: float, granted: bool
) -> None:
    now = [256.0]
    scheduler = FairScheduler(clock=lambda: now[0])
    requests, playback = Requests(scheduler), buffered(0.5)
    with scheduler.sentence(playback) as current, scheduler.sentence(playback) as following:
        scheduler.release(requests.ask("current", playback, current))
        requests.ask("following", playback, following)
        now[0] += since_s
        scheduler.recheck()
        assert ("following" in requests.granted) is granted


async def test_a_waiting_sentence_rechecks() -> None:
    now = [0.0]
    scheduler, playback, order = FairScheduler(clock=lambda: now[0]), buffered(0.5), []

    def work(sentence: int) -> None:
        with scheduler.acquire(playback, sentence):
            order.append(sentence)

    with scheduler.sentence(playback), scheduler.sentence(playback) as following:
        thread = threading.Thread(target=work, args=(following,))
        thread.start()
        await eventually(lambda: len(scheduler._waiting) == 1)
        now[0] = 2 * STALLED_S
        await eventually(lambda: order == [following])
    await asyncio.to_thread(thread.join, WAIT_SECONDS)
    assert not thread.is_alive()


@pytest.mark.parametrize(("waited_s", "granted"), [(STALLED_S, False), (1.1 * STALLED_S, True)])
def test_a_sentence_does_not_wait_for_one_that_waits_for_its_client(
    waited_s: float, granted: bool
) -> None:
    """It would keep a thread of the engine until the client reads."""
    now = [0.0]
    scheduler = FairScheduler(at_once=2, cores=2, clock=lambda: now[0])
    requests, playback = Requests(scheduler), buffered(0.5)
    with scheduler.sentence(playback) as current, scheduler.sentence(playback) as following:
        scheduler.release(requests.ask("current", playback, current))
        requests.ask("following", playback, following)
        assert requests.granted == ["current"]
        now[0] = waited_s
        scheduler.release(requests.ask("other", buffered(5.0)))
        assert ("following" in requests.granted) is granted


def test_a_sentence_that_computes_for_long_is_waited_for() -> None:
    now = [0.0]
    scheduler = FairScheduler(at_once=2, cores=2, clock=lambda: now[0])
    requests, playback = Requests(scheduler), buffered(0.5)
    with scheduler.sentence(playback) as current, scheduler.sentence(playback) as following:
        requests.ask("current", playback, current)
        now[0] = 2 * STALLED_S
        requests.ask("following", playback, following)
        assert requests.granted == ["current"]


@pytest.mark.parametrize(("buffered_s", "first"), [(0.1, "begun"), (2.0, "new"), (-1.0, "new")])
def test_a_reply_that_would_run_dry_goes_before_a_new_one(buffered_s: float, first: str) -> None:
    scheduler = FairScheduler(clock=lambda: 0.0)
    scheduler.sizer.record_preparation(0.1)
    requests = Requests(scheduler)
    running = requests.ask("running", buffered(9.0))
    requests.ask("new", buffered(None))
    requests.ask("begun", buffered(buffered_s))
    scheduler.release(running)
    assert requests.granted == ["running", first]


@pytest.mark.parametrize(("share", "first"), [(0.9, "begun"), (1.1, "new")])
def test_a_reply_runs_dry_in_the_time_of_the_other_chunk_and_its_own(
    share: float, first: str
) -> None:
    scheduler = FairScheduler(clock=lambda: 0.0)
    sizer = scheduler.sizer
    sizer.record_preparation(0.1)
    sizer.record_chunk(1.0, 1.0)
    takes_s = sizer.preparation_s + 2 * sizer.shortest_chunk_takes_s
    requests = Requests(scheduler)
    running = requests.ask("running", buffered(9.0))
    requests.ask("new", buffered(None))
    playback = PlaybackBuffer(lambda: 0.0)
    playback.add(share * takes_s)
    requests.ask("begun", playback)
    scheduler.release(running)
    assert requests.granted == ["running", first]


def test_of_two_turns_side_by_side_each_is_charged_half_of_the_time() -> None:
    now, charged_s = [256.0], list[float]()

    class Recording(ChunkSizer):
        def record_preparation(self, took_s: float) -> None:
            charged_s.append(took_s)

        def record_chunk(self, audio_s: float, took_s: float) -> None:
            charged_s.append(took_s)

    scheduler = FairScheduler(at_once=2, cores=2, clock=lambda: now[0])
    scheduler.sizer = Recording()
    requests = Requests(scheduler)
    alone = requests.ask("alone", buffered(9.0))
    with alone.measure_preparation():
        now[0] += 0.5
    with alone.measure_chunk(1.0):
        now[0] += 0.25
    requests.ask("beside", buffered(9.0))
    with alone.measure_preparation():
        now[0] += 0.5
    with alone.measure_chunk(1.0):
        now[0] += 0.25
    assert charged_s == [0.5, 0.25, 0.25, 0.125]
