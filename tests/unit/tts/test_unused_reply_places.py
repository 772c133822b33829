"""Places of replies that do not use the engine."""

from __future__ import annotations

import asyncio

from tests.support.reply_places import Hall, settle
from wyoming_voice_stack.tts.reply_places import (
    READING_SECONDS,
    UNREAD_SECONDS,
    UNUSED_SECONDS,
    WAIT_SECONDS,
)


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
