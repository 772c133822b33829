"""The first window of a sentence on several threads: one more computes the flow of what follows."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.fakes import WAIT_SECONDS
from tests.support.voice_windows import again, counted_stages, feeds
from wyoming_voice_stack.tts.engines.vits.sessions import StreamingVoice, load_voice
from wyoming_voice_stack.tts.engines.vits.stages import Stage
from wyoming_voice_stack.tts.engines.vits.streaming_sentence import (
    FLOW_AHEAD_FRAMES,
    LAST_FLOW_FRAMES,
    MAX_SHORT_FRAMES,
    StreamingSentence,
)
from wyoming_voice_stack.tts.engines.vits.windows import Window

FLOW_STAGES = 4
FIRST = 12


class _Failing:
    """A session that fails on inputs of at least so many positions."""

    def __init__(self, session: Any, positions: int) -> None:
        self._session = session
        self._positions = positions

    def get_inputs(self) -> Any:
        return self._session.get_inputs()

    def run(self, names: list[str], given: dict[str, np.ndarray]) -> Any:
        if next(iter(given.values())).shape[-1] >= self._positions:
            raise RuntimeError("out of order")
        return self._session.run(names, given)


class _Held:
    """A session that keeps inputs of at least so many positions until it is released."""

    def __init__(self, session: Any, positions: int) -> None:
        self._session = session
        self._positions = positions
        self.release = threading.Event()

    def get_inputs(self) -> Any:
        return self._session.get_inputs()

    def run(self, names: list[str], given: dict[str, np.ndarray]) -> Any:
        if next(iter(given.values())).shape[-1] >= self._positions:
            assert self.release.wait(WAIT_SECONDS)
        return self._session.run(names, given)


@pytest.fixture(scope="module")
def joe(piper_model: Path) -> StreamingVoice:
    voice = load_voice(piper_model)
    assert isinstance(voice, StreamingVoice)
    return voice


@pytest.fixture(scope="module")
def sentence(joe: StreamingVoice) -> StreamingSentence:
    found = joe.encode(feeds(110))
    assert found.frames > FLOW_AHEAD_FRAMES + LAST_FLOW_FRAMES
    return found


def flow_positions(
    joe: StreamingVoice, sentence: StreamingSentence, cuts: list[Window], threads: int
) -> list[list[int]]:
    """For each window, the positions that the first stage of the flow was given."""
    stages, made = counted_stages(joe)
    counted, positions = again(sentence, stages), []
    for each in cuts:
        before = len(made[0])
        counted.decode(each, threads)
        if counted._coming is not None:
            counted._coming[1].result(WAIT_SECONDS)
        positions.append(sorted(made[0][before:]))
    return positions


def test_the_flow_is_computed_ahead(joe: StreamingVoice, sentence: StreamingSentence) -> None:
    cuts = [Window(0, FIRST), Window(FIRST, 2 * FIRST), Window(2 * FIRST, sentence.frames)]
    first, second, last = flow_positions(joe, sentence, cuts, threads=2)
    context = joe._stages[0].signature.receptive_field
    ahead = FLOW_AHEAD_FRAMES + context.right * FLOW_STAGES
    assert len(first) == 2
    assert first[0] < first[1] == ahead
    # What was computed ahead is enough for it.
    assert second == []
    assert sum(last) - len(last) * context.left < sentence.frames - FLOW_AHEAD_FRAMES + 2 * 8


@pytest.mark.parametrize("phonemes", [40, 60])
def test_the_whole_flow_of_a_shorter_sentence_is_computed_ahead(
    joe: StreamingVoice, phonemes: int
) -> None:
    shorter = joe.encode(feeds(phonemes))
    assert FLOW_AHEAD_FRAMES < shorter.frames <= FLOW_AHEAD_FRAMES + LAST_FLOW_FRAMES
    cuts = [Window(0, FIRST), Window(FIRST, shorter.frames)]
    first, last = flow_positions(joe, shorter, cuts, threads=2)
    assert max(first) == shorter.frames
    assert last == []


@pytest.mark.parametrize(("first", "threads"), [(FIRST, 1), (MAX_SHORT_FRAMES + 1, 2), (None, 2)])
def test_other_first_windows_are_not(
    joe: StreamingVoice, sentence: StreamingSentence, first: int | None, threads: int
) -> None:
    stages, made = counted_stages(joe)
    again(sentence, stages).decode(Window(0, first or sentence.frames), threads)
    context = joe._stages[0].signature.receptive_field
    most = (first or sentence.frames) + FLOW_STAGES * 3 * (context.left + context.right)
    assert sum(made[0]) <= most


def test_one_thread_decodes_the_first_window_beside_a_core_that_sleeps(
    joe: StreamingVoice, sentence: StreamingSentence
) -> None:
    stages, made = counted_stages(joe)
    beside_idle = StreamingSentence(stages, dict(sentence._tensors), cores_awake=False)
    beside_idle.decode(Window(0, FIRST), threads=2)
    assert [len(each) for each in made] == [1] * len(made)
    assert beside_idle._coming is None
    beside_idle.decode(Window(FIRST, sentence.frames), threads=2)
    assert all(len(each) > 2 for each in made)


@pytest.mark.parametrize("short", [MAX_SHORT_FRAMES, 1])
def test_windows_are_the_same_waveform(
    joe: StreamingVoice, sentence: StreamingSentence, short: int
) -> None:
    whole = again(sentence, joe._stages).decode(Window(0, sentence.frames))
    cuts = [Window(0, short), Window(short, 90), Window(90, sentence.frames)]
    divided = again(sentence, joe._stages)
    shared = np.concatenate([divided.decode(each, threads=2) for each in cuts])
    assert np.abs(whole).max() > 0.01
    assert np.abs(shared - whole).max() < 1e-5


@pytest.mark.parametrize(("stage", "positions"), [(0, FLOW_AHEAD_FRAMES), (-1, 1)])
def test_an_error_of_either_thread_is_raised(
    joe: StreamingVoice, sentence: StreamingSentence, stage: int, positions: int
) -> None:
    stages = list(joe._stages)
    failing: Any = _Failing(stages[stage].session, positions)
    stages[stage] = Stage(failing, stages[stage].signature)
    failed = again(sentence, stages)
    with pytest.raises(RuntimeError, match="out of order"):
        decode_two(failed)


def decode_two(sentence: StreamingSentence) -> None:
    """Decode the first two windows; the second one waits for the flow that was computed meanwhile."""
    for each in (Window(0, FIRST), Window(FIRST, 2 * FIRST)):
        sentence.decode(each, threads=2)


def test_the_first_window_does_not_wait_for_the_flow(
    joe: StreamingVoice, sentence: StreamingSentence
) -> None:
    stages = list(joe._stages)
    held: Any = _Held(stages[0].session, FLOW_AHEAD_FRAMES)
    stages[0] = Stage(held, stages[0].signature)
    waiting = again(sentence, stages)
    assert len(waiting.decode(Window(0, FIRST), threads=2)) == FIRST * sentence.hop
    assert waiting._coming is not None
    assert not waiting._coming[1].done()
    held.release.set()
    waiting.decode(Window(FIRST, 2 * FIRST), threads=2)
    assert waiting._coming is None
