"""The probe that detects pauses of the benchmark itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchmarks.common import stall_probe
from benchmarks.common.stall_probe import StallProbe
from tests.support.fakes import eventually


async def test_a_stalled_machine_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    stalled_s = 30.0
    times = iter((0.0, 0.0, stalled_s))
    clock = SimpleNamespace(monotonic=lambda: next(times, stalled_s))
    monkeypatch.setattr(stall_probe, "time", clock)
    with StallProbe() as probe:
        await eventually(lambda: probe.latest_s > 0)
    assert probe.latest_s == pytest.approx(stalled_s, abs=1)
