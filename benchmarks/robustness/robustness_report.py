"""The table of the attacks, and the raw figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.common.figures import percentile
from benchmarks.common.report import number_cell, table_of, write_json
from benchmarks.robustness.trial import Trial

HEADINGS = (
    *("attack", "server", "describe p50 ms", "p99 ms"),
    *("right", "wrong", "refused", "none", "slowest s"),
    *("ran %", "waited %", "MB more", "MB kept", "lives"),
)
LONGEST_REMARKS = 3
LATE_S = 0.02
"""Shorter pauses of the bystander do not matter."""
SLOW_S = 0.05
"""Faster answers need no explanation."""


def row(trial: Trial) -> list[str]:
    """The row of one attack on one server."""
    notices = trial.notices
    verdicts = Counter(notices.verdicts)
    described = [percentile(notices.described_s, percent) * 1000 for percent in (50, 99)]
    loop = (trial.loop.ran, trial.loop.waited) if trial.loop else (None, None)
    memory = (trial.memory.growth_mb, trial.memory.kept_growth_mb)
    return [
        *(trial.attack, trial.server),
        *(number_cell(value, 1) for value in described),
        *(str(verdicts[kind]) for kind in ("right", "wrong", "refused", "unanswered")),
        number_cell(max(notices.answered_s, default=None), 1),
        *(number_cell(value, 0) for value in (*loop, *memory)),
        "yes" if trial.lives else "no",
    ]


def robustness_table(trials: Sequence[Trial]) -> Table:
    """All attacks, the servers below each other."""
    return table_of(HEADINGS, map(row, trials))


def print_remarks(trials: Sequence[Trial], console: Console) -> None:
    """Print what the attackers counted, what the server logged, and how bystanders were refused."""
    for trial in trials:
        remarks = [
            *(trial.note, _log_remark(trial), _late_remark(trial), _slowest_remark(trial)),
            *trial.notices.remarks[:LONGEST_REMARKS],
        ]
        text = "; ".join(remark for remark in remarks if remark)
        if text:
            console.print(escape(f"{trial.attack}, {trial.server}: {text}"), highlight=False)


def _log_remark(trial: Trial) -> str:
    return f"the log grew by {trial.log_bytes} bytes" if trial.log_bytes else ""


def _late_remark(trial: Trial) -> str:
    if trial.late_s < LATE_S:
        return ""
    return f"the bystander itself paused for up to {trial.late_s * 1000:.0f} ms"


def _slowest_remark(trial: Trial) -> str:
    """Where the time of the slowest answer to `describe` went."""
    slowest = trial.notices.slowest
    if slowest is None or slowest.took_s < SLOW_S:
        return ""
    parts = [f"the slowest describe took {slowest.took_s * 1000:.0f} ms"]
    if slowest.server is not None:
        parts.append(
            f"the server's loop ran for {slowest.server.running_s * 1000:.0f} ms of it and waited"
            f" {slowest.server.waiting_s * 1000:.0f} ms for a core"
        )
    parts.append(f"the bystander itself was {slowest.client_s * 1000:.0f} ms late")
    return ", ".join(parts)


def write_trials(path: Path, options: dict[str, Any], trials: Sequence[Trial]) -> None:
    """Write the raw figures."""
    write_json(path, {"options": options, "trials": [asdict(trial) for trial in trials]})
