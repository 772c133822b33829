"""Shows what was measured: tables for people, JSON for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.invented import Invention
from benchmarks.servers import Target
from benchmarks.summary import Ratio, Summary
from benchmarks.turns import Measured

_NEVER = "never"
_UNKNOWN = ""


def summary_table(summaries: Sequence[Summary]) -> Table:
    """Every scenario on every server; partial texts only if a server sends any."""
    partial = any(summary.pieces for summary in summaries)
    table = Table("scenario", "streams", "server", "n", "failed", "p50 ms", "p95 ms", "WER %")
    for heading in ("CPU s/s", "RSS MB", "peak MB", "late p99 ms"):
        table.add_column(heading)
    if partial:
        table.add_column("chunks")
        table.add_column("unlike")
    for one in summaries:
        more = [f"{one.pieces:.1f}", str(one.unlike)] if partial else []
        table.add_row(*_cells(one), *more)
    return table


def _cells(one: Summary) -> list[str]:
    return [
        *(one.scenario, str(one.streams), one.server, str(one.utterances), str(one.failures)),
        *(
            number_cell(one.p50_ms, 0),
            number_cell(one.p95_ms, 0),
            number_cell(one.errors.percent, 1),
        ),
        number_cell(one.cpu_per_audio_s, 3),
        number_cell(one.memory.now_mb if one.memory else None, 0),
        number_cell(one.memory.peak_mb if one.memory else None, 0),
        number_cell(one.late_p99_ms, 1),
    ]


def ratio_table(found: Iterable[Ratio], first: str, other: str) -> Table:
    """How many times as much the other server takes."""
    table = Table("scenario", "streams", "p50", "p95", "CPU", "RSS", "WER points")
    table.title = f"{other} / {first}; WER: {other} - {first}"
    for one in found:
        figures = (one.p50, one.p95, one.cpu, one.memory)
        cells = [number_cell(figure, 2, never="∞") for figure in figures]
        table.add_row(one.scenario, str(one.streams), *cells, f"{one.wer_points:+.2f}")
    return table


def invention_table(found: Iterable[Invention]) -> Table:
    """What each server heard in sounds without speech; nothing is right."""
    table = Table("sound", "peak dBFS", "server", "ms", "heard")
    for one in found:
        level = "" if one.peak_dbfs is None else str(one.peak_dbfs)
        heard = f"FAILED: {one.answer.failure}" if one.answer.failure else one.answer.text
        waited = number_cell(one.answer.waited_s * 1000, 0)
        table.add_row(one.sound, level, one.server, waited, escape(heard))
    return table


def invention_counts(found: Sequence[Invention]) -> str:
    """One line: on how many sounds each server kept silent."""
    servers = dict.fromkeys(one.server for one in found)
    parts = []
    for server in servers:
        own = [one.answer for one in found if one.server == server]
        invented = sum(bool(answer.text.strip()) for answer in own)
        failed = sum(bool(answer.failure) for answer in own)
        parts.append(f"{server}: text for {invented} of {len(own)}, failed {failed}")
    return "; ".join(parts)


def failures(measured: Iterable[Measured], console: Console) -> None:
    """Print every failure with its reason."""
    for one in measured:
        for answer in one.answers:
            if answer.failure:
                where = f"{one.server}, {one.scenario}, {one.streams} streams, {answer.name}"
                console.print(f"failed: {where}: {escape(answer.failure)}", highlight=False)


def write_json(
    path: Path,
    options: dict[str, Any],
    targets: Sequence[Target],
    measured: Sequence[Measured],
    summaries: Sequence[Summary],
    inventions: Sequence[Invention],
    said: dict[str, str],
) -> None:
    """Keep the raw figures; what never came is null."""
    content = {
        "options": options,
        "servers": [asdict(target) for target in targets],
        "summaries": [asdict(one) | {"wer_percent": one.errors.percent} for one in summaries],
        "measured": [_without_lateness(one) for one in measured],
        "sounds": [asdict(one) for one in inventions],
        "said": said,
    }
    path.write_text(json.dumps(finite(content), ensure_ascii=False, indent=1, default=str))


def _without_lateness(one: Measured) -> dict[str, Any]:
    """A hundred figures a second that say nothing about the server; the summary has their p99."""
    bare = replace(one, answers=tuple(replace(answer, late_s=()) for answer in one.answers))
    return asdict(bare)


def number_cell(value: float | None, digits: int, never: str = _NEVER) -> str:
    """A figure as the tables show it; what is unknown stays empty."""
    if value is None or math.isnan(value):
        return _UNKNOWN
    return never if math.isinf(value) else f"{value:.{digits}f}"


def finite(value: Any) -> Any:
    """Give the same without infinities and NaN, which JSON does not know, and with short numbers."""
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return value
