from __future__ import annotations

import asyncio

from wyoming.event import Event

from wyoming_voice_stack.protocol.inbox import EVENT_OVERHEAD_BYTES, MAX_WAITING_BYTES, Inbox


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_full_inbox_makes_the_sender_wait() -> None:
    inbox = Inbox()
    await inbox.put(Event("one"), MAX_WAITING_BYTES)
    waiting = asyncio.create_task(inbox.put(Event("two"), 1))
    await settle()
    assert not waiting.done()
    assert len(inbox) == 1
    assert await inbox.take() == Event("one")
    await waiting
    assert await inbox.take() == Event("two")


async def test_it_is_pending_until_the_last_event_is_handled() -> None:
    inbox = Inbox()
    assert not inbox.pending
    await inbox.put(Event("one"), 1)
    assert inbox.pending
    await inbox.take()
    assert inbox.pending
    inbox.mark_handled()
    assert not inbox.pending


async def test_small_events_count_as_the_least_size() -> None:
    inbox = Inbox()
    for _ in range(MAX_WAITING_BYTES // EVENT_OVERHEAD_BYTES):
        await inbox.put(Event("tiny"), 1)
    waiting = asyncio.create_task(inbox.put(Event("tiny"), 1))
    await settle()
    assert not waiting.done()
    waiting.cancel()
    await asyncio.wait({waiting})
