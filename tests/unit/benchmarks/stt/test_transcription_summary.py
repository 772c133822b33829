"""The speech-to-text benchmark counts right: waits, failures, ratios."""

from __future__ import annotations

import json
import math
from pathlib import Path

from benchmarks.common.measurement import Measured
from benchmarks.stt.transcription_plan import MeasuredTranscription, StreamCase
from benchmarks.stt.transcription_report import summary_table, write_report
from benchmarks.stt.transcription_summary import compare, summarise
from benchmarks.stt.utterance_client import Answer


def measured(
    server_name: str, *answers: Answer, cpu_s: float | None = None
) -> MeasuredTranscription:
    return Measured(StreamCase("real-time", 2), server_name, answers, cpu_s=cpu_s)


def test_a_failure_is_in_every_figure(tmp_path: Path) -> None:
    said = {"a": "press one to reply", "b": "please hold the line"}
    good = Answer("a", 2.0, "Press 1 to reply", 0.25, late_s=(0.001, 0.002))
    bad = Answer("b", 2.0, failure="error busy: too many")
    ours = summarise(measured("ours", good, bad, cpu_s=1.0), said, "en")
    assert (ours.utterances, ours.failures, ours.p50_ms, ours.p95_ms) == (2, 1, 250, math.inf)
    assert ours.errors.percent == 50
    assert ours.cpu_per_audio_s == 0.25
    assert ours.late_p99_ms == 2
    table = summary_table([ours])
    cells = [next(iter(column.cells)) for column in table.columns]
    assert cells[4:8] == ["1", "250", "never", "50.0"]
    write_report(
        *(tmp_path / "out.json", {}, [], [measured("ours", good, bad)], [ours]), references=said
    )
    kept = json.loads((tmp_path / "out.json").read_text())
    assert [answer["waited_s"] for answer in kept["measured"][0]["answers"]] == [0.25, None]
    assert kept["summaries"][0]["p95_ms"] is None


def test_ratios_say_how_much_more_the_other_takes() -> None:
    said = {"a": "press one to reply"}
    ours = summarise(measured("ours", Answer("a", 2.0, said["a"], 0.5), cpu_s=1.0), said, "en")
    slower = Answer("a", 2.0, "press one to repay", 1.5)
    peer = summarise(measured("peer", slower, cpu_s=3.0), said, "en")
    ratio = compare(ours, peer)
    assert (ratio.p50, ratio.p95, ratio.cpu, ratio.wer_points) == (3, 3, 3, 25)
    assert math.isnan(ratio.memory)
    at_once = summarise(measured("ours", Answer("a", 2.0, said["a"], 0.0)), said, "en")
    ratio = compare(at_once, peer)
    assert ratio.p50 == math.inf


def test_partial_texts_have_columns_only_if_there_are_any() -> None:
    said = {"a": "press one to reply"}
    plain = summarise(measured("x", Answer("a", 1.0, "a b", 0.0)), said, "en")
    alike = Answer("a", 1.0, " a b", 0.0, pieces=("a", " b "))
    unlike = Answer("a", 1.0, "a b", 0.0, pieces=("a", " c", "d", "e"))
    partial = summarise(measured("x", alike, unlike), said, "en")
    assert (partial.pieces, partial.unlike) == (3, 1)
    assert len(summary_table([plain, partial]).columns) == len(summary_table([plain]).columns) + 2
