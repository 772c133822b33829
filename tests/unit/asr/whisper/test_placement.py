from __future__ import annotations

from pathlib import Path

import pytest

from wyoming_voice_stack.asr.whisper import placement
from wyoming_voice_stack.asr.whisper.decoding.decode_passes import passes_on_cpu
from wyoming_voice_stack.asr.whisper.placement import (
    CPU_BATCH,
    SMALL_MODEL_BYTES,
    placement_of,
    thread_budget,
    with_single_threads,
)


@pytest.fixture(params=[75_000_000, SMALL_MODEL_BYTES - 1, SMALL_MODEL_BYTES, 3_000_000_000])
def weights(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, int]:
    """A model directory whose weights have a size and no content."""
    with (tmp_path / "model.bin").open("wb") as file:
        file.truncate(request.param)
    return tmp_path, request.param


def test_small_models_get_lanes_and_large_ones_threads(weights: tuple[Path, int]) -> None:
    directory, size = weights
    small = size < SMALL_MODEL_BYTES
    placed = placement_of(directory, "cpu", 4)
    assert (placed.lanes, placed.threads) == ((2, 2) if small else (1, 4))
    assert placed.passes == passes_on_cpu(size)
    assert placed.lanes * placed.threads == 4
    assert (placed.batch_size, placed.window_step_s) == (1, 1)


def test_a_single_lane_of_a_small_model_gets_windows_of_one_length(
    weights: tuple[Path, int],
) -> None:
    directory, size = weights
    placed = placement_of(directory, "cpu", 2)
    groups = [placed.batch_group(seconds, "en") for seconds in (2.2, 2.9, 3.1)]
    if size < SMALL_MODEL_BYTES:
        assert placed.batch_size == CPU_BATCH
        assert groups[0] == groups[1] != groups[2]
        assert placed.batch_group(20.0, "en") is None
        longest_s = placement.MAX_BATCHED_WINDOW_S - placed.passes.for_language("en")[0].context_s
        assert placed.batch_group(longest_s, "en") == placement.MAX_BATCHED_WINDOW_S
        assert placed.batch_group(longest_s + 0.1, "en") is None
    else:
        assert placed.batch_size == 1


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
def test_small_models_never_take_more_threads_than_they_may(tmp_path: Path, threads: int) -> None:
    (tmp_path / "model.bin").write_bytes(b"small")
    placed = placement_of(tmp_path, "cpu", threads)
    assert 1 <= placed.lanes * placed.threads <= threads


def test_a_gpu_gets_batches(weights: tuple[Path, int]) -> None:
    placed = placement_of(weights[0], "cuda", 4)
    assert placed.batch_size > 1
    assert placed.window_step_s > 1
    assert placed.batch_group(2.0, "en") == placed.batch_group(25.0, None) is not None
    assert (placed.lanes, placed.express_lanes) == (1, 0)


@pytest.mark.parametrize(
    ("wanted", "cores", "threads"), [(0, 1, 1), (0, 2, 2), (0, 64, 4), (3, 2, 3), (16, 2, 16)]
)
def test_threads_are_as_set_or_one_a_core_within_reason(
    monkeypatch: pytest.MonkeyPatch, wanted: int, cores: int, threads: int
) -> None:
    monkeypatch.setattr(placement, "available_cores", lambda: cores)
    assert thread_budget(wanted) == threads


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
def test_only_two_threads_are_divided(weights: tuple[Path, int], threads: int) -> None:
    directory, size = weights
    divided = with_single_threads(placement_of(directory, "cpu", threads))
    assert (divided is not None) == (threads == 2 and size < SMALL_MODEL_BYTES)
