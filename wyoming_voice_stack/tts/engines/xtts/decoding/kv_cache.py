"""The key-value cache of the sentences in progress, which grows and shrinks with them.

Importing this imports torch.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor

POSITION_STEP = 128
"""Positions are added in steps of this size: 31 MB a sentence for XTTS v2 at float32."""
STABLE_POSITION_STEP = 256
"""The step of a stable cache: 31 MB a sentence at float16. A typical sentence needs no more."""
STABLE_IDLE_BYTES = 1 << 30
"""Memory that a stable cache keeps while it is empty; 16 typical sentences at float16 take half of it."""


@dataclass(frozen=True)
class CacheShape:
    """The size of a position, and the limits of the cache."""

    layers: int
    heads: int
    head_width: int
    max_rows: int
    """Sentences at the same time."""
    max_positions: int
    """Positions of one sentence: voice, text and audio tokens."""


class KeyValueCache:
    """Keys and values of each layer, with a row for each sentence.

    The number of rows doubles as needed, positions grow by `POSITION_STEP`; both shrink again when
    sentences end, and an empty cache uses no memory. During a change of size, one layer exists twice.

    A `stable` cache is for CUDA graphs, which need the tensors to stay at the same addresses: it grows in
    larger steps, has a `spare` position that no sentence uses, and does not shrink. It frees its memory
    only when it is empty and either larger than `STABLE_IDLE_BYTES` or left inconsistent by a failed
    allocation.
    """

    def __init__(
        self, shape: CacheShape, *, device: torch.device, dtype: torch.dtype, stable: bool = False
    ) -> None:
        self._shape = shape
        self._stable = stable
        self.device = device
        self._dtype = dtype
        self._lengths: dict[int, int] = {}
        self.keys: list[Tensor] = []
        """A tensor for each layer, of shape [rows, heads, positions, head width]."""
        self.values: list[Tensor] = []
        self.reallocations = 0
        """How often tensors were replaced, failed attempts included."""
        self._inconsistent = False
        self._size = (0, 0)
        self.clear()

    @property
    def size(self) -> tuple[int, int]:
        """Allocated rows and positions."""
        return self._size

    @property
    def spare(self) -> int:
        """The last position of each row, which a stable cache leaves unused."""
        return self._size[1] - 1

    def allocate(self, positions: int) -> int:
        """Take the first free row with space for `positions`, and return its number.

        Raises:
            RuntimeError: all rows are in use, or the sentence exceeds the limit.
        """
        row = next(row for row in range(len(self._lengths) + 1) if row not in self._lengths)
        if row >= self._shape.max_rows:
            raise RuntimeError(f"All {self._shape.max_rows} rows of the cache are in use.")
        self._lengths[row] = 0
        try:
            self.extend([row], positions)
        except BaseException:
            self.free(row)
            raise
        # The previous sentence may have left NaN, and 0 times NaN is NaN.
        for tensor in (*self.keys, *self.values):
            tensor[row].zero_()
        return row

    def extend(self, rows: list[int], positions: int = 1) -> None:
        """Add `positions` unwritten positions to each of `rows`."""
        for row in rows:
            if self._lengths[row] + positions > self._shape.max_positions:
                raise RuntimeError(
                    f"More than {self._shape.max_positions} positions are requested."
                )
        for row in rows:
            self._lengths[row] += positions
        if not self._fits():
            self._resize()

    def length(self, row: int) -> int:
        """Positions of a row, including those not written yet."""
        return self._lengths[row]

    def free(self, row: int) -> None:
        """Free a row, and its memory once half of the cache is unused; a stable cache keeps its memory."""
        del self._lengths[row]
        if self._stable:
            if not self._lengths and (self._inconsistent or self._bytes() > STABLE_IDLE_BYTES):
                self.clear()
            return
        rows, positions = self._needed()
        if 2 * rows <= self._size[0] or 2 * positions <= self._size[1]:
            # Shrinking needs more memory for a moment. If it fails, the cache stays larger than needed.
            with suppress(RuntimeError, MemoryError):
                self._resize()

    def clear(self) -> None:
        """Free all rows and all memory."""
        self._lengths.clear()
        self._resize()

    def _needed(self) -> tuple[int, int]:
        if not self._lengths:
            return 0, 0
        rows = min(1 << max(self._lengths).bit_length(), self._shape.max_rows)
        longest = max(self._lengths.values())
        if self._stable:
            positions = math.ceil((longest + 1) / STABLE_POSITION_STEP) * STABLE_POSITION_STEP
            return max(rows, self._size[0]), max(positions, self._size[1])
        positions = math.ceil(longest / POSITION_STEP) * POSITION_STEP
        return rows, min(positions, self._shape.max_positions)

    def _fits(self) -> bool:
        rows, positions = self._needed()
        return rows <= self._size[0] and positions <= self._size[1]

    def _resize(self) -> None:
        self.reallocations += 1
        self._inconsistent = True
        size = rows, positions = self._needed()
        # If memory runs out half way, every layer still has at least this size.
        self._size = (min(self._size[0], rows), min(self._size[1], positions))
        if not rows:
            self.keys, self.values = [], []
            self._inconsistent = False
            return
        for tensors in (self.keys, self.values):
            if not tensors:
                tensors.extend(self._tensor(0, 0) for _ in range(self._shape.layers))
            for layer, before in enumerate(tensors):
                after = self._tensor(rows, positions)
                kept = min(rows, before.shape[0]), min(positions, before.shape[2])
                after[: kept[0], :, : kept[1]] = before[: kept[0], :, : kept[1]]
                tensors[layer] = after
        self._size = size
        self._inconsistent = False

    def _bytes(self) -> int:
        rows, positions = self._size
        each = self._shape.heads * self._shape.head_width * self._dtype.itemsize
        return 2 * self._shape.layers * rows * positions * each

    def _tensor(self, rows: int, positions: int) -> Tensor:
        shape = (rows, self._shape.heads, positions, self._shape.head_width)
        # Zeros, because masked positions are multiplied by 0 and must not be NaN.
        return torch.zeros(shape, device=self.device, dtype=self._dtype)
