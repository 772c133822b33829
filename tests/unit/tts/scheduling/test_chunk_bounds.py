"""The shortest and the longest chunks of a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.support.chunk_sizing import NO_AUDIO, PREPARATION_S, Clock, measured
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import decode_in_chunks
from wyoming_voice_stack.tts.engines.vits.windows import Window
from wyoming_voice_stack.tts.scheduling.chunk_sizer import (
    LAST_BUFFER_SHARE,
    LONGEST_CHUNK_S,
    LONGEST_WHEN_CROWDED_S,
    MARGIN,
    OVERHEAD_S,
    SHORTEST_CHUNK_S,
    WITHHELD_S,
)
from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer


@dataclass
class Sentence:
    """A sentence of so many frames, computed at a speed of 20."""

    clock: Clock
    frames: int
    hop: int = 10
    decoding_share: float = 1.0

    def decode(self, window: Window, threads: int = 1) -> range:
        del threads
        length = window.stop - window.start
        self.clock.now += (length / 100 + OVERHEAD_S) / 20.0
        return range(window.start, window.stop)


class TestPieces:
    @pytest.mark.parametrize(("frames", "count"), [(114, 2), (140, 3)])
    def test_the_last_chunk_takes_all_that_is_left(self, frames: int, count: int) -> None:
        clock = Clock()
        scheduler, playback = FairScheduler(clock=clock), PlaybackBuffer(clock)
        scheduler.sizer = measured(20.0)
        sentence = Sentence(clock, frames)
        made = []
        for piece, last in decode_in_chunks(lambda _threads: sentence, 1000, scheduler, playback):
            playback.add(len(piece) / 100)
            made.append((piece, last))
        assert [number for piece, _ in made for number in piece] == list(range(frames))
        assert [last for _, last in made] == [False] * (count - 1) + [True]


class TestBounds:
    def test_rest_of_a_sentence_is_one_chunk_up_to_what_is_affordable(self) -> None:
        sizer = measured(2.0)
        affordable_s = sizer._affordable_s(LAST_BUFFER_SHARE, 1.0, (), 1)
        assert SHORTEST_CHUNK_S < affordable_s < LONGEST_CHUNK_S
        assert sizer.next_chunk_s(1.0, (), affordable_s) == affordable_s
        assert sizer.next_chunk_s(1.0, (), affordable_s + 0.001) < affordable_s

    def test_reply_without_audio_in_hand_gets_the_shortest_chunk_for_all_replies(self) -> None:
        sizer = measured(8.0)
        others = (0.0,) * 6
        assert sizer._shortest_s(7) > sizer._shortest_s(6)
        assert sizer.next_chunk_s(0.0, others) == sizer._shortest_s(7)

    def test_first_chunk_lasts_until_others_have_theirs(self) -> None:
        speed, sizer = 8.0, measured(8.0)
        others_s = PREPARATION_S + OVERHEAD_S / speed
        own_s = (SHORTEST_CHUNK_S + OVERHEAD_S) / speed
        lasting_s = (MARGIN * (others_s + own_s) + WITHHELD_S) / (1 - MARGIN / speed)
        assert sizer._shortest_s(2) < lasting_s < LONGEST_WHEN_CROWDED_S
        assert sizer.first_chunk_s((NO_AUDIO,)) == pytest.approx(lasting_s)

    @pytest.mark.parametrize(("others", "together"), [(0, 1), (1, 2), (3, 4), (9, 4)])
    def test_as_many_compute_at_once_as_there_are_replies(self, others: int, together: int) -> None:
        assert measured(8.0, at_once=4)._parallel((0.0,) * others, None) == together

    def test_the_next_sentence_of_a_reply_computes_at_once_but_is_no_other_reply(self) -> None:
        sizer = measured(2.0, at_once=2)
        alone_s, with_next_s = sizer.next_chunk_s(1.0, ()), sizer.next_chunk_s(1.0, (), callers=2)
        with_another_s = sizer.next_chunk_s(1.0, (1.0,))
        assert SHORTEST_CHUNK_S < with_next_s < alone_s < with_another_s == LONGEST_WHEN_CROWDED_S
