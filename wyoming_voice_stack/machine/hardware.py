"""Memory, cores and GPU available to a model on this machine, or in this container."""

from __future__ import annotations

import errno
import math
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

NVIDIA_SMI_SECONDS = 5.0
"""How long nvidia-smi may take; waking a card takes a second or two."""

_MAX_CGROUP_DEPTH = 32


def available_memory_bytes(root: Path = Path("/")) -> int:
    """Return the memory that a new process may use: free memory or the control group's limit, if lower.

    Limits of version 1 and 2 count, and those of parent groups. `root` is where `proc` and `sys`
    are mounted. Returns 0 if the system reports nothing.
    """
    amounts = [*_free_memory(root), *_memory_limits(root)]
    return min(amounts, default=0)


def available_cores(root: Path = Path("/")) -> int:
    """Return how many cores this process may use: its affinity or the control group's quota, if lower."""
    return max(1, min([len(os.sched_getaffinity(0)), *_cpu_quotas(root)]))


def disk_is_full(error: BaseException) -> bool:
    """Return whether an error means that the disk, or the user's quota, is full."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def cuda_memory_bytes() -> int | None:
    """Return the total memory of the first NVIDIA card; None if nvidia-smi reports none.

    Waits `NVIDIA_SMI_SECONDS` at most.
    """
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    query = [tool, "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed command
            query, capture_output=True, text=True, timeout=NVIDIA_SMI_SECONDS, check=True
        )
        return int(answer.stdout.split()[0]) * 1024**2
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def _free_memory(root: Path) -> Iterator[int]:
    for line in _read(root / "proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024


def _memory_limits(root: Path) -> Iterator[int]:
    for group in _groups(root, "memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            limit = _read(group / name).strip()
            # Version 2 has "max", version 1 a number near 2**63, which is never the lowest.
            if limit.isdigit():
                yield int(limit)


def _cpu_quotas(root: Path) -> Iterator[int]:
    for group in _groups(root, "cpu"):
        quota, _, period = _read(group / "cpu.max").strip().partition(" ")
        if not quota:
            quota = _read(group / "cpu.cfs_quota_us").strip()
            period = _read(group / "cpu.cfs_period_us").strip()
        if quota.isdigit() and period.isdigit() and int(period):
            yield math.ceil(int(quota) / int(period))


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the control groups of this process, of both versions, from the innermost outwards.

    In a container the path of the group is often not visible; its limits are at the mount point.
    """
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            mount = root / "sys/fs/cgroup"
        elif controller in controllers.split(","):
            mount = root / "sys/fs/cgroup" / controller
        else:
            continue
        inside = PurePosixPath(path.lstrip("/"))
        for folder in (inside, *inside.parents)[:_MAX_CGROUP_DEPTH]:
            yield mount / folder


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return ""
