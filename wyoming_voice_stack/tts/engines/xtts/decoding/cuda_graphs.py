"""A step of the transformer as one launch: CUDA graphs, recorded once for each size.

A step is some five hundred small operations. On a card each of them takes less time than telling
the card of it, so they are told once, and then repeated with other numbers in the same places.
Importing this imports torch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor

from wyoming_voice_stack.tts.engines.xtts.decoding.kv_cache import POSITION_STEP, KeyValueCache

_LOGGER = logging.getLogger(__name__)

Computation: TypeAlias = Callable[[], Tensor]
"""Reads and writes the same tensors each time, and never waits for the device."""
Recorder: TypeAlias = Callable[[Computation], Computation]
"""Gives what does the same again, sooner; its result is overwritten the next time."""


class CudaRecorder:
    """Records on one card. All recordings share their memory: they are repeated one at a time."""

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        # Memory that recordings share is gone with the last of them, and may then not be named again.
        self._first = torch.cuda.CUDAGraph()
        self._record(self._first, partial(torch.zeros, 1, device=device))

    def __call__(self, compute: Computation) -> Computation:
        """Compute once, for what libraries do the first time only, and record it then.

        Raises:
            RuntimeError: the card or its driver cannot, or memory ran out.
        """
        graph = torch.cuda.CUDAGraph()
        result = self._record(graph, compute, self._first.pool())

        def repeat() -> Tensor:
            graph.replay()
            return result

        return repeat

    def _record(self, graph: Any, compute: Computation, *pool: Any) -> Tensor:
        caller = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(caller)
        try:
            with torch.cuda.stream(self._stream):
                compute()
                self._stream.synchronize()
                # Other threads may meanwhile take and give back memory.
                graph.capture_begin(*pool, capture_error_mode="thread_local")
                try:
                    result = compute()
                except BaseException:
                    # It fails too then, and says less.
                    with suppress(RuntimeError):
                        graph.capture_end()
                    raise
                graph.capture_end()
        finally:
            caller.wait_stream(self._stream)
        return result


def recorder_on(device: torch.device) -> Recorder | None:
    """What records on a card; None where there is none, or it cannot."""
    if device.type != "cuda":
        return None
    try:
        return CudaRecorder(device)
    except RuntimeError as error:
        _tell(device, error)
        return None


class StepGraphs:
    """Steps of the first so many rows of a steady cache, whichever of them go on.

    `compute` takes what `inputs` has, int64 of shape [3, rows]: the audio token that each row reads, its
    number, and the position where it is kept; and how many positions are looked at. It returns latents of
    shape [rows, width]. A row that does not go on reads any token into the cache's spare position.
    """

    def __init__(
        self,
        compute: Callable[[Tensor, int], Tensor],
        cache: KeyValueCache,
        record: Recorder,
    ) -> None:
        self._compute = compute
        self._cache = cache
        self._record = record
        self._recorded: dict[tuple[int, int], tuple[Tensor, Computation]] = {}
        self._moves = cache.moves

    def step(self, rows: Sequence[int], tokens: Sequence[int], numbers: Sequence[int]) -> Tensor:
        """What `Decoder.step` does, for rows whose positions are there already."""
        if self._moves != self._cache.moves:
            # The recordings know only where the tensors were.
            self._recorded.clear()
            self._moves = self._cache.moves
        size = self._rounded(rows)
        inputs = self._inputs(size[0], rows, tokens, numbers)
        if size not in self._recorded:
            self._recorded[size] = inputs, self._recording(inputs, size[1])
        kept, repeat = self._recorded[size]
        kept.copy_(inputs)
        return repeat().index_select(0, torch.tensor(rows, device=inputs.device))

    def _rounded(self, rows: Sequence[int]) -> tuple[int, int]:
        """Rows and positions: few different ones, so that few are recorded."""
        most_rows, most_positions = self._cache.size
        longest = max(self._cache.length(row) for row in rows)
        positions = -(-longest // POSITION_STEP) * POSITION_STEP
        return min(1 << max(rows).bit_length(), most_rows), min(positions, most_positions)

    def _inputs(
        self, width: int, rows: Sequence[int], tokens: Sequence[int], numbers: Sequence[int]
    ) -> Tensor:
        inputs = torch.zeros(3, width, dtype=torch.long)
        inputs[2] = self._cache.spare
        ats = [self._cache.length(row) - 1 for row in rows]
        inputs[:, list(rows)] = torch.tensor([tokens, numbers, ats])
        return inputs.to(self._cache.device)

    def _recording(self, inputs: Tensor, positions: int) -> Computation:
        compute = partial(self._compute, inputs, positions)
        try:
            return self._record(compute)
        except RuntimeError as error:
            _tell(inputs.device, error)
            self._record = _as_it_is
            # They share memory with what failed, which takes some of cuBLAS's with it.
            self._recorded.clear()
            return compute


def _as_it_is(compute: Computation) -> Computation:
    return compute


def _tell(device: torch.device, error: RuntimeError) -> None:
    _LOGGER.warning("XTTS's steps cannot be recorded on %s, and take longer (%s)", device, error)
