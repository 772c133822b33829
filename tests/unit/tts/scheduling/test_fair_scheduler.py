from __future__ import annotations

import asyncio
import threading

import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.scheduler_turns import buffered
from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ((3.0, 1.0, 2.0), [1, 2, 0]),
        ((3.0, None, -1.0, None), [1, 3, 2, 0]),
        ((None, None, None), [0, 1, 2]),
    ],
)
async def test_the_reply_with_the_least_buffered_audio_goes_first(
    seconds: tuple[float | None, ...], expected: list[int]
) -> None:
    scheduler, order = FairScheduler(), []
    threads: list[threading.Thread] = []

    def work(number: int, playback: PlaybackBuffer) -> None:
        with scheduler.acquire(playback):
            order.append(number)

    with scheduler.acquire(buffered(None)):
        for number, buffered_s in enumerate(seconds):
            threads.append(threading.Thread(target=work, args=(number, buffered(buffered_s))))
            threads[-1].start()
            await eventually(lambda count=number + 1: len(scheduler._waiting) == count)  # type: ignore[misc]
        assert order == []
    for thread in threads:
        thread.join(WAIT_SECONDS)
    assert order == expected


async def test_a_reply_without_audio_gets_a_core_of_its_own() -> None:
    scheduler = FairScheduler(at_once=3, cores=2)
    entered: list[str] = []
    leave = {name: threading.Event() for name in ("new", "heard", "more")}

    def work(name: str) -> None:
        with scheduler.acquire(buffered(None if name == "new" else 1.0)):
            entered.append(name)
            leave[name].wait(WAIT_SECONDS)

    threads = {name: threading.Thread(target=work, args=(name,)) for name in leave}
    for count, name in enumerate(("new", "heard"), start=1):
        threads[name].start()
        await eventually(lambda count=count: len(entered) == count)  # type: ignore[misc]
    threads["more"].start()
    await eventually(lambda: len(scheduler._waiting) == 1)
    assert entered == ["new", "heard"]
    leave["new"].set()
    # The new reply is done: now one caller more than there are cores may compute.
    await eventually(lambda: entered == ["new", "heard", "more"])
    for name, thread in threads.items():
        leave[name].set()
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive()


async def test_at_most_this_many_at_once() -> None:
    scheduler, together = FairScheduler(at_once=2, cores=2), threading.Barrier(2)
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        with scheduler.acquire(buffered(None)):
            inside.append(1)
            most.append(len(inside))
            together.wait(WAIT_SECONDS)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive()
    assert max(most) == 2


def test_a_failure_gives_the_turn_back() -> None:
    scheduler = FairScheduler()
    with pytest.raises(ValueError, match="no"), scheduler.acquire(buffered(None)):
        raise ValueError("no")
    with scheduler.acquire(buffered(None)):
        pass


class Shifting(PlaybackBuffer):
    """As if audio were added between two reads: its own thread always finds the other one first."""

    def __init__(self, owner: str) -> None:
        super().__init__()
        self._owner = owner

    @property
    def buffered_s(self) -> float:
        return 1.0 if threading.current_thread().name == self._owner else 0.0


async def test_buffers_may_change_while_callers_wait() -> None:
    scheduler, done = FairScheduler(), []

    def work(name: str) -> None:
        with scheduler.acquire(Shifting(name)):
            done.append(name)

    threads = [threading.Thread(target=work, args=(name,), name=name) for name in ("a", "b")]
    with scheduler.acquire(PlaybackBuffer()):
        for count, thread in enumerate(threads, start=1):
            thread.start()
            await eventually(lambda count=count: len(scheduler._waiting) == count)  # type: ignore[misc]
    for thread in threads:
        thread.join(WAIT_SECONDS)
    assert sorted(done) == ["a", "b"]


async def test_threads_are_the_share_of_the_cores() -> None:
    scheduler = FairScheduler(at_once=3, cores=9, max_threads=7)
    waiting = threading.Thread(target=_take_turn, args=(scheduler,))
    with scheduler.acquire(buffered(1.0)) as first:
        assert first.threads == 7
        assert scheduler.others_buffered_s(first.number) == ()
        with scheduler.acquire(buffered(2.0)) as second:
            assert first.threads == second.threads == 4
            assert len(scheduler.others_buffered_s(first.number)) == 1
            with scheduler.acquire(buffered(3.0)) as third:
                assert [first.threads, second.threads, third.threads] == [3, 3, 3]
                waiting.start()
                await eventually(lambda: len(scheduler._waiting) == 1)
                # No more than three compute at a time.
                assert [first.threads, second.threads, third.threads] == [3, 3, 3]
    await asyncio.to_thread(waiting.join, WAIT_SECONDS)
    assert not waiting.is_alive()


def test_a_caller_has_one_thread_where_there_are_few_cores() -> None:
    scheduler = FairScheduler(at_once=4)
    with scheduler.acquire(buffered(1.0)) as first, scheduler.acquire(buffered(1.0)) as second:
        assert (first.threads, second.threads) == (1, 1)


async def test_of_one_reply_the_earlier_sentence_goes_first() -> None:
    scheduler, playback = FairScheduler(), buffered(1.0)
    order: list[str] = []

    def work(name: str, sentence: int) -> None:
        with scheduler.acquire(playback, sentence):
            order.append(name)

    with scheduler.sentence(playback) as earlier, scheduler.sentence(playback) as later:
        threads = [
            threading.Thread(target=work, args=arguments)
            for arguments in (("later", later), ("earlier", earlier))
        ]
        with scheduler.acquire(playback, earlier) as turn:
            for count, thread in enumerate(threads, start=1):
                thread.start()
                await eventually(lambda count=count: len(scheduler._waiting) == count)  # type: ignore[misc]
            # They take their share of the machine, and need no audio of their own.
            assert scheduler.callers == 3
            assert scheduler.others_buffered_s(turn.number) == ()
        threads[1].join(WAIT_SECONDS)
    threads[0].join(WAIT_SECONDS)
    assert order == ["earlier", "later"]


def _take_turn(scheduler: FairScheduler) -> None:
    with scheduler.acquire(buffered(9.0)):
        pass
