from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from wyoming_voice_stack.engine.status import Workload
from wyoming_voice_stack.errors import Busy
from wyoming_voice_stack.tts.reply_places import (
    MAX_WAIT_SECONDS,
    READING_SECONDS,
    SLOW_SPEED,
    SPEED_SHARE,
    UNREAD_SECONDS,
    UNUSED_SECONDS,
    WAIT_SECONDS,
    EngineLoad,
    ReplyPlace,
    ReplyPlaces,
)


class Hall:
    """Places for replies, with a clock and an engine that the test controls."""

    def __init__(self, count: int = 2, max_waiting: int = 10) -> None:
        self.now = 1000.0
        self.count = count
        self.speed: float | None = None
        self.ready = True
        load = EngineLoad(
            name="fake",
            speed=lambda: self.speed or self.count / SPEED_SHARE + 0.01,
            ready=lambda: self.ready,
            lanes=lambda: 4,
            queued=lambda: 0,
            max_waiting=max_waiting,
        )
        self.places = ReplyPlaces(load, lambda: self.now)

    async def taken(self, address: str = "a") -> ReplyPlace:
        place = self.places.open(address)
        await asyncio.wait_for(place.claim(), 5)
        return place

    async def waiting(
        self, address: str = "a", place: ReplyPlace | None = None
    ) -> tuple[ReplyPlace, asyncio.Task[None]]:
        place = place or self.places.open(address)
        task = asyncio.create_task(place.claim())
        await settle()
        return place, task

    async def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.places.recheck()
        await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_as_many_as_the_engine_can_speak() -> None:
    hall = Hall(2)
    first, second = await hall.taken(), await hall.taken()
    _, third = await hall.waiting()
    assert not third.done()
    assert hall.places.waiting == 1
    first.release()
    await settle()
    assert third.done()
    # A place that is held is not claimed twice.
    await second.claim()
    assert hall.places.waiting == 0


async def test_the_workload_is_the_replies_and_those_that_wait() -> None:
    hall = Hall(1)
    assert hall.places.workload == Workload()
    place = await hall.taken()
    _, waiting = await hall.waiting("b")
    hall.now += 1.5
    assert hall.places.workload == Workload(running=1, waiting=1, oldest_wait_s=1.5)
    place.release()
    await waiting
    assert hall.places.workload == Workload(running=1)


async def test_an_engine_that_never_keeps_up_uses_all_its_lanes() -> None:
    hall = Hall()
    hall.speed = SLOW_SPEED - 0.01
    for _ in range(4):
        await hall.taken()
    _, fifth = await hall.waiting()
    assert not fifth.done()
    fifth.cancel()


async def test_a_slow_engine_speaks_one() -> None:
    hall = Hall()
    hall.speed = 0.9
    await hall.taken()
    _, second = await hall.waiting()
    assert not second.done()
    second.cancel()


async def test_more_places_as_the_engine_gets_faster() -> None:
    hall = Hall(1)
    await hall.taken()
    _, second = await hall.waiting()
    hall.count = 2
    await hall.pass_time(0)
    assert second.done()


async def test_the_wait_is_bounded() -> None:
    hall = Hall(1)
    first = await hall.taken()
    _, second = await hall.waiting()
    await hall.pass_time(0)
    first.note_use()
    for _ in range(int(WAIT_SECONDS)):
        assert not second.done()
        await hall.pass_time(1)
        first.note_use()
    with pytest.raises(Busy, match="without gaps; the request waited 30 s"):
        await second
    assert hall.places.waiting == 0


async def test_loading_does_not_count_as_waiting() -> None:
    hall = Hall(1)
    hall.ready = False
    first = await hall.taken()
    _, second = await hall.waiting()
    first.note_use()
    for _ in range(int(MAX_WAIT_SECONDS) - 1):
        await hall.pass_time(1)
        first.note_use()
    assert not second.done()
    await hall.pass_time(1)
    with pytest.raises(Busy):
        await second


async def test_too_many_waiting_requests() -> None:
    hall = Hall(1, max_waiting=1)
    await hall.taken()
    _, second = await hall.waiting()
    with pytest.raises(Busy, match="MAX_QUEUED_REQUESTS"):
        await hall.taken()
    assert not second.done()
    second.cancel()


async def test_an_address_with_many_waiting_requests_makes_room() -> None:
    hall = Hall(1, max_waiting=3)
    first = await hall.taken("a")
    waiting = [(await hall.waiting("a"))[1] for _ in range(3)]
    _, other = await hall.waiting("b")
    assert [task.done() for task in waiting] == [False, False, True]
    with pytest.raises(Busy):
        await waiting[2]
    first.release()
    await settle()
    # Both addresses have no reply in progress: the one that waited longer is first.
    assert (waiting[0].done(), other.done()) == (True, False)
    for task in (*waiting, other):
        task.cancel()


