"""Figures of each transport, and how much later it is than the first one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from benchmarks.api.api_requests import Timing
from benchmarks.common.figures import percentile
from benchmarks.common.report import number_cell

Measurement: TypeAlias = dict[str, list[Timing]]
"""The timings of each transport."""

MEDIAN, SLOW = 50, 95


def transport_rows(timings: Measurement, reference: str) -> Iterator[list[str]]:
    """The row of each transport, in milliseconds; the last cell is its first answer less the reference's."""
    base = percentile([each.first_s for each in timings[reference]], MEDIAN)
    for name, answers in timings.items():
        first = [each.first_s for each in answers]
        ended = [each.ended_s for each in answers]
        figures = [
            percentile(values, percent) for values in (first, ended) for percent in (MEDIAN, SLOW)
        ]
        later = "" if name == reference else number_cell(1000 * (figures[0] - base), 1)
        failed = sum(bool(each.failure) for each in answers)
        cells = [number_cell(1000 * value, 1) for value in figures]
        yield [name, str(len(answers)), str(failed), *cells, later]
