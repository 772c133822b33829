from __future__ import annotations

import asyncio

import pytest
from wyoming.event import Event

from wyoming_voice_stack.errors import Busy
from wyoming_voice_stack.protocol.connection.inbox import (
    EVENT_OVERHEAD_BYTES,
    MAX_WAITING_BYTES,
    OWN_BYTES,
    Inbox,
    InboxPool,
)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_full_inbox_makes_the_sender_wait() -> None:
    inbox = Inbox(InboxPool())
    await inbox.put(Event("one"), MAX_WAITING_BYTES)
    waiting = asyncio.create_task(inbox.put(Event("two"), 1))
    await settle()
    assert not waiting.done()
    assert len(inbox) == 1
    assert await inbox.take() == Event("one")
    await waiting
    assert await inbox.take() == Event("two")


async def test_it_is_pending_until_the_last_event_is_handled() -> None:
    inbox = Inbox(InboxPool())
    assert not inbox.pending
    await inbox.put(Event("one"), 1)
    assert inbox.pending
    await inbox.take()
    assert inbox.pending
    inbox.mark_handled()
    assert not inbox.pending


async def test_small_events_count_as_the_least_size() -> None:
    inbox = Inbox(InboxPool())
    for _ in range(MAX_WAITING_BYTES // EVENT_OVERHEAD_BYTES):
        await inbox.put(Event("tiny"), 1)
    waiting = asyncio.create_task(inbox.put(Event("tiny"), 1))
    await settle()
    assert not waiting.done()
    waiting.cancel()
    await asyncio.wait({waiting})


async def test_the_pool_bounds_all_inboxes_but_leaves_each_its_own_part() -> None:
    pool = InboxPool(100_000)
    full, other = Inbox(pool), Inbox(pool)
    await full.put(Event("large"), OWN_BYTES + 100_000)
    assert pool.used_bytes == 100_000
    # Others still have their own bytes, one small event after another.
    await other.put(Event("small"), OWN_BYTES)
    waiting = asyncio.create_task(other.put(Event("more"), 1))
    await settle()
    assert not waiting.done()
    await other.take()
    await waiting
    await full.take()
    assert pool.used_bytes == 0


async def test_an_event_for_which_nothing_is_left_is_refused() -> None:
    pool = InboxPool(1000)
    inbox = Inbox(pool)
    with pytest.raises(Busy, match="try again"):
        await inbox.put(Event("large"), OWN_BYTES + 1001)
    await inbox.put(Event("smaller"), OWN_BYTES + 1000)


async def test_a_closed_inbox_returns_what_it_held() -> None:
    pool = InboxPool()
    inbox = Inbox(pool)
    await inbox.put(Event("large"), OWN_BYTES * 2)
    assert pool.used_bytes == OWN_BYTES
    inbox.clear()
    assert (pool.used_bytes, len(inbox)) == (0, 0)
