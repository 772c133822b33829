"""Turns of the scheduler, requested and granted without threads."""

from __future__ import annotations

from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.scheduling.scheduler_turn import SchedulerTurn


def buffered(seconds: float | None) -> PlaybackBuffer:
    """A reply with so many seconds of audio; None if it has none yet."""
    playback = PlaybackBuffer()
    if seconds is not None:
        playback.add(seconds)
    return playback


class Requests:
    """Turns that were asked for, and which of them were granted."""

    def __init__(self, scheduler: FairScheduler) -> None:
        self._scheduler = scheduler
        self.granted: list[str] = []

    def ask(
        self, name: str, playback: PlaybackBuffer, sentence: int | None = None
    ) -> SchedulerTurn:
        return self._scheduler.request_turn(playback, sentence, lambda: self.granted.append(name))
