"""Parts of a model one behind the other: of every tensor between them, each position is made once.

A part is asked for positions in their order. It makes those that it has not made yet, out of what
the part before it is asked for; what may still be asked for is kept. So a window costs beyond its own
length only what each part looks around, not the sum of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.tts.vits.parts import Ports
from wyoming_voice_stack.tts.vits.windows import Window

Tensor = npt.NDArray[Any]


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

    def take(self, window: Window) -> Tensor:
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

    def take(self, window: Window) -> Tensor:
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

    def take(self, window: Window) -> Tensor:
        if window.stop > self._stop:
            self._make_up_to(window.stop)
        if self._kept is None:
            raise ValueError("no positions were asked for")
        self._kept = self._kept[..., window.start - self._start :]
        self._start = window.start
        return self._kept[..., : window.stop - window.start]

    def _make_up_to(self, stop: int) -> None:
        hop = self._stage.ports.reach.hop
        made = self._run(Window(self._stop // hop, -(-stop // hop)))
        kept = made if self._kept is None else np.concatenate((self._kept, made), axis=-1)
        self._kept, self._stop = kept, self._start + kept.shape[-1]

    def _run(self, window: Window) -> Tensor:
        """What these positions of the source become."""
        ports, count = self._stage.ports, self._source.total
        wider = window.around(ports.reach, count)
        feeds = {ports.source: self._source.take(wider)}
        for name, tensor in self._others.items():
            timed = tensor.shape[-1] == count
            feeds[name] = tensor[..., wider.start : wider.stop] if timed else tensor
        (result,) = self._stage.session.run([ports.result], feeds)
        positions: Tensor = result[..., window.positions_in(wider, ports.reach.hop)]
        return positions
