"""The tables and the JSON file of the speech-to-text benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from benchmarks.common.report import (
    json_content,
    memory_cells,
    number_cell,
    ratio_cells,
    table_of,
    write_json,
)
from benchmarks.common.servers import Target
from benchmarks.stt.non_speech import NonSpeechResult
from benchmarks.stt.transcription_plan import MeasuredTranscription
from benchmarks.stt.transcription_summary import TranscriptionRatio, TranscriptionSummary


def summary_table(summaries: Sequence[TranscriptionSummary]) -> Table:
    """A row per case and server; columns of partial texts only if a server sends any."""
    partial = any(summary.pieces for summary in summaries)
    headings = ("scenario", "streams", "server", "n", "failed", "p50 ms", "p95 ms", "WER %")
    resources = ("CPU s/s", "RSS MB", "peak MB", "late p99 ms")
    more = ("chunks", "differ") if partial else ()
    rows = (_cells(one, partial=partial) for one in summaries)
    return table_of((*headings, *resources, *more), rows)


def _cells(one: TranscriptionSummary, *, partial: bool) -> list[str]:
    return [
        *one.case.cells(),
        *(one.server, str(one.utterances), str(one.failures)),
        *(number_cell(one.p50_ms, 0), number_cell(one.p95_ms, 0)),
        number_cell(one.errors.percent, 1),
        number_cell(one.cpu_per_audio_s, 3),
        *memory_cells(one.memory),
        number_cell(one.late_p99_ms, 1),
        *((f"{one.pieces:.1f}", str(one.unlike)) if partial else ()),
    ]


def ratio_table(found: Iterable[TranscriptionRatio], first: str, other: str) -> Table:
    """How many times as much the other server takes."""
    rows = (
        [
            *one.case.cells(),
            *ratio_cells((one.p50, one.p95, one.cpu, one.memory)),
            f"{one.wer_points:+.2f}",
        ]
        for one in found
    )
    headings = ("scenario", "streams", "p50", "p95", "CPU", "RSS", "WER points")
    return table_of(headings, rows, f"{other} / {first}; WER: {other} - {first}")


def non_speech_table(results: Iterable[NonSpeechResult]) -> Table:
    """The transcript of each sound without speech; it should be empty."""
    rows = (
        [
            one.sound,
            "" if one.peak_dbfs is None else str(one.peak_dbfs),
            one.server,
            number_cell(one.answer.waited_s * 1000, 0),
            escape(f"FAILED: {one.answer.failure}" if one.answer.failure else one.answer.text),
        ]
        for one in results
    )
    return table_of(("sound", "peak dBFS", "server", "ms", "transcript"), rows)


def non_speech_counts(results: Sequence[NonSpeechResult]) -> str:
    """One line: for how many sounds each server returned text."""
    servers = dict.fromkeys(one.server for one in results)
    parts = []
    for server in servers:
        own = [one.answer for one in results if one.server == server]
        texts = sum(bool(answer.text.strip()) for answer in own)
        failed = sum(bool(answer.failure) for answer in own)
        parts.append(f"{server}: text for {texts} of {len(own)}, failed {failed}")
    return "; ".join(parts)


def write_report(
    path: Path,
    options: dict[str, Any],
    targets: Sequence[Target],
    measured: Sequence[MeasuredTranscription] = (),
    summaries: Sequence[TranscriptionSummary] = (),
    *,
    non_speech: Sequence[NonSpeechResult] = (),
    references: dict[str, str] | None = None,
) -> None:
    """Write the raw figures. The lateness of single chunks is left out: the summary has its p99."""
    bare = [
        replace(one, answers=tuple(replace(answer, late_s=()) for answer in one.answers))
        for one in measured
    ]
    content = json_content(options, targets, bare, summaries)
    for row, one in zip(content["summaries"], summaries, strict=True):
        row["wer_percent"] = one.errors.percent
    content["sounds"] = [asdict(one) for one in non_speech]
    content["said"] = references or {}
    write_json(path, content)
