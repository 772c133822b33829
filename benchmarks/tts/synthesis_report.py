"""The tables of the text-to-speech benchmark."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from benchmarks.common.report import memory_cells, number_cell, ratio_cells, table_of
from benchmarks.tts.synthesis_summary import SynthesisRatio, SynthesisSummary


def summary_table(summaries: Iterable[SynthesisSummary]) -> Table:
    """A row per case and server; times of the first audio and leading silence in ms."""
    times = ("first p50", "p95", "end p50", "p95", "lead", "sound s", "s/s", "all s/s")
    more = ("gaps", "gap ms", "longest", "CPU s/s", "RSS MB", "peak", "late")
    headings = ("scenario", "text", "clients", "server", "n", "failed", *times, *more)
    return table_of(headings, map(_cells, summaries))


def _cells(one: SynthesisSummary) -> list[str]:
    return [
        *(*one.case.cells(), one.server, str(one.requests), str(one.failures)),
        *(number_cell(one.first_p50_ms, 0), number_cell(one.first_p95_ms, 0)),
        *(number_cell(one.from_end_p50_ms, 0), number_cell(one.from_end_p95_ms, 0)),
        number_cell(one.lead_ms, 0),
        *(number_cell(one.sound_s, 1), number_cell(one.speed, 1), number_cell(one.speed_in_all, 1)),
        *(str(one.gapped), number_cell(one.gap_ms, 0), number_cell(one.largest_gap_ms, 0)),
        number_cell(one.cpu_per_sound_s, 3),
        *memory_cells(one.memory),
        number_cell(one.late_ms, 0),
    ]


def ratio_table(found: Iterable[SynthesisRatio], first: str, other: str) -> Table:
    """How many times as much the other server takes."""
    headings = ("scenario", "text", "clients", "first p50", "p95", "time", "time in all")
    rows = (
        [
            *one.case.cells(),
            *ratio_cells((one.first_p50, one.first_p95, one.time, one.time_in_all)),
            *ratio_cells((one.gap, one.cpu, one.memory)),
        ]
        for one in found
    )
    return table_of((*headings, "gaps", "CPU", "RSS"), rows, f"{other} / {first}")