async def test_addresses_take_turns() -> None:
    hall = Hall(2)
    first = await hall.taken("a")
    await hall.taken("a")
    _, same = await hall.waiting("a")
    _, other = await hall.waiting("b")
    first.release()
    await settle()
    assert (same.done(), other.done()) == (False, True)
    same.cancel()


class TestUnusedPlaces:
    async def test_a_reply_that_is_not_read(self) -> None:
        hall = Hall(1)
        first = await hall.taken()
        first.note_offer()
        _, second = await hall.waiting()
        await hall.pass_time(UNREAD_SECONDS - 0.1)
        assert not second.done()
        await hall.pass_time(0.1)
        assert second.done()

    async def test_a_client_that_reads_at_the_speed_of_its_playback(self) -> None:
        hall = Hall(1)
        first = await hall.taken()
        first.note_offer()
        hall.now += READING_SECONDS
        first.note_use()
        first.note_offer()
        _, second = await hall.waiting()
        await hall.pass_time(UNUSED_SECONDS - 0.1)
        assert not second.done()
        await hall.pass_time(0.1)
        assert second.done()

    async def test_buffers_that_take_audio_at_once_are_no_reader(self) -> None:
        hall = Hall(1)
        first = await hall.taken()
        for _ in range(2):
            first.note_offer()
            hall.now += READING_SECONDS - 0.1
            first.note_use()
        first.note_offer()
        _, second = await hall.waiting()
        await hall.pass_time(UNREAD_SECONDS)
        assert second.done()

    async def test_a_reply_that_waits_for_the_engine_keeps_its_place(self) -> None:
        hall = Hall(1)
        await hall.taken()
        _, second = await hall.waiting()
        await hall.pass_time(WAIT_SECONDS - 1)
        assert not second.done()
        second.cancel()

    async def test_a_reply_is_told_of_its_loss_once(self) -> None:
        hall = Hall(1)
        losses: list[float] = []
        first = hall.places.open("a", on_loss=lambda: losses.append(hall.now))
        await first.claim()
        first.note_offer()
        await hall.pass_time(UNREAD_SECONDS)
        assert not losses
        _, second = await hall.waiting()
        await hall.pass_time(0)
        assert second.done()
        await hall.pass_time(10)
        assert len(losses) == 1

    async def test_a_reply_without_more_text(self) -> None:
        hall = Hall(1)
        first = await hall.taken()
        first.note_wait_for_text()
        _, second = await hall.waiting()
        await hall.pass_time(UNUSED_SECONDS - 0.1)
        assert not second.done()
        await hall.pass_time(0.1)
        assert second.done()

    async def test_is_kept_while_nobody_waits(self) -> None:
        hall = Hall(1)
        first = await hall.taken()
        await hall.pass_time(1000)
        await asyncio.wait_for(first.claim(), 5)
        _, second = await hall.waiting()
        assert not second.done()
        second.cancel()

    async def test_a_reply_that_has_begun_comes_first(self) -> None:
        hall = Hall(1)
        begun = await hall.taken()
        begun.note_wait_for_text()
        taking, second = await hall.waiting()
        await hall.pass_time(UNUSED_SECONDS)
        assert second.done()
        _, third = await hall.waiting()
        _, again = await hall.waiting(place=begun)
        taking.release()
        await settle()
        assert (third.done(), again.done()) == (False, True)
        third.cancel()


async def test_a_reply_that_leaves_while_it_waits() -> None:
    hall = Hall(1)
    first = await hall.taken()
    _, second = await hall.waiting()
    second.cancel()
    await settle()
    assert hall.places.waiting == 0
    first.release()
    await hall.taken()


async def test_a_place_granted_to_a_reply_that_leaves_is_free_again() -> None:
    hall = Hall(1)
    first = await hall.taken()
    _, second = await hall.waiting()
    first.release()
    second.cancel()
    await settle()
    await hall.taken()


async def test_crowded() -> None:
    hall = Hall(4)
    places = hall.places
    first = await hall.taken()
    assert not places.crowded
    held = [await hall.taken() for _ in range(2)]
    assert places.crowded
    for each in held:
        each.release()
    assert not places.crowded
    hall.count = 1
    # A single reply is generated as fast as its client reads.
    assert not first.crowded
    _, second = await hall.waiting()
    assert first.crowded
    second.cancel()


async def test_requests_in_the_engines_queue_count() -> None:
    hall = Hall(1, max_waiting=2)
    hall.places = ReplyPlaces(replace(hall.places._load, queued=lambda: 2), lambda: hall.now)
    await hall.taken()
    with pytest.raises(Busy, match="2 requests"):
        await hall.taken()
