"""The cache when memory runs out, and after a sentence with invalid values."""

from __future__ import annotations

from typing import Any

import pytest


def cache(rows: int = 4) -> Any:
    import torch

    from wyoming_voice_stack.tts.engines.xtts.decoding.kv_cache import CacheShape, KeyValueCache

    shape = CacheShape(layers=2, heads=1, head_width=2, max_rows=rows, max_positions=1024)
    return KeyValueCache(shape, device=torch.device("cpu"), dtype=torch.float32)


def test_running_out_of_memory_while_freeing_a_row_is_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = cache()
    first, second, third = (kept.allocate(10) for _ in range(3))

    def fail(rows: int, positions: int) -> Any:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(kept, "_tensor", fail)
        kept.free(third)
        kept.free(second)
    kept.extend([first])
    assert kept.length(first) == 11
    assert kept.keys[1].shape[2] >= 11
    assert kept.allocate(300) == second


def test_a_reused_row_is_cleared() -> None:
    kept = cache()
    kept.allocate(10)
    row = kept.allocate(10)
    kept.allocate(10)
    for tensor in (*kept.keys, *kept.values):
        tensor[row] = float("nan")
    kept.free(row)
    assert kept.allocate(5) == row
    assert all(tensor.isfinite().all() for tensor in (*kept.keys, *kept.values))
