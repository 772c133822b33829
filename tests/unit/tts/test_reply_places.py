from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.reply_places import Hall, settle
from wyoming_voice_stack.engine.status import Workload
from wyoming_voice_stack.errors import Busy
from wyoming_voice_stack.tts.reply_places import (
    MAX_WAIT_SECONDS,
    SLOW_SPEED,
    WAIT_SECONDS,
    ReplyPlaces,
)


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


async def test_an_engine_may_need_more_of_its_speed() -> None:
    hall = Hall()
    hall.speed = 5.0
    hall.places = ReplyPlaces(replace(hall.places._load, speed_share=0.8), lambda: hall.now)
    for _ in range(4):
        await hall.taken()
    _, fifth = await hall.waiting()
    assert not fifth.done()
    fifth.cancel()


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
