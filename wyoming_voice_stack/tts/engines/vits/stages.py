"""Parts of a model one behind the other: of every tensor between them, each position is made once.

A part is asked for positions in their order. It makes those that it has not made yet, out of what
the part before it is asked for; what may still be asked for is kept. So a window costs beyond its own
length only what each part looks around, not the sum of all.

Several threads share a part's work by taking a stretch of the positions each. What ONNX Runtime does
instead, threads that share every single layer, gains next to nothing on windows as short as a first one.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.tts.engines.vits.partition import Ports
from wyoming_voice_stack.tts.engines.vits.receptive_field import ReceptiveField
from wyoming_voice_stack.tts.engines.vits.windows import Window

LEAST_SHARE = 0.25
"""Of what a stage looks around itself, so much must a thread make to be of help: it has nothing else to
do, and half of a first piece's work is what it looks around."""
MOST_POSITIONS = 4096
"""Of a result, so many are made at once. Longer stretches of the last two stages, which are two thirds of the
work, take a tenth longer each, and all of two seconds of sound holds several times the memory."""
SEAMLESS = 40
"""A stretch is at least so many times as long as what a stage looks around itself: cuts cost nothing then."""

Tensor = npt.NDArray[Any]


Work = Callable[[Window], Tensor]


class Crew(Protocol):
    """Threads that help."""

    hands: int
    """How many threads there are, the caller included."""

    def map(self, work: Work, windows: Sequence[Window]) -> Iterable[Tensor]:
        """Do the work for all windows, at the same time; after an error for no more of them."""
        ...


class _Alone:
    hands = 1

    def map(self, work: Work, windows: Sequence[Window]) -> Iterable[Tensor]:
        return map(work, windows)


class _Helpers:
    def __init__(self, pool: ThreadPoolExecutor, count: int) -> None:
        self._pool = pool
        self.hands = 1 + count

    def map(self, work: Work, windows: Sequence[Window]) -> Iterable[Tensor]:
        left = enumerate(windows)
        made: dict[int, Tensor] = {}

        def lend_a_hand() -> None:
            try:
                for number, window in left:
                    made[number] = work(window)
            finally:
                # Nobody begins another one after an error.
                deque(left, maxlen=0)

        helping = [self._pool.submit(lend_a_hand) for _ in range(1, min(self.hands, len(windows)))]
        lend_a_hand()
        for each in helping:
            # One that has not begun yet comes too late.
            if not each.cancel():
                each.result()
        return [made[number] for number in range(len(windows))]


@contextmanager
def helpers(count: int) -> Iterator[Crew]:
    """Have so many threads help in the block. Starting them takes less than a tenth of a millisecond."""
    if count < 1:
        yield _Alone()
        return
    with ThreadPoolExecutor(count, "vits-helper") as pool:
        yield _Helpers(pool, count)


@dataclass(frozen=True)
class Stage:
    """A part of the model in a session of its own."""

    session: Any
    ports: Ports

    @cached_property
    def inputs(self) -> frozenset[str]:
        """What it is given; the runtime may have found some of it to be of no use."""
        return frozenset(each.name for each in self.session.get_inputs())


class Positions(Protocol):
    """A tensor of a sentence; its last axis is time."""

    @property
    def total(self) -> int:
        """How many positions the sentence has there."""
        ...

    def take(self, window: Window, crew: Crew) -> Tensor:
        """These positions. No window begins before the one that was taken before."""
        ...


def chain(stages: Sequence[Stage], tensors: Mapping[str, Tensor]) -> Positions:
    """The last stage's result; `tensors` are what the stages are given for a sentence."""
    made: Positions = _Given(tensors[stages[0].ports.source])
    for stage in stages:
        made = _Made(stage, made, tensors)
    return made


class _Given:
    """A tensor that is there already."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor
        self.total: int = tensor.shape[-1]

    def take(self, window: Window, crew: Crew) -> Tensor:
        del crew
        return self._tensor[..., window.start : window.stop]


class _Made:
    """What a stage makes, as far as it has been asked for."""

    def __init__(self, stage: Stage, source: Positions, tensors: Mapping[str, Tensor]) -> None:
        self._stage = stage
        self._source = source
        self._others = {name: tensors[name] for name in stage.ports.others if name in stage.inputs}
        self.total: int = source.total * stage.ports.reach.hop
        self._kept: Tensor | None = None
        self._start = self._stop = 0

    def take(self, window: Window, crew: Crew) -> Tensor:
        if window.stop > self._stop:
            self._make_up_to(window.stop, crew)
        if self._kept is None:
            raise ValueError("no positions were asked for")
        self._kept = self._kept[..., window.start - self._start :]
        self._start = window.start
        return self._kept[..., : window.stop - window.start]

    def _make_up_to(self, stop: int, crew: Crew) -> None:
        reach = self._stage.ports.reach
        window = Window(self._stop // reach.hop, -(-stop // reach.hop))
        wider = window.around(reach, self._source.total)
        source = self._source.take(wider, crew)

        def become(part: Window) -> Tensor:
            """What these positions of the source become."""
            around = part.around(reach, self._source.total)
            given = source[..., around.start - wider.start : around.stop - wider.start]
            return self._run(given, around)[..., part.positions_in(around, reach.hop)]

        made = crew.map(become, shares(window, reach, crew.hands))
        kept = () if self._kept is None else (self._kept,)
        self._kept = np.concatenate((*kept, *made), axis=-1)
        self._stop = self._start + self._kept.shape[-1]

    def _run(self, given: Tensor, where: Window) -> Tensor:
        feeds = {self._stage.ports.source: given}
        for name, tensor in self._others.items():
            timed = tensor.shape[-1] == self._source.total
            feeds[name] = tensor[..., where.start : where.stop] if timed else tensor
        (result,) = self._stage.session.run([self._stage.ports.result], feeds)
        made: Tensor = result
        return made


def shares(window: Window, reach: ReceptiveField, hands: int) -> list[Window]:
    """Cut a window for several threads, unless nearly all of the work would be what is around the cuts.

    Where it is so long that the cuts do not matter, it is cut into more pieces than threads.
    """
    length, around = window.stop - window.start, reach.left + reach.right
    count = max(1, min(hands, int(length / (LEAST_SHARE * around + 1))))
    if count == hands:
        # As many for each thread.
        longest = max(SEAMLESS * around, MOST_POSITIONS // reach.hop, 1)
        count *= max(1, math.ceil(length / longest / hands))
    ends = [window.start + length * number // count for number in range(count + 1)]
    return [Window(start, stop) for start, stop in pairwise(ends)]
