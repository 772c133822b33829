"""Steps that are captured and replayed: the same tokens, in a cache with stable addresses."""

from __future__ import annotations

import itertools
import logging
from typing import Any

import pytest

from tests.support.checkpoints.tiny_xtts import WIDTH
from tests.support.checkpoints.xtts_output import ROWS, Ours, Reference

pytestmark = pytest.mark.usefixtures("inference")


class FakeCapture:
    """Replaces the capture of CUDA graphs: the same inputs, and one result that is overwritten."""

    def __init__(self) -> None:
        self.recorded: list[tuple[int, ...]] = []

    def __call__(self, compute: Any) -> Any:
        result = compute()
        self.recorded.append(tuple(result.shape))

        def repeat() -> Any:
            return result.copy_(compute())

        return repeat


def fail_at_third(tensor: Any) -> Any:
    """Allocate two more tensors, then fail for lack of memory."""
    calls = itertools.count()

    def make(rows: int, positions: int) -> Any:
        if next(calls) == 2:
            raise RuntimeError("out of memory")
        return tensor(rows, positions)

    return make


def assert_same_tokens(ours: Ours, rows: list[int], references: list[Reference]) -> None:
    """Each row has the same tokens as the stock model."""
    for row, sentence in zip(rows, references, strict=True):
        shorter = min(len(ours.tokens[row]), len(sentence.tokens))
        assert shorter > 8
        assert ours.tokens[row][:shorter] == sentence.tokens[:shorter]


def test_tokens_and_latents_are_those_of_the_stock_model(
    stock: Any, references: list[Reference]
) -> None:
    import torch

    for sentence in references:
        ours = Ours(stock, capture=FakeCapture())
        row = ours.begin(sentence)
        while not ours.ended(row):
            ours.step([row])
        assert ours.tokens[row] == sentence.tokens
        assert torch.allclose(torch.stack(ours.latents[row]), sentence.latents, atol=1e-4)


def test_keys_and_values_are_in_their_rows(stock: Any, references: list[Reference]) -> None:
    import torch

    plain, recorded = Ours(stock), Ours(stock, capture=FakeCapture())
    for ours in (plain, recorded):
        ours.begin(references[0])
        ours.begin(references[1])
        for number in range(9):
            ours.step([0, 1] if number % 3 else [1])
    for row in (0, 1):
        length = plain.decoder.cache.length(row)
        for kind in ("keys", "values"):
            layers = zip(
                getattr(plain.decoder.cache, kind),
                getattr(recorded.decoder.cache, kind),
                strict=True,
            )
            for one, other in layers:
                assert torch.allclose(one[row, :, :length], other[row, :, :length], atol=1e-4)
                assert not other[row, :, length : recorded.decoder.cache.spare].any()


def test_paused_rows_do_not_change(stock: Any, references: list[Reference]) -> None:
    ours = Ours(stock, capture=FakeCapture())
    rows = [ours.begin(sentence) for sentence in references]
    for number in range(24):
        ours.step(([0, 2, 3], [1, 3], [2], [0, 1])[number % 4])
    assert_same_tokens(ours, rows, references)


def test_rows_may_start_and_end_between_steps(stock: Any, references: list[Reference]) -> None:
    ours = Ours(stock, capture=FakeCapture())
    assert ours.begin(references[0]) == 0
    ours.step([0])
    for _ in range(3):
        assert ours.begin(references[1]) == 1
        for _ in range(10):
            ours.step([0, 1])
        ours.decoder.cache.free(1)
        ours.step([0])
    assert_same_tokens(ours, [0, 1], references[:2])


def test_each_size_is_captured_once_until_the_cache_is_reallocated(
    stock: Any, references: list[Reference]
) -> None:
    tape = FakeCapture()
    ours = Ours(stock, capture=tape)
    ours.begin(references[0])
    for _ in range(5):
        ours.step([0])
    assert [shape[0] for shape in tape.recorded] == [1]
    ours.begin(references[1])
    for _ in range(2):
        ours.step([0])
        ours.step([0, 1])
        ours.step([1])
    assert [shape[0] for shape in tape.recorded] == [1, 1, 2]
    # The following steps need more than 128 positions; the cache has space for them.
    ours.decoder.cache.extend([0], 128)
    moves = ours.decoder.cache.reallocations
    ours.decoder.step([0], [5], [3])
    assert ours.decoder.cache.reallocations == moves
    assert [shape[0] for shape in tape.recorded] == [1, 1, 2, 1]
    ours.decoder.cache.free(1)
    ours.begin(references[1])
    ours.step([1])
    assert len(tape.recorded) == 4


def test_graphs_are_dropped_when_the_cache_is_reallocated(
    stock: Any, references: list[Reference], monkeypatch: pytest.MonkeyPatch
) -> None:
    tape = FakeCapture()
    ours = Ours(stock, capture=tape)
    ours.begin(references[0])
    ours.step([0])
    cache = ours.decoder.cache
    with monkeypatch.context() as patch:
        patch.setattr(cache, "_tensor", fail_at_third(cache._tensor))
        with pytest.raises(RuntimeError, match="memory"):
            ours.begin(references[1])
    # One layer has another address, though the size has not changed.
    assert cache.size == (1, 256)
    while not ours.ended(0):
        ours.step([0])
    assert ours.tokens[0] == references[0].tokens
    assert len(tape.recorded) == 2


