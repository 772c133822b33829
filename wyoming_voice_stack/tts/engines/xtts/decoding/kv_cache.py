"""Keys and values of the sentences being spoken, as much of them as is needed.

Importing this imports torch.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor

POSITION_STEP = 128
"""Positions are added by so many: 31 MB a sentence in XTTS v2 at float32."""
STEADY_STEP = 256
"""The same of a steady cache: 31 MB at float16. A usual sentence needs no more."""
STEADY_BYTES = 1 << 30
"""What a steady cache keeps while nobody speaks: 16 usual sentences at float16 take half of it."""


@dataclass(frozen=True)
class CacheShape:
    """What one position of one sentence takes, and how much there may ever be."""

    layers: int
    heads: int
    head_width: int
    max_rows: int
    """Sentences at once."""
    max_positions: int
    """Of one sentence: voice, text and sound."""


class KeyValueCache:
    """Rows of keys and values: one for each sentence, for each layer.

    Rows are added by doubling, positions by `POSITION_STEP`; both shrink again when sentences
    end, and an empty cache keeps nothing. While it changes its size, one layer is there twice.

    A `steady` cache is for what must find it in the same place again: it grows in larger steps, has a
    `spare` position that no sentence takes, and does not shrink. Only when it is empty, and larger than
    `STEADY_BYTES` or left uneven by want of memory, it gives everything back.
    """

    def __init__(
        self, shape: CacheShape, *, device: torch.device, dtype: torch.dtype, steady: bool = False
    ) -> None:
        self._shape = shape
        self._steady = steady
        self.device = device
        self._dtype = dtype
        self._lengths: dict[int, int] = {}
        self.keys: list[Tensor] = []
        """One for each layer, of shape [rows, heads, positions, head width]."""
        self.values: list[Tensor] = []
        self.moves = 0
        """How often tensors were replaced by others, or were to be."""
        self._uneven = False
        self._size = (0, 0)
        self.clear()

    @property
    def size(self) -> tuple[int, int]:
        """Rows and positions that there is memory for."""
        return self._size

    @property
    def spare(self) -> int:
        """The last position of each row, which a steady cache leaves free."""
        return self._size[1] - 1

    def open(self, positions: int) -> int:
        """Take the first free row, with room for `positions`, and return its number.

        Raises:
            RuntimeError: all rows are taken, or the sentence is longer than any may be.
        """
        row = next(row for row in range(len(self._lengths) + 1) if row not in self._lengths)
        if row >= self._shape.max_rows:
            raise RuntimeError(f"All {self._shape.max_rows} rows of the cache are taken.")
        self._lengths[row] = 0
        try:
            self.lengthen([row], positions)
        except BaseException:
            self.close(row)
            raise
        # What the sentence before left may be no numbers, and nought times that is none either.
        for tensor in (*self.keys, *self.values):
            tensor[row].zero_()
        return row

    def lengthen(self, rows: list[int], positions: int = 1) -> None:
        """Make each of `rows` longer by so many positions, not written yet."""
        for row in rows:
            if self._lengths[row] + positions > self._shape.max_positions:
                raise RuntimeError(
                    f"More than {self._shape.max_positions} positions are asked for."
                )
        for row in rows:
            self._lengths[row] += positions
        if not self._fits():
            self._resize()

    def length(self, row: int) -> int:
        """Positions of a row, those to be written included."""
        return self._lengths[row]

    def close(self, row: int) -> None:
        """Give a row back; the memory too, once half of it is not needed, or as a steady cache does."""
        del self._lengths[row]
        if self._steady:
            if not self._lengths and (self._uneven or self._bytes() > STEADY_BYTES):
                self.clear()
            return
        rows, positions = self._needed()
        if 2 * rows <= self._size[0] or 2 * positions <= self._size[1]:
            # Making it smaller needs memory for a moment. Too large is better than nothing.
            with suppress(RuntimeError, MemoryError):
                self._resize()

    def clear(self) -> None:
        """Give everything back."""
        self._lengths.clear()
        self._resize()

    def _needed(self) -> tuple[int, int]:
        if not self._lengths:
            return 0, 0
        rows = min(1 << max(self._lengths).bit_length(), self._shape.max_rows)
        longest = max(self._lengths.values())
        if self._steady:
            positions = math.ceil((longest + 1) / STEADY_STEP) * STEADY_STEP
            return max(rows, self._size[0]), max(positions, self._size[1])
        positions = math.ceil(longest / POSITION_STEP) * POSITION_STEP
        return rows, min(positions, self._shape.max_positions)

    def _fits(self) -> bool:
        rows, positions = self._needed()
        return rows <= self._size[0] and positions <= self._size[1]

    def _resize(self) -> None:
        self.moves += 1
        self._uneven = True
        size = rows, positions = self._needed()
        # Should memory run out half way, each layer still has room for what this says.
        self._size = (min(self._size[0], rows), min(self._size[1], positions))
        if not rows:
            self.keys, self.values = [], []
            self._uneven = False
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
        self._uneven = False

    def _bytes(self) -> int:
        rows, positions = self._size
        each = self._shape.heads * self._shape.head_width * self._dtype.itemsize
        return 2 * self._shape.layers * rows * positions * each

    def _tensor(self, rows: int, positions: int) -> Tensor:
        shape = (rows, self._shape.heads, positions, self._shape.head_width)
        # Zeros, since what attention leaves out is multiplied by nought, and must be a number.
        return torch.zeros(shape, device=self.device, dtype=self._dtype)
