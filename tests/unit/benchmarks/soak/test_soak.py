"""What a soak run counts, and what it calls growth."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest

from benchmarks.robustness.bystander import Reference
from benchmarks.robustness.trial import Subject
from benchmarks.soak import mixed_load
from benchmarks.soak.__main__ import parser
from benchmarks.soak.levels import Levels, grown, levels_of, metric_in, middle
from benchmarks.soak.mixed_load import Load
from tests.support.fake_servers.scripted_speaker import Script, scripted

LEVELS = Levels(memory_mb=400, descriptors=20, threads=8, tasks=3, connections=0)
METRICS = """# TYPE voice_stack_tasks gauge
voice_stack_tasks 7.0
voice_stack_connections 2.0
voice_stack_tasks_more 9.0
"""


class TestLevels:
    def test_nothing_has_grown(self) -> None:
        after = Levels(memory_mb=435, descriptors=22, threads=10, tasks=5)
        assert grown(LEVELS, after) == []

    def test_less_is_no_growth(self) -> None:
        assert grown(LEVELS, Levels(100, 1, 1)) == []

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("memory_mb", 437),
            ("descriptors", 23),
            ("threads", 11),
            ("tasks", 6),
            ("connections", 1),
        ],
    )
    def test_each_level_is_looked_at(self, name: str, value: float) -> None:
        before = getattr(LEVELS, name)
        (found,) = grown(LEVELS, replace(LEVELS, **{name: value}))
        assert found == f"{name} grew from {before:.0f} to {value}"

    def test_one_odd_sample_changes_nothing(self) -> None:
        assert middle([LEVELS, LEVELS, replace(LEVELS, memory_mb=9000)]) == LEVELS

    def test_a_process_is_read(self) -> None:
        found = levels_of(os.getpid(), METRICS)
        assert found.memory_mb > 10
        assert found.descriptors >= 3
        assert found.threads >= 1
        assert (found.tasks, found.connections) == (7.0, 2.0)

    def test_a_metric_that_is_missing(self) -> None:
        assert metric_in("", "voice_stack_tasks") == 0.0


class TestLoad:
    async def test_every_answer_is_counted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        load = await self.loaded(Script(), monkeypatch)
        assert {"right", "described", "left", "broken"} <= load.verdicts.keys()
        assert not load.complaints

    @pytest.mark.parametrize(
        ("script", "verdict"), [(Script(sound=10), "wrong"), (Script(error="busy"), "refused")]
    )
    async def test_a_wrong_answer_is_a_complaint(
        self, script: Script, verdict: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load = await self.loaded(script, monkeypatch)
        assert load.verdicts[verdict]
        assert verdict in load.complaints[0]

    async def loaded(self, script: Script, monkeypatch: pytest.MonkeyPatch) -> Load:
        monkeypatch.setattr(mixed_load, "PAUSE_S", 0.01)
        # The scripted server knows no HTTP and ends such a connection.
        async with scripted(script) as target:
            subject = Subject(target, "tts", Reference(sound_bytes=1000))
            load = Load(subject, time.monotonic() + 0.3)
            await load.run()
        return load


def test_an_hour_by_default() -> None:
    assert parser().parse_args([]).minutes == 60
