"""The text-to-speech benchmark counts right: figures, failures, ratios."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from benchmarks.common.measurement import Measured, pairs
from benchmarks.common.processes import Memory
from benchmarks.common.report import json_content, write_json
from benchmarks.tts.playback_gaps import Arrival
from benchmarks.tts.synthesis_client import Reply
from benchmarks.tts.synthesis_plan import ClientCase, MeasuredSynthesis
from benchmarks.tts.synthesis_report import ratio_table, summary_table
from benchmarks.tts.synthesis_summary import SynthesisSummary, compare, summarise


def said(first_s: float, *, sound_s: float = 2.0, late_s: float = 0.0) -> Reply:
    """A reply in two halves, to a text whose first sentence took 1 s to send, and all 3 s."""
    half_s = sound_s / 2
    second = first_s + half_s + late_s
    arrivals = (Arrival(first_s, half_s), Arrival(second, half_s))
    return Reply("text", 1.0, 3.0, arrivals, 0.02, ended_s=second)


def measured(
    server: str, *replies: Reply, wall_s: float = 4.0, cpu_s: float = 1.0
) -> MeasuredSynthesis:
    case = ClientCase("streamed", "short", 2)
    return Measured(case, server, replies, wall_s, cpu_s, Memory(100.0, 120.0), 0.01)


BROKEN = Reply("text", 1.0, 3.0, arrivals=(Arrival(1.1, 9.0),), failure="error busy: too many")


def test_sound_counts_from_the_sentence_and_from_the_text() -> None:
    found = summarise(measured("ours", said(1.25), said(3.5, late_s=0.5)))
    assert (found.first_p50_ms, found.first_p95_ms) == (250, 2500)
    assert (found.from_end_p50_ms, found.from_end_p95_ms) == (-1750, 500)
    assert (found.requests, found.failures, found.sound_s) == (2, 0, 2.0)
    assert found.speed == pytest.approx(2.0 / 5.0)
    assert found.speed_in_all == 1.0
    assert (found.gapped, found.gap_ms, found.largest_gap_ms) == (1, 500, 500)
    assert (found.cpu_per_sound_s, found.late_ms, found.lead_ms) == (0.25, 10, 20)


def test_a_failure_is_sound_that_never_came(tmp_path: Path) -> None:
    one = measured("ours", said(1.25), BROKEN, Reply("text", failure="not connected"))
    found = summarise(one)
    assert (found.requests, found.failures) == (3, 2)
    assert (found.first_p50_ms, found.first_p95_ms) == (math.inf, math.inf)
    assert (found.speed, found.speed_in_all) == (0, 0.5)
    assert found.sound_s == 2.0
    assert found.cpu_per_sound_s == 0.5
    table = summary_table([found])
    cells = [next(iter(column.cells)) for column in table.columns]
    assert cells[4:8] == ["3", "2", "never", "never"]
    write_json(tmp_path / "out.json", json_content({}, [], [one], [found]))
    kept = json.loads((tmp_path / "out.json").read_text())
    assert kept["summaries"][0]["first_p50_ms"] is None
    assert kept["measured"][0]["answers"][1]["failure"] == BROKEN.failure


def test_nothing_but_failures_is_no_error() -> None:
    found = summarise(measured("ours", BROKEN))
    assert math.isnan(found.sound_s)
    assert found.cpu_per_sound_s == math.inf


def test_a_text_that_was_never_sent_is_never_answered() -> None:
    cut = Reply("text", math.inf, math.inf, failure="the connection was closed")
    assert summarise(measured("ours", cut)).first_p50_ms == math.inf


def figures(server: str, *replies: Reply) -> SynthesisSummary:
    return summarise(measured(server, *replies, cpu_s=1.0 if server == "ours" else 3.0))


def test_ratios_say_how_much_more_the_other_takes() -> None:
    ours = figures("ours", said(1.5, late_s=0.25))
    peer = figures("peer", said(2.0, late_s=0.5))
    ratio = compare(ours, peer)
    assert (ratio.first_p50, ratio.first_p95, ratio.cpu, ratio.memory) == (2, 2, 3, 1)
    assert ratio.gap == pytest.approx(2)
    assert ratio.time == pytest.approx(3.5 / 2.75)
    ratio = compare(figures("ours", said(0.9)), peer)
    assert ratio.first_p50 == math.inf
    ratio = compare(ours, figures("peer", BROKEN))
    assert (ratio.first_p50, ratio.time) == (math.inf, math.inf)
    ratio = compare(figures("ours", BROKEN), figures("peer", BROKEN))
    assert math.isnan(ratio.first_p50)
    assert len(ratio_table([ratio], "ours", "peer").rows) == 1


def test_only_what_was_measured_alike_is_compared() -> None:
    ours = figures("ours", said(1.5))
    other = Measured(ClientCase("plain", "short", 2), "peer", (said(1.5),), 4.0)
    assert not list(pairs([ours, summarise(other)], "ours", "peer"))
