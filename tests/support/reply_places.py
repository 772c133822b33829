"""Replies that wait for a place, in virtual time."""

from __future__ import annotations

import asyncio

from wyoming_voice_stack.tts.reply_places import (
    SPEED_SHARE,
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
