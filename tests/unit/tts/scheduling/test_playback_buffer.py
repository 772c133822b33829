from __future__ import annotations

import math

from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer


def still() -> PlaybackBuffer:
    return PlaybackBuffer(clock=lambda: 0.0)


def test_a_later_sentence_counts_once_the_earlier_ones_are_complete() -> None:
    playback = still()
    first, second, third = (playback.begin_sentence() for _ in range(3))
    third.add(4.0)
    second.add(2.0)
    second.finish()
    assert math.isinf(playback.buffered_s)
    first.add(1.0)
    assert playback.buffered_s == 1.0
    first.finish()
    assert playback.buffered_s == 7.0
    third.add(1.0)
    assert playback.buffered_s == 8.0


def test_a_sentence_may_finish_without_audio_and_twice() -> None:
    playback = still()
    first, second = playback.begin_sentence(), playback.begin_sentence()
    first.finish()
    first.finish()
    assert math.isinf(playback.buffered_s)
    second.add(3.0)
    assert playback.buffered_s == 3.0
