"""Tensors whose last axis is time, of which positions are added and taken in order."""

from __future__ import annotations

import numpy as np

from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor


class GrowingTensor:
    """Positions of a tensor, from the oldest that may still be wanted."""

    def __init__(self, start: int) -> None:
        self.stop = start
        """The position after the last."""
        self._tensor: Tensor | None = None

    def append(self, tensor: Tensor) -> None:
        """Add the positions from `stop` on."""
        self.stop += tensor.shape[-1]
        given = tensor if self._tensor is None else (self._tensor, tensor)
        self._tensor = np.concatenate(given, axis=-1) if isinstance(given, tuple) else given

    def take(self, start: int, stop: int) -> Tensor:
        """Return these positions; those that it does not have are 0."""
        if self._tensor is None:
            raise ValueError("the tensor has no positions")
        return padded(self._tensor, start - self._start, stop - self._start)

    def pop(self, stop: int) -> Tensor:
        """Return the positions up to `stop`, and drop them."""
        taken = self.take(self._start, stop)
        self.forget(stop)
        return taken

    def pop_next(self, count: int) -> Tensor:
        """Return the oldest `count` positions, and drop them."""
        return self.pop(self._start + count)

    def forget(self, before: int) -> None:
        """Drop the positions before this one."""
        if self._tensor is not None:
            self._tensor = self._tensor[..., max(0, before - self._start) :]

    @property
    def _start(self) -> int:
        return self.stop - (0 if self._tensor is None else int(self._tensor.shape[-1]))


def padded(tensor: Tensor, start: int, stop: int) -> Tensor:
    """These positions of a tensor; those outside of it are 0."""
    length = tensor.shape[-1]
    inside = tensor[..., max(0, start) : max(0, min(stop, length))]
    before = min(max(0, -start), stop - start)
    after = stop - start - before - inside.shape[-1]
    if not before and not after:
        return inside
    return np.pad(inside, [*[(0, 0)] * (tensor.ndim - 1), (before, after)])
