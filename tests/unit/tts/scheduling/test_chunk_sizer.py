"""Listeners on a machine of a known speed, by a clock that only computing moves."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pytest

from wyoming_voice_stack.tts.engines.vits.sentence_decoding import pieces
from wyoming_voice_stack.tts.engines.vits.windows import Window
from wyoming_voice_stack.tts.scheduling.chunk_sizer import (
    LAST_SHARE,
    LONGEST_IN_CROWD_S,
    LONGEST_S,
    SEAM_S,
    SHORTEST_S,
    SILENT_S,
    ChunkSizer,
)
from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer

READING_S = 0.02
NOBODY = -math.inf


def measured(speed: float, at_once: int = 1) -> ChunkSizer:
    pace = ChunkSizer(at_once)
    for _ in range(100):
        pace.made(1.0, (1.0 + SEAM_S) / speed)
        pace.read(READING_S)
    return pace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Listener:
    sentence_s: float
    playback: PlaybackBuffer
    first_at_s: float = math.inf
    made_s: float = 0.0
    pieces: list[float] = field(default_factory=list)
    gap_s: float = 0.0


@dataclass
class House:
    """Serves all who want sound one after the other, as `FairScheduler` does; who has least goes first."""

    speed: float
    pace: ChunkSizer
    clock: Clock = field(default_factory=Clock)

    def speak(self, sentences_s: list[float]) -> list[Listener]:
        began_s = self.clock.now
        everybody = [Listener(each, PlaybackBuffer(self.clock)) for each in sentences_s]
        while waiting := [each for each in everybody if each.made_s < each.sentence_s - 1e-9]:
            one = min(waiting, key=lambda each: each.playback.ahead_s)
            others = tuple(each.playback.ahead_s for each in waiting if each is not one)
            self._serve(one, others)
            if len(one.pieces) == 1:
                one.first_at_s = self.clock.now - began_s
        return everybody

    def _serve(self, one: Listener, others: tuple[float, ...]) -> None:
        if not one.pieces:
            self._pass(READING_S)
            self.pace.read(READING_S)
            length_s = self.pace.first_s(others)
        else:
            rest_s = one.sentence_s - one.made_s
            length_s = self.pace.next_s(one.playback.ahead_s, others, rest_s)
        rest_s = one.sentence_s - one.made_s
        length_s = rest_s if rest_s - length_s < SHORTEST_S else length_s
        took_s = (length_s + SEAM_S) / self.speed
        self._pass(took_s)
        self.pace.made(length_s, took_s)
        if one.pieces:
            one.gap_s = max(one.gap_s, -one.playback.ahead_s)
        one.playback.add(length_s)
        one.pieces.append(length_s)
        one.made_s += length_s

    def _pass(self, seconds: float) -> None:
        self.clock.now += seconds


class TestAlone:
    @pytest.mark.parametrize("speed", [4.0, 10.0, 20.0, 60.0])
    def test_a_quick_machine_says_a_short_piece_and_then_long_ones(self, speed: float) -> None:
        house = House(speed, measured(speed))
        (one,) = house.speak([4.0])
        assert one.gap_s == 0.0
        assert one.pieces[0] < 2 * SHORTEST_S
        assert one.pieces[1:] == sorted(one.pieces[1:-1]) + one.pieces[-1:]
        if speed >= 20.0:
            assert one.pieces[0] == SHORTEST_S
            assert len(one.pieces) <= 5

    def test_a_slow_machine_begins_later(self) -> None:
        first = {speed: measured(speed).first_s(()) for speed in (0.5, 1.5, 3.0, 20.0)}
        assert list(first.values()) == sorted(first.values(), reverse=True)
        assert first[0.5] == LONGEST_IN_CROWD_S

    def test_what_is_in_hand_bounds_the_next(self) -> None:
        pace = measured(20.0)
        lengths = [pace.next_s(ahead_s, ()) for ahead_s in (-1.0, 0.0, 0.2, 0.3, 5.0)]
        assert lengths[:2] == [SHORTEST_S] * 2
        assert lengths[2] == pytest.approx((0.2 - SILENT_S) / 2 * 20.0 - SEAM_S)
        assert lengths == sorted(lengths)
        assert lengths[-1] == LONGEST_S

    def test_all_that_is_left_is_said_at_once_if_it_can_be(self) -> None:
        pace = measured(20.0)
        usual_s = pace.next_s(0.15, ())
        last_s = LAST_SHARE * (0.15 - SILENT_S) * 20.0 - SEAM_S
        assert pace.next_s(0.15, (), last_s - 0.01) == last_s - 0.01
        assert pace.next_s(0.15, (), last_s + 0.01) == usual_s < last_s
        # Never at the cost of others, nor beyond what one piece may have.
        assert pace.next_s(5.0, (0.1,), 1.5) == pace.next_s(5.0, (0.1,)) < 1.5
        assert pace.next_s(5.0, (), LONGEST_S + 0.01) == LONGEST_S


class TestTogether:
    @pytest.mark.parametrize("clients", [2, 4, 8])
    @pytest.mark.parametrize("sentence_s", [1.3, 4.2])
    def test_nobody_has_a_gap(self, clients: int, sentence_s: float) -> None:
        house = House(20.0, measured(20.0))
        everybody = house.speak([sentence_s + each / 10 for each in range(clients)])
        assert [each.gap_s for each in everybody] == [0.0] * clients

    def test_first_pieces_are_shorter_where_fewer_are_still_to_come(self) -> None:
        house = House(20.0, measured(20.0))
        everybody = house.speak([4.0] * 8)
        firsts = [each.pieces[0] for each in everybody]
        assert firsts == sorted(firsts, reverse=True)
        assert firsts[-1] < firsts[0] / 2
        # 8 readings, and first pieces of a third of a second at most.
        assert max(each.first_at_s for each in everybody) < 8 * (READING_S + 0.43 / 20.0)

    def test_the_speed_is_learnt_while_they_speak(self) -> None:
        house = House(20.0, ChunkSizer())
        assert house.pace.speed < 10.0
        everybody = house.speak([4.0] * 8)
        assert [each.gap_s for each in everybody] == [0.0] * 8
        assert house.pace.speed == pytest.approx(20.0, rel=0.05)

    def test_others_who_have_little_are_not_kept_waiting(self) -> None:
        pace = measured(20.0)
        alone, beside_poor = pace.next_s(5.0, ()), pace.next_s(5.0, (3.0, 0.1))
        assert alone == LONGEST_S
        assert beside_poor == pytest.approx(
            0.8 * (0.1 - (SHORTEST_S + SEAM_S) / 20.0) * 20.0 - SEAM_S
        )
        # Who has heard nothing goes first anyway, or is being served on another core.
        assert pace.next_s(5.0, (NOBODY,)) == alone

    def test_pieces_beside_each_other_take_longer(self) -> None:
        one_by_one, side_by_side = measured(20.0), measured(20.0, at_once=3)
        for others in ((1.0,), (1.0, 1.0, 1.0)):
            assert side_by_side.next_s(0.2, others) < one_by_one.next_s(0.2, others)
        crowd = (NOBODY,) * 7
        assert side_by_side.first_s(crowd) > one_by_one.first_s(crowd)
        assert side_by_side.next_s(0.4, ()) == one_by_one.next_s(0.4, ())

    def test_more_than_the_machine_can_serve_get_long_pieces(self) -> None:
        pace = measured(20.0)
        crowd = (NOBODY,) * 24
        assert pace.first_s(crowd) == LONGEST_IN_CROWD_S
        assert pace.next_s(0.0, (1.0,) * 24) == LONGEST_IN_CROWD_S
        # Nearly as many: seams must leave time for sound.
        assert SHORTEST_S < pace.next_s(0.0, (1.0,) * 15) < LONGEST_IN_CROWD_S


class TestWork:
    def test_pieces_that_take_no_time_are_no_trouble(self) -> None:
        # A model that cannot be cut has spoken its sentence when it has read it.
        pace = ChunkSizer()
        for _ in range(5000):
            pace.made(2.0, 0.0)
        assert pace.first_s(()) == SHORTEST_S
        assert pace.next_s(1.0, (1.0,)) == LONGEST_S

    def test_time_is_shared_by_those_who_compute(self) -> None:
        clock = Clock()
        turns = FairScheduler(2, cores=2, clock=clock)
        with turns.take(PlaybackBuffer(clock)) as turn, turn.making(1.0):
            clock.now += 0.1
            with turns.take(PlaybackBuffer(clock)) as other, other.making(2.0):
                clock.now += 0.4
            clock.now += 0.1
        known = ChunkSizer()
        known.made(2.0, 0.2)
        known.made(1.0, 0.4)
        assert turns.pace.speed == pytest.approx(known.speed)

    def test_waiting_for_a_turn_is_no_work(self) -> None:
        clock = Clock()
        turns = FairScheduler(1, clock=clock)
        clock.now += 7.0
        with turns.take(PlaybackBuffer(clock)) as turn, turn.reading():
            clock.now += 0.5
        assert turns.pace.reading_s == pytest.approx(0.5)

    def test_a_turn_knows_what_the_others_have(self) -> None:
        clock = Clock()
        turns = FairScheduler(2, cores=2, clock=clock)
        rich, poor = PlaybackBuffer(clock), PlaybackBuffer(clock)
        rich.add(3.0)
        with turns.take(rich) as one, turns.take(poor) as other:
            assert one.next_s() == turns.pace.next_s(3.0, (NOBODY,))
            assert other.first_s() == turns.pace.first_s((3.0,))
            # The next sentence of somebody who is listening need not begin with a short piece.
            assert one.first_s() == one.next_s()

    def test_where_nobody_plays_it_nobody_runs_dry(self) -> None:
        turns = FairScheduler()
        with turns.take(PlaybackBuffer()) as turn:
            assert turn.next_s() == LONGEST_S


@dataclass
class Sentence:
    """As long as it is, and made at a speed of 20."""

    clock: Clock
    frames: int
    hop: int = 10

    def decode(self, window: Window, hands: int = 1) -> range:
        del hands
        length = window.stop - window.start
        self.clock.now += (length / 100 + SEAM_S) / 20.0
        return range(window.start, window.stop)


class TestPieces:
    @pytest.mark.parametrize(("frames", "count"), [(114, 2), (140, 3)])
    def test_a_sentence_ends_with_a_piece_of_all_that_is_left(
        self, frames: int, count: int
    ) -> None:
        clock = Clock()
        turns, playback = FairScheduler(clock=clock), PlaybackBuffer(clock)
        turns.pace = measured(20.0)
        sentence = Sentence(clock, frames)
        made = []
        for piece, last in pieces(lambda _hands: sentence, 1000, turns, playback):
            playback.add(len(piece) / 100)
            made.append((piece, last))
        assert [number for piece, _ in made for number in piece] == list(range(frames))
        assert [last for _, last in made] == [False] * (count - 1) + [True]


class TestPlayback:
    def test_what_is_held_back_is_not_in_hand(self) -> None:
        clock = Clock()
        playback = PlaybackBuffer(clock)
        playback.add(1.0)
        clock.now += 0.25
        playback.hold(0.5)
        assert playback.ahead_s == pytest.approx(0.25)
        playback.hold(-0.25)
        assert playback.ahead_s == pytest.approx(1.0)
