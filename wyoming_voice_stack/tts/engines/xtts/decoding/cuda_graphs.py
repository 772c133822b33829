"""CUDA graphs of the transformer's steps: each step is one launch, captured once for each size.

A step consists of some five hundred small operations. On a graphics card, launching each of them takes
longer than computing it, so the launches are captured once and replayed with new inputs in the same
memory. Importing this imports torch.
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
"""Reads and writes the same tensors at each call, and never waits for the device."""
Capture: TypeAlias = Callable[[Computation], Computation]
"""Returns a faster equivalent of a computation, whose result is overwritten by the next call."""


class CudaGraphCapture:
    """Captures computations on one card. All graphs share their memory, so they run one at a time."""

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        # The shared memory pool is freed with its last graph and cannot be used again, so one is kept.
        self._first = torch.cuda.CUDAGraph()
        self._capture(self._first, partial(torch.zeros, 1, device=device))

    def __call__(self, compute: Computation) -> Computation:
        """Run the computation once, so that libraries initialize, and then capture it.

        Raises:
            RuntimeError: the card or its driver does not support it, or memory ran out.
        """
        graph = torch.cuda.CUDAGraph()
        result = self._capture(graph, compute, self._first.pool())

        def replay() -> Tensor:
            graph.replay()
            return result

        return replay

    def _capture(self, graph: Any, compute: Computation, *pool: Any) -> Tensor:
        caller = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(caller)
        try:
            with torch.cuda.stream(self._stream):
                compute()
                self._stream.synchronize()
                # Lets other threads allocate and free memory meanwhile.
                graph.capture_begin(*pool, capture_error_mode="thread_local")
                try:
                    result = compute()
                except BaseException:
                    # Ending the capture fails too, with a less specific error.
                    with suppress(RuntimeError):
                        graph.capture_end()
                    raise
                graph.capture_end()
        finally:
            caller.wait_stream(self._stream)
        return result


def cuda_graph_capture(device: torch.device) -> Capture | None:
    """Capturing for a card; None for other devices, or if the card does not support it."""
    if device.type != "cuda":
        return None
    try:
        return CudaGraphCapture(device)
    except RuntimeError as error:
        _warn(device, error)
        return None


class StepGraphs:
    """Graphs of a step for the first rows of a stable cache, whichever of these rows are in use.

    `compute` takes inputs, int64 of shape [3, rows], and the number of cached positions to attend to. The
    inputs are, for each row, the audio token, its index and its position in the cache. It returns latents of
    shape [rows, width]. Rows that take no part in a step write to the cache's spare position.
    """

    def __init__(
        self,
        compute: Callable[[Tensor, int], Tensor],
        cache: KeyValueCache,
        capture: Capture,
    ) -> None:
        self._compute = compute
        self._cache = cache
        self._capture = capture
        self._graphs: dict[tuple[int, int], tuple[Tensor, Computation]] = {}
        self._reallocations = cache.reallocations

    def step(self, rows: Sequence[int], tokens: Sequence[int], numbers: Sequence[int]) -> Tensor:
        """The same as `Decoder.step`, for rows that were extended already."""
        if self._reallocations != self._cache.reallocations:
            # The graphs refer to tensors that no longer exist.
            self._graphs.clear()
            self._reallocations = self._cache.reallocations
        size = self._rounded_size(rows)
        inputs = self._inputs(size[0], rows, tokens, numbers)
        if size not in self._graphs:
            self._graphs[size] = inputs, self._captured(inputs, size[1])
        kept, replay = self._graphs[size]
        kept.copy_(inputs)
        return replay().index_select(0, torch.tensor(rows, device=inputs.device))

    def _rounded_size(self, rows: Sequence[int]) -> tuple[int, int]:
        """Rows and positions, rounded up so that few graphs are needed."""
        max_rows, max_positions = self._cache.size
        longest = max(self._cache.length(row) for row in rows)
        positions = -(-longest // POSITION_STEP) * POSITION_STEP
        return min(1 << max(rows).bit_length(), max_rows), min(positions, max_positions)

    def _inputs(
        self, width: int, rows: Sequence[int], tokens: Sequence[int], numbers: Sequence[int]
    ) -> Tensor:
        inputs = torch.zeros(3, width, dtype=torch.long)
        inputs[2] = self._cache.spare
        positions = [self._cache.length(row) - 1 for row in rows]
        inputs[:, list(rows)] = torch.tensor([tokens, numbers, positions])
        return inputs.to(self._cache.device)

    def _captured(self, inputs: Tensor, positions: int) -> Computation:
        compute = partial(self._compute, inputs, positions)
        try:
            return self._capture(compute)
        except RuntimeError as error:
            _warn(inputs.device, error)
            self._capture = _uncaptured
            # They share memory with the failed graph, which takes some of cuBLAS's with it.
            self._graphs.clear()
            return compute


def _uncaptured(compute: Computation) -> Computation:
    return compute


def _warn(device: torch.device, error: RuntimeError) -> None:
    _LOGGER.warning("XTTS runs without CUDA graphs on %s, which is slower (%s)", device, error)
