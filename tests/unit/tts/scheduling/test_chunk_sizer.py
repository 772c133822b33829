"""Listeners on a simulated machine of known speed; only computing advances the clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pytest

from tests.support.chunk_sizing import NO_AUDIO, PREPARATION_S, Clock, measured
from wyoming_voice_stack.tts.scheduling.chunk_sizer import (
    LAST_BUFFER_SHARE,
    LONGEST_CHUNK_S,
    LONGEST_WHEN_CROWDED_S,
    OVERHEAD_S,
    SHORTEST_CHUNK_S,
    WITHHELD_S,
    ChunkSizer,
)
from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer


@dataclass
class Listener:
    sentence_s: float
    playback: PlaybackBuffer
    first_at_s: float = math.inf
    made_s: float = 0.0
    chunks: list[float] = field(default_factory=list)
    gap_s: float = 0.0


@dataclass
class Machine:
    """Serves one reply at a time, as `FairScheduler` does: the one with the least buffered audio first."""

    speed: float
    sizer: ChunkSizer
    clock: Clock = field(default_factory=Clock)

    def speak(self, sentences_s: list[float]) -> list[Listener]:
        began_s = self.clock.now
        listeners = [Listener(each, PlaybackBuffer(self.clock)) for each in sentences_s]
        while waiting := [each for each in listeners if each.made_s < each.sentence_s - 1e-9]:
            one = min(waiting, key=lambda each: each.playback.buffered_s)
            others = tuple(each.playback.buffered_s for each in waiting if each is not one)
            self._serve(one, others)
            if len(one.chunks) == 1:
                one.first_at_s = self.clock.now - began_s
        return listeners

    def _serve(self, one: Listener, others: tuple[float, ...]) -> None:
        if not one.chunks:
            self._pass(PREPARATION_S)
            self.sizer.record_preparation(PREPARATION_S)
            length_s = self.sizer.first_chunk_s(others)
        else:
            remaining_s = one.sentence_s - one.made_s
            length_s = self.sizer.next_chunk_s(one.playback.buffered_s, others, remaining_s)
        remaining_s = one.sentence_s - one.made_s
        length_s = remaining_s if remaining_s - length_s < SHORTEST_CHUNK_S else length_s
        took_s = (length_s + OVERHEAD_S) / self.speed
        self._pass(took_s)
        self.sizer.record_chunk(length_s, took_s)
        if one.chunks:
            one.gap_s = max(one.gap_s, -one.playback.buffered_s)
        one.playback.add(length_s)
        one.chunks.append(length_s)
        one.made_s += length_s

    def _pass(self, seconds: float) -> None:
        self.clock.now += seconds


class TestAlone:
    @pytest.mark.parametrize("speed", [4.0, 10.0, 20.0, 60.0])
    def test_a_fast_machine_makes_a_short_chunk_and_then_long_ones(self, speed: float) -> None:
        machine = Machine(speed, measured(speed))
        (one,) = machine.speak([4.0])
        assert one.gap_s == 0.0
        assert one.chunks[0] < 2 * SHORTEST_CHUNK_S
        assert one.chunks[1:] == sorted(one.chunks[1:-1]) + one.chunks[-1:]
        if speed >= 20.0:
            assert one.chunks[0] == SHORTEST_CHUNK_S
            assert len(one.chunks) <= 5

    def test_a_slow_machine_begins_later(self) -> None:
        first = {speed: measured(speed).first_chunk_s(()) for speed in (0.5, 1.5, 3.0, 20.0)}
        assert list(first.values()) == sorted(first.values(), reverse=True)
        assert first[0.5] == LONGEST_WHEN_CROWDED_S

    def test_buffered_audio_bounds_the_next_chunk(self) -> None:
        sizer = measured(20.0)
        lengths = [sizer.next_chunk_s(buffered_s, ()) for buffered_s in (-1.0, 0.0, 0.2, 0.3, 5.0)]
        assert lengths[:2] == [SHORTEST_CHUNK_S] * 2
        assert lengths[2] == pytest.approx((0.2 - WITHHELD_S) / 2 * 20.0 - OVERHEAD_S)
        assert lengths == sorted(lengths)
        assert lengths[-1] == LONGEST_CHUNK_S

    def test_the_remainder_is_one_chunk_if_affordable(self) -> None:
        sizer = measured(20.0)
        usual_s = sizer.next_chunk_s(0.15, ())
        last_s = LAST_BUFFER_SHARE * (0.15 - WITHHELD_S) * 20.0 - OVERHEAD_S
        assert sizer.next_chunk_s(0.15, (), last_s - 0.01) == last_s - 0.01
        assert sizer.next_chunk_s(0.15, (), last_s + 0.01) == usual_s < last_s
        # Never at the cost of others, nor beyond the longest chunk.
        assert sizer.next_chunk_s(5.0, (0.1,), 1.5) == sizer.next_chunk_s(5.0, (0.1,)) < 1.5
        assert sizer.next_chunk_s(5.0, (), LONGEST_CHUNK_S + 0.01) == LONGEST_CHUNK_S


class TestTogether:
    @pytest.mark.parametrize("clients", [2, 4, 8])
    @pytest.mark.parametrize("sentence_s", [1.3, 4.2])
    def test_no_listener_has_a_gap(self, clients: int, sentence_s: float) -> None:
        machine = Machine(20.0, measured(20.0))
        listeners = machine.speak([sentence_s + each / 10 for each in range(clients)])
        assert [each.gap_s for each in listeners] == [0.0] * clients

    def test_first_chunks_are_shorter_when_fewer_are_still_to_come(self) -> None:
        machine = Machine(20.0, measured(20.0))
        listeners = machine.speak([4.0] * 8)
        firsts = [each.chunks[0] for each in listeners]
        assert firsts == sorted(firsts, reverse=True)
        assert firsts[-1] < firsts[0] / 2
        # 8 preparations, and first chunks of a third of a second at most.
        assert max(each.first_at_s for each in listeners) < 8 * (PREPARATION_S + 0.43 / 20.0)

    def test_the_speed_is_measured_while_chunks_are_made(self) -> None:
        machine = Machine(20.0, ChunkSizer())
        assert machine.sizer.speed < 10.0
        listeners = machine.speak([4.0] * 8)
        assert [each.gap_s for each in listeners] == [0.0] * 8
        assert machine.sizer.speed == pytest.approx(20.0, rel=0.05)

    def test_replies_with_short_buffers_are_not_kept_waiting(self) -> None:
        sizer = measured(20.0)
        alone, with_a_short_buffer = sizer.next_chunk_s(5.0, ()), sizer.next_chunk_s(
            5.0, (3.0, 0.1)
        )
        assert alone == LONGEST_CHUNK_S
        assert with_a_short_buffer == pytest.approx(
            0.8 * (0.1 - (SHORTEST_CHUNK_S + OVERHEAD_S) / 20.0) * 20.0 - OVERHEAD_S
        )
        # A reply without audio goes first anyway, or is being served on another core.
        assert sizer.next_chunk_s(5.0, (NO_AUDIO,)) == alone

    def test_chunks_side_by_side_take_longer(self) -> None:
        one_by_one, side_by_side = measured(20.0), measured(20.0, at_once=3)
        for others in ((1.0,), (1.0, 1.0, 1.0)):
            assert side_by_side.next_chunk_s(0.2, others) < one_by_one.next_chunk_s(0.2, others)
        crowd = (NO_AUDIO,) * 7
        assert side_by_side.first_chunk_s(crowd) > one_by_one.first_chunk_s(crowd)
        assert side_by_side.next_chunk_s(0.4, ()) == one_by_one.next_chunk_s(0.4, ())

    def test_more_than_the_machine_can_serve_get_long_chunks(self) -> None:
        sizer = measured(20.0)
        crowd = (NO_AUDIO,) * 24
        assert sizer.first_chunk_s(crowd) == LONGEST_WHEN_CROWDED_S
        assert sizer.next_chunk_s(0.0, (1.0,) * 24) == LONGEST_WHEN_CROWDED_S
        # Nearly as many: overhead must leave time for audio.
        assert SHORTEST_CHUNK_S < sizer.next_chunk_s(0.0, (1.0,) * 15) < LONGEST_WHEN_CROWDED_S


class TestWork:
    def test_chunks_that_take_no_time_are_accepted(self) -> None:
        # A model that cannot be windowed has generated its sentence during preparation.
        sizer = ChunkSizer()
        for _ in range(5000):
            sizer.record_chunk(2.0, 0.0)
        assert sizer.first_chunk_s(()) == SHORTEST_CHUNK_S
        assert sizer.next_chunk_s(1.0, (1.0,)) == LONGEST_CHUNK_S

    def test_time_is_shared_by_the_callers_that_compute(self) -> None:
        clock = Clock()
        scheduler = FairScheduler(2, cores=2, clock=clock)
        with scheduler.acquire(PlaybackBuffer(clock)) as turn, turn.measure_chunk(1.0):
            clock.now += 0.1
            with scheduler.acquire(PlaybackBuffer(clock)) as other, other.measure_chunk(2.0):
                clock.now += 0.4
            clock.now += 0.1
        known = ChunkSizer()
        known.record_chunk(2.0, 0.2)
        known.record_chunk(1.0, 0.4)
        assert scheduler.sizer.speed == pytest.approx(known.speed)

    def test_waiting_for_a_turn_is_not_counted(self) -> None:
        clock = Clock()
        scheduler = FairScheduler(1, clock=clock)
        clock.now += 7.0
        with scheduler.acquire(PlaybackBuffer(clock)) as turn, turn.measure_preparation():
            clock.now += 0.5
        assert scheduler.sizer.preparation_s == pytest.approx(0.5)

    def test_a_turn_knows_the_other_buffers(self) -> None:
        clock = Clock()
        scheduler = FairScheduler(2, cores=2, clock=clock)
        rich, poor = PlaybackBuffer(clock), PlaybackBuffer(clock)
        rich.add(3.0)
        with scheduler.acquire(rich) as one, scheduler.acquire(poor) as other:
            assert one.next_chunk_s() == scheduler.sizer.next_chunk_s(3.0, (NO_AUDIO,))
            assert other.first_chunk_s() == scheduler.sizer.first_chunk_s((3.0,))
            # The next sentence of a reply that is playing need not begin with a short chunk.
            assert one.first_chunk_s() == one.next_chunk_s()

    def test_a_reply_that_is_not_played_cannot_run_dry(self) -> None:
        scheduler = FairScheduler()
        with scheduler.acquire(PlaybackBuffer()) as turn:
            assert turn.next_chunk_s() == LONGEST_CHUNK_S


class TestPlayback:
    def test_withheld_audio_is_not_buffered(self) -> None:
        clock = Clock()
        playback = PlaybackBuffer(clock)
        playback.add(1.0)
        clock.now += 0.25
        playback.set_withheld(0.5)
        assert playback.buffered_s == pytest.approx(0.25)
        playback.set_withheld(-0.25)
        assert playback.buffered_s == pytest.approx(1.0)
