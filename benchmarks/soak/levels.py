"""What a server holds: memory, descriptors, threads, tasks and connections; and what of it has grown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.common.processes import memory

TOLERATED = {
    "memory_mb": 16.0,
    "descriptors": 2.0,
    "threads": 2.0,
    "tasks": 2.0,
    "connections": 0.0,
}
"""Growth that is none: memory that the allocator keeps, threads and files opened on first use."""
TOLERATED_PART = 0.05
"""Part of the memory by which it may grow beside that."""


@dataclass(frozen=True)
class Levels:
    """What a server holds at one time. Tasks and connections are 0 where it has no `/metrics`."""

    memory_mb: float
    descriptors: float
    threads: float
    tasks: float = 0.0
    connections: float = 0.0


def levels_of(pid: int, metrics: str) -> Levels:
    """Read what a process and its children hold; `metrics` is the answer to `/metrics`."""
    process = Path("/proc") / str(pid)
    threads = descriptors = 0
    with suppress(OSError):
        threads = len(list((process / "task").iterdir()))
        descriptors = len(list((process / "fd").iterdir()))
    return Levels(
        memory(pid).now_mb,
        descriptors,
        threads,
        metric_in(metrics, "voice_stack_tasks"),
        metric_in(metrics, "voice_stack_connections"),
    )


def metric_in(metrics: str, name: str) -> float:
    """The value of a metric without labels; 0 if it is missing."""
    found = re.search(rf"^{name} (\S+)$", metrics, re.MULTILINE)
    return float(found[1]) if found else 0.0


def middle(levels: Sequence[Levels]) -> Levels:
    """The median of each level."""
    rows = [asdict(one) for one in levels]
    return Levels(**{name: median(row[name] for row in rows) for name in rows[0]})


def grown(before: Levels, after: Levels) -> list[str]:
    """Describe every level that has grown beyond what is tolerated."""
    old, new = asdict(before), asdict(after)
    found = []
    for name, tolerated in TOLERATED.items():
        allowed = tolerated + (TOLERATED_PART * old[name] if name == "memory_mb" else 0.0)
        if new[name] - old[name] > allowed:
            found.append(f"{name} grew from {old[name]:.0f} to {new[name]:.0f}")
    return found
