from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from wyoming_voice_stack.machine import hardware
from wyoming_voice_stack.machine.hardware import (
    available_cores,
    available_memory_bytes,
    cuda_memory_bytes,
)

GIB = 1024**3
FREE = {"proc/meminfo": "MemTotal: 16777216 kB\nMemAvailable:    8388608 kB\n"}
V2 = {"proc/self/cgroup": "0::/a/b\n"}
V1 = {"proc/self/cgroup": "5:cpu,cpuacct:/c\n4:memory:/c\n0::/\n"}


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "gib"),
    [
        (FREE, 8),
        (FREE | V2, 8),
        (FREE | V2 | {"sys/fs/cgroup/a/b/memory.max": "max\n"}, 8),
        (FREE | V2 | {"sys/fs/cgroup/a/b/memory.max": f"{2 * GIB}\n"}, 2),
        (FREE | V2 | {"sys/fs/cgroup/a/memory.max": f"{GIB}\n"}, 1),
        (FREE | V2 | {"sys/fs/cgroup/memory.max": f"{3 * GIB}\n"}, 3),
        (FREE | V2 | {"sys/fs/cgroup/memory.max": f"{64 * GIB}\n"}, 8),
        (FREE | V1 | {"sys/fs/cgroup/memory/c/memory.limit_in_bytes": f"{GIB}\n"}, 1),
        (FREE | V1 | {"sys/fs/cgroup/memory/memory.limit_in_bytes": f"{2**63 - 4096}\n"}, 8),
        ({}, 0),
    ],
)
def test_memory_is_what_is_free_within_the_limits(
    tmp_path: Path, files: dict[str, str], gib: int
) -> None:
    assert available_memory_bytes(tree(tmp_path, files)) == gib * GIB


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        (V2 | {"sys/fs/cgroup/a/b/cpu.max": "150000 100000\n"}, 2),
        (V2 | {"sys/fs/cgroup/a/b/cpu.max": "max 100000\n"}, 4),
        (V2 | {"sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        (
            V1
            | {
                "sys/fs/cgroup/cpu/c/cpu.cfs_quota_us": "300000\n",
                "sys/fs/cgroup/cpu/c/cpu.cfs_period_us": "100000\n",
            },
            3,
        ),
        (V1 | {"sys/fs/cgroup/cpu/c/cpu.cfs_quota_us": "-1\n"}, 4),
        ({}, 4),
    ],
)
def test_cores_are_those_of_the_quota(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], cores: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3})
    assert available_cores(tree(tmp_path, files)) == cores


def test_this_machine_has_something() -> None:
    assert available_memory_bytes() > 0
    assert available_cores() >= 1


def fake_tool(folder: Path, script: str) -> None:
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('[ "$1" = --query-gpu=memory.total ] && echo 8192 && echo 24576', 8 * GIB),
        ("echo 'NVIDIA-SMI has failed'; exit 9", None),
        ("echo '[N/A]'", None),
        ("true", None),
    ],
)
def test_memory_of_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, expected: int | None
) -> None:
    fake_tool(tmp_path, script)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert cuda_memory_bytes() == expected


def test_a_driver_that_hangs_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_tool(tmp_path, f"exec {sys.executable} -c 'import time; time.sleep(60); print(8192)'")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(hardware, "NVIDIA_SMI_SECONDS", 0.1)
    assert cuda_memory_bytes() is None


def test_a_machine_without_the_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cuda_memory_bytes() is None
