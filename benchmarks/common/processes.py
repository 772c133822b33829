"""CPU time and memory of a process and its children, read from /proc."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PARENT, _TIMES = 1, slice(11, 15)
"""Fields of /proc/PID/stat after the name: the parent; user and system time, own and of ended children."""

QUIET_S = 0.15
QUIET_CPU_S = 0.02
LONGEST_SETTLE_S = 10.0


@dataclass(frozen=True)
class Memory:
    """Resident memory of a process tree, in MB of 10**6 bytes."""

    now_mb: float
    peak_mb: float
    """Sum of the peaks of all processes since each began, loading of the model included."""


@dataclass(frozen=True)
class ThreadTime:
    """What a thread has done since it began, in seconds."""

    running_s: float
    """It had a core."""
    waiting_s: float
    """It could have run, but others had the cores."""

    def __sub__(self, before: ThreadTime) -> ThreadTime:
        """What it has done since an earlier time."""
        return ThreadTime(self.running_s - before.running_s, self.waiting_s - before.waiting_s)


def cpu_seconds(root: int) -> float:
    """User and system time of a process and its children, including those that have ended."""
    tree = _tree(root)
    return sum(sum(map(int, fields[_TIMES])) for fields in tree.values()) / _TICKS_PER_SECOND


def main_thread_time(process: int) -> ThreadTime | None:
    """Times of the main thread of a process, in which an asyncio server has its event loop; None if unknown."""
    with suppress(OSError, ValueError):
        text = (_PROC / str(process) / "task" / str(process) / "schedstat").read_text()
        running_ns, waiting_ns, _ = map(int, text.split())
        return ThreadTime(running_ns / 1e9, waiting_ns / 1e9)
    return None


def memory(root: int) -> Memory:
    """Memory of a process and its children; shared pages count once for each process."""
    status = [_status(process) for process in _tree(root)]
    return Memory(
        sum(lines.get("VmRSS", 0.0) for lines in status),
        sum(lines.get("VmHWM", 0.0) for lines in status),
    )


async def settle(root: int) -> None:
    """Wait until a process tree is idle, so that it does not disturb the next measurement."""
    before = cpu_seconds(root)
    for _ in range(int(LONGEST_SETTLE_S / QUIET_S)):
        await asyncio.sleep(QUIET_S)
        now = cpu_seconds(root)
        if now - before < QUIET_CPU_S:
            return
        before = now


def _tree(root: int) -> dict[int, list[str]]:
    """Fields of the stat file of `root` and each process below it; empty if it has ended."""
    everything = {}
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError):
            text = (folder / "stat").read_text(errors="replace")
            everything[int(folder.name)] = text.rpartition(")")[2].split()
    found = {process: everything[process] for process in (root,) if process in everything}
    while True:
        children = {
            process: fields
            for process, fields in everything.items()
            if int(fields[_PARENT]) in found and process not in found
        }
        if not children:
            return found
        found |= children


def _status(process: int) -> dict[str, float]:
    with suppress(OSError):
        lines = (_PROC / str(process) / "status").read_text().splitlines()
        parts = [line.split() for line in lines if line.startswith(("VmRSS:", "VmHWM:"))]
        return {part[0].rstrip(":"): int(part[1]) * 1024 / 1e6 for part in parts}
    return {}
