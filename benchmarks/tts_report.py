"""Shows what was measured of text to speech: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.report import finite, number_cell
from benchmarks.servers import Target
from benchmarks.tts_summary import Ratio, Summary
from benchmarks.tts_turns import Measured

_WITHOUT_END = "∞"


def summary_table(summaries: Sequence[Summary]) -> Table:
    """Every scenario on every server; times of the first sound, and the silence that leads it, in ms."""
    table = Table("scenario", "text", "clients", "server", "n", "failed")
    for heading in ("first p50", "p95", "end p50", "p95", "lead", "sound s", "s/s", "all s/s"):
        table.add_column(heading)
    for heading in ("gaps", "gap ms", "longest", "CPU s/s", "RSS MB", "peak", "late"):
        table.add_column(heading)
    for one in summaries:
        table.add_row(*_cells(one))
    return table


def _cells(one: Summary) -> list[str]:
    return [
        *(one.scenario, one.length, str(one.clients), one.server),
        *(str(one.requests), str(one.failures)),
        *(number_cell(one.first_p50_ms, 0), number_cell(one.first_p95_ms, 0)),
        *(number_cell(one.from_end_p50_ms, 0), number_cell(one.from_end_p95_ms, 0)),
        number_cell(one.lead_ms, 0),
        *(number_cell(one.sound_s, 1), number_cell(one.speed, 1), number_cell(one.speed_in_all, 1)),
        *(str(one.gapped), number_cell(one.gap_ms, 0), number_cell(one.largest_gap_ms, 0)),
        number_cell(one.cpu_per_sound_s, 3),
        number_cell(one.memory.now_mb if one.memory else None, 0),
        number_cell(one.memory.peak_mb if one.memory else None, 0),
        number_cell(one.late_ms, 0),
    ]


def ratio_table(found: Iterable[Ratio], first: str, other: str) -> Table:
    """How many times as much the other server takes."""
    table = Table("scenario", "text", "clients", "first p50", "p95", "time", "time in all")
    for heading in ("gaps", "CPU", "RSS"):
        table.add_column(heading)
    table.title = f"{other} / {first}"
    for one in found:
        figures = (one.first_p50, one.first_p95, one.time, one.time_in_all)
        more = (one.gap, one.cpu, one.memory)
        cells = [number_cell(figure, 2, never=_WITHOUT_END) for figure in (*figures, *more)]
        table.add_row(one.scenario, one.length, str(one.clients), *cells)
    return table


def failures(measured: Iterable[Measured], console: Console) -> None:
    """Print every failure with its reason."""
    for one in measured:
        for reply in one.replies:
            if reply.failure:
                where = f"{one.server}, {one.scenario}, {one.length}, {one.clients} clients"
                console.print(f"failed: {where}: {escape(reply.failure)}", highlight=False)


def write_json(
    path: Path,
    options: dict[str, Any],
    targets: Sequence[Target],
    measured: Sequence[Measured],
    summaries: Sequence[Summary],
) -> None:
    """Keep the raw figures, the arrival of each piece of sound too; what never came is null."""
    content = {
        "options": options,
        "servers": [asdict(target) for target in targets],
        "summaries": [asdict(one) for one in summaries],
        "measured": [asdict(one) for one in measured],
    }
    path.write_text(json.dumps(finite(content), ensure_ascii=False, indent=1, default=str))
