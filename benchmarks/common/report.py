"""Shows measurements: tables for people, JSON for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.common.measurement import CaseT, Measured, OutcomeT
from benchmarks.common.processes import Memory
from benchmarks.common.servers import Target

_INFINITE = "∞"
_UNKNOWN = ""


def table_of(
    headings: Iterable[str], rows: Iterable[Iterable[str]], title: str | None = None
) -> Table:
    """A table of texts."""
    table = Table(*headings, title=title)
    for row in rows:
        table.add_row(*row)
    return table


def number_cell(value: float | None, digits: int, infinite: str = "never") -> str:
    """A number as the tables show it; empty if it is unknown."""
    if value is None or math.isnan(value):
        return _UNKNOWN
    return infinite if math.isinf(value) else f"{value:.{digits}f}"


def ratio_cells(values: Iterable[float]) -> list[str]:
    """Quotients of two servers' figures, with two digits."""
    return [number_cell(value, 2, _INFINITE) for value in values]


def memory_cells(memory: Memory | None) -> list[str]:
    """Resident memory now and at its peak, in MB."""
    values = (memory.now_mb, memory.peak_mb) if memory else (None, None)
    return [number_cell(value, 0) for value in values]


def print_targets(targets: Iterable[Target], console: Console) -> None:
    """Print what is measured, a line per server."""
    for target in targets:
        console.print(f"{target.name}: {target.version or target.port}", highlight=False)


def print_failures(measured: Iterable[Measured[CaseT, OutcomeT]], console: Console) -> None:
    """Print every failure with its reason."""
    for one in measured:
        for answer in one.answers:
            if answer.failure:
                where = escape(f"{one.server}, {one.case}, {answer.request}")
                console.print(f"failed: {where}: {escape(answer.failure)}", highlight=False)


def json_content(
    options: dict[str, Any],
    targets: Sequence[Target],
    measured: Sequence[Measured[CaseT, OutcomeT]],
    summaries: Sequence[Any],
) -> dict[str, Any]:
    """The raw figures of a run; `summaries` are dataclasses with a field `case`."""
    return {
        "options": options,
        "servers": [asdict(target) for target in targets],
        "summaries": [_flat(asdict(one)) for one in summaries],
        "measured": [_flat(asdict(one)) for one in measured],
    }


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a file in which infinite and unknown numbers are null."""
    path.write_text(json.dumps(finite(content), ensure_ascii=False, indent=1, default=str))


def finite(value: Any) -> Any:
    """Replace infinity and NaN, which JSON cannot express, by None, and round the other numbers."""
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return value


def _flat(fields: dict[str, Any]) -> dict[str, Any]:
    case: dict[str, Any] = fields.pop("case")
    return case | fields
