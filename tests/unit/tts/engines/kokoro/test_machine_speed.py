"""How fast Kokoro would be on this machine, without its files."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from wyoming_voice_stack.onnx_file.graph import read_graph
from wyoming_voice_stack.tts.engines.kokoro import machine_speed
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_search import find_generator
from wyoming_voice_stack.tts.engines.kokoro.machine_speed import (
    CHANNELS,
    CORES_PER_SENTENCE,
    DILATIONS,
    MAX_SECONDS,
    MAX_THREADS,
    RUNS,
    SHARE,
    kokoro_speed,
)


class Clock:
    """Time that passes by steps, in the place of the module `time`."""

    def __init__(self, processor_s: float, passing_s: float = 0.0) -> None:
        self.processor_s = processor_s
        self.passing_s = passing_s
        self._asked = threading.local()
        self._now = 0.0

    def thread_time(self) -> float:
        self._asked.times = getattr(self._asked, "times", 0) + 1
        return float(self._asked.times * self.processor_s)

    def monotonic(self) -> float:
        self._now += self.passing_s
        return self._now


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Layers that compute nothing; the names of the threads that run them."""
    ran: list[str] = []

    class Session:
        def run(self, *_: Any) -> None:
            ran.append(threading.current_thread().name)

    monkeypatch.setattr(machine_speed, "session_from_bytes", lambda _: Session())
    return ran


@pytest.mark.parametrize("cores", [1, 2])
def test_follows_from_the_mean_processor_time(
    runs: list[str], monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    monkeypatch.setattr(machine_speed, "time", Clock(processor_s=0.1))
    # Half a second of audio took 0.1 s, which is `SHARE` of what all of Kokoro takes.
    assert kokoro_speed(cores) == pytest.approx(0.5 / 0.1 * SHARE * CORES_PER_SENTENCE)
    assert len(runs) == RUNS * cores


@pytest.mark.parametrize(("cores", "threads"), [(2, 2), (MAX_THREADS, 4), (64, MAX_THREADS)])
def test_threads_that_run_at_once(
    runs: list[str], monkeypatch: pytest.MonkeyPatch, cores: int, threads: int
) -> None:
    together = threading.Barrier(threads)
    fastest_run = machine_speed._fastest_run

    def waiting(*arguments: Any) -> float:
        together.wait(60)
        return fastest_run(*arguments)

    monkeypatch.setattr(machine_speed, "_fastest_run", waiting)
    assert kokoro_speed(cores)
    assert len(set(runs)) == threads


def test_ends_early_on_a_slow_machine(runs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_speed, "time", Clock(1.0, passing_s=MAX_SECONDS + 1))
    assert kokoro_speed(1) == pytest.approx(0.5 * SHARE * CORES_PER_SENTENCE)
    assert len(runs) == 1


def test_without_onnxruntime(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(*_: Any) -> None:
        raise ImportError("no onnxruntime")

    monkeypatch.setattr(machine_speed, "session_from_bytes", missing)
    assert kokoro_speed(4) is None
    assert "cannot be measured" in caplog.text


def test_on_this_machine() -> None:
    pytest.importorskip("onnxruntime")
    speed = kokoro_speed(1)
    assert speed is not None
    assert speed > 0


def test_the_layers_have_the_sizes_of_the_genuine_ones(kokoro_model: Path) -> None:
    with (kokoro_model / "model.onnx").open("rb") as file:
        generator = find_generator(read_graph(memoryview(file.read())))
    blocks = [[layer.filters for layer in block.layers] for block in generator.stages[-1].blocks]
    genuine = {
        filters[0][0].kernel: tuple(first.dilation for first, _ in filters) for filters in blocks
    }
    assert genuine == DILATIONS
    filters = [each for block in blocks for pair in block for each in pair]
    assert {each.weights.shape[:2] for each in filters} == {(CHANNELS, CHANNELS)}
    assert {second.dilation for block in blocks for _, second in block} == {1}