def test_a_card_without_graphs_still_decodes(
    stock: Any, references: list[Reference], caplog: pytest.LogCaptureFixture
) -> None:
    asked = 0

    def refuse(compute: Any) -> Any:
        nonlocal asked
        asked += 1
        raise RuntimeError("operation not permitted when stream is capturing")

    ours = Ours(stock, capture=refuse)
    with caplog.at_level(logging.WARNING):
        rows = [ours.begin(sentence) for sentence in references[:2]]
        ours.step([1])
        while not ours.ended(0):
            ours.step([0, 1])
    assert_same_tokens(ours, rows, references[:2])
    assert asked == 1
    assert "slower (operation not permitted" in caplog.text


def test_after_a_failure_no_graph_is_replayed(stock: Any, references: list[Reference]) -> None:
    tape, replayed = FakeCapture(), []

    def capture(compute: Any) -> Any:
        if tape.recorded:
            raise RuntimeError("out of memory")
        repeat = tape(compute)

        def replay() -> Any:
            replayed.append(1)
            return repeat()

        return replay

    ours = Ours(stock, capture=capture)
    rows = [ours.begin(sentence) for sentence in references[:2]]
    ours.step([0])
    ours.step([0])
    for _ in range(8):
        ours.step([0, 1])
    assert len(replayed) == 2
    ours.step([0])
    assert len(replayed) == 2
    assert_same_tokens(ours, rows, references[:2])


def test_nothing_is_captured_if_capturing_cannot_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import torch

    from wyoming_voice_stack.tts.engines.xtts.decoding import cuda_graphs as graphs

    def refuse(device: Any) -> Any:
        raise RuntimeError("CUDA driver version is insufficient")

    monkeypatch.setattr(graphs, "CudaGraphCapture", refuse)
    assert graphs.cuda_graph_capture(torch.device("cpu")) is None
    assert not caplog.records
    assert graphs.cuda_graph_capture(torch.device("cuda:1")) is None
    assert "without CUDA graphs on cuda:1, which is slower (CUDA driver" in caplog.text


class TestSteadyCache:
    def test_grows_by_large_steps_and_never_shrinks(
        self, stock: Any, references: list[Reference]
    ) -> None:
        cache = Ours(stock, capture=FakeCapture()).decoder.cache
        rows = [cache.allocate(100) for _ in range(3)]
        assert cache.size == (4, 256)
        cache.extend([1], 155)
        assert (cache.length(1), cache.size) == (255, (4, 256))
        # The last position is spare.
        cache.extend([1])
        assert cache.size == (4, 512)
        assert cache.spare == 511
        for row in rows:
            cache.free(row)
        assert cache.size == (4, 512)
        assert cache.allocate(10) == 0
        assert cache.size == (4, 512)
        moves = cache.reallocations
        cache.clear()
        assert (cache.size, cache.keys, cache.reallocations) == ((0, 0), [], moves + 1)

    def test_frees_a_large_cache_once_it_is_empty(
        self, stock: Any, references: list[Reference], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from wyoming_voice_stack.tts.engines.xtts.decoding import kv_cache as cache_module

        monkeypatch.setattr(cache_module, "STABLE_IDLE_BYTES", 2 * 2 * 2 * 256 * WIDTH * 4)
        cache = Ours(stock, capture=FakeCapture()).decoder.cache
        for _ in range(2):
            rows = [cache.allocate(10), cache.allocate(10)]
            moves = cache.reallocations
            cache.free(rows[0])
            cache.free(rows[1])
            assert (cache.size, cache.reallocations) == ((2, 256), moves)
        rows = [cache.allocate(10) for _ in range(3)]
        for row in rows:
            assert cache.size == (4, 256)
            cache.free(row)
        assert (cache.size, cache.keys, cache.values) == ((0, 0), [], [])

    def test_frees_what_a_failed_allocation_left(
        self, stock: Any, references: list[Reference], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cache = Ours(stock, capture=FakeCapture()).decoder.cache
        first = cache.allocate(10)
        with monkeypatch.context() as patch:
            patch.setattr(cache, "_tensor", fail_at_third(cache._tensor))
            with pytest.raises(RuntimeError, match="memory"):
                cache.allocate(10)
        assert cache.keys
        cache.free(first)
        assert (cache.size, cache.keys, cache.values) == ((0, 0), [], [])
        assert cache.allocate(10) == 0
        cache.free(0)
        assert cache.size == (1, 256)

    def test_has_the_same_bounds(self, stock: Any, references: list[Reference]) -> None:
        cache = Ours(stock, capture=FakeCapture()).decoder.cache
        for _ in range(ROWS):
            cache.allocate(10)
        with pytest.raises(RuntimeError, match="rows"):
            cache.allocate(10)
        most = cache._shape.max_positions
        cache.extend([2], most - 10)
        with pytest.raises(RuntimeError, match="positions"):
            cache.extend([2])
        assert cache.spare >= most
