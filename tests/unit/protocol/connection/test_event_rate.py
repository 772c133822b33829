from __future__ import annotations

import asyncio

from wyoming_voice_stack.background import TURN_SECONDS, OverloadTurns
from wyoming_voice_stack.protocol.connection.event_rate import (
    BURST_EVENTS,
    BYTES_PER_EVENT,
    EVENTS_PER_SECOND,
    EVENTS_PER_TURN,
    EventRate,
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def paid_before_waiting(rate: EventRate, event_bytes: int = 0, most: int = 10_000) -> int:
    """Return how many events are taken without a turn for others."""
    count = 0

    async def pay() -> None:
        nonlocal count
        while count < most:
            await rate.pay(event_bytes)
            count += 1

    paying = asyncio.create_task(pay())
    await asyncio.sleep(0)
    paying.cancel()
    await asyncio.wait({paying})
    return count


async def test_burst_then_a_few_in_each_turn() -> None:
    rate = EventRate(OverloadTurns(), Clock())
    assert await paid_before_waiting(rate) == BURST_EVENTS + EVENTS_PER_TURN - 1
    assert await paid_before_waiting(rate) == EVENTS_PER_TURN - 1


async def test_large_events_count_more() -> None:
    rate = EventRate(OverloadTurns(), Clock())
    events = await paid_before_waiting(rate, 31 * BYTES_PER_EVENT)
    assert events == 1
    assert await paid_before_waiting(rate, 31 * BYTES_PER_EVENT) == 0


async def test_an_ordinary_client_never_waits() -> None:
    clock = Clock()
    rate = EventRate(OverloadTurns(), clock)
    assert await paid_before_waiting(rate, most=BURST_EVENTS) == BURST_EVENTS
    for _ in range(1000):
        clock.now += 1.01 / EVENTS_PER_SECOND
        assert await paid_before_waiting(rate, most=1) == 1


async def test_debt_is_bounded() -> None:
    clock = Clock()
    rate = EventRate(OverloadTurns(), clock)
    for _ in range(50):
        await paid_before_waiting(rate, 100 * BYTES_PER_EVENT, most=1)
    clock.now += 2 * BURST_EVENTS / EVENTS_PER_SECOND
    assert await paid_before_waiting(rate, most=BURST_EVENTS) == BURST_EVENTS


async def test_one_connection_beyond_its_rate_in_each_turn() -> None:
    turns = OverloadTurns()
    done: list[str] = []

    async def work(name: str) -> None:
        for _ in range(3):
            await turns.wait()
            done.append(name)

    workers = [asyncio.create_task(work(name)) for name in "abcd"]
    most = 0
    while len(done) < 12:
        before = len(done)
        await asyncio.sleep(0)
        most = max(most, len(done) - before)
    assert most == 1
    assert "".join(done) == "abcd" * 3
    await asyncio.gather(*workers)


async def test_a_cancelled_one_does_not_keep_the_turn() -> None:
    turns = OverloadTurns()
    leaving = asyncio.create_task(turns.wait())
    staying = asyncio.create_task(turns.wait())
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait_for(staying, 5)
    await asyncio.wait_for(turns.wait(), 5)


async def test_many_within_their_rates_share_a_turn() -> None:
    """A turn ends for all of them once their events have taken its time."""
    clock = Clock()
    turns = OverloadTurns(clock=clock, wall_clock=clock)
    done: list[int] = []

    async def work(number: int) -> None:
        rate = EventRate(turns, Clock())
        for _ in range(4):
            clock.now += TURN_SECONDS / 2
            await rate.pay(0)
            done.append(number)

    workers = [asyncio.create_task(work(number)) for number in range(8)]
    counts = []
    while len(done) < 32:
        before = len(done)
        await asyncio.sleep(0)
        counts.append(len(done) - before)
    # All begin together, so the events of their first turn cannot be told apart.
    assert max(counts[1:]) <= 3
    assert sorted(done) == sorted(list(range(8)) * 4)
    await asyncio.gather(*workers)


async def test_a_turn_with_time_left_is_not_left() -> None:
    clock = Clock()
    rate = EventRate(OverloadTurns(clock=clock), Clock())

    async def tick() -> None:
        for _ in range(BURST_EVENTS - 1):
            clock.now += 0.9 * TURN_SECONDS / BURST_EVENTS
            await rate.pay(0)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    assert ticking.done()


async def test_waiting_for_a_core_is_no_work() -> None:
    clock, wall_clock = Clock(), Clock()
    turns = OverloadTurns(clock=clock, wall_clock=wall_clock)
    for _ in range(10):
        assert not turns.used_up
        wall_clock.now += TURN_SECONDS
    clock.now += TURN_SECONDS / 2
    assert turns.used_up
    await asyncio.sleep(0)
    for _ in range(2):
        assert not turns.used_up
        wall_clock.now += TURN_SECONDS
