"""CPU time and memory of a process and its children."""

from __future__ import annotations

import asyncio
import os
import sys
import time

from benchmarks.common.processes import cpu_seconds, main_thread_time, memory


async def test_what_children_use_is_counted() -> None:
    before = cpu_seconds(os.getpid())
    busy = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import time\nwhile time.process_time() < 0.3: pass\nprint()\ninput()",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert busy.stdout is not None
    alone = memory(busy.pid)
    await busy.stdout.readline()
    assert cpu_seconds(os.getpid()) - before >= 0.25
    together = memory(os.getpid())
    assert 0 < alone.now_mb < together.now_mb <= together.peak_mb
    await busy.communicate(b"\n")
    assert cpu_seconds(os.getpid()) - before >= 0.25
    assert cpu_seconds(busy.pid) == 0


def test_the_main_thread_runs_or_waits() -> None:
    before = main_thread_time(os.getpid())
    assert before is not None
    until = time.thread_time() + 0.05
    while time.thread_time() < until:
        pass
    after = main_thread_time(os.getpid())
    assert after is not None
    assert after.running_s - before.running_s >= 0.04
    assert after.waiting_s >= before.waiting_s


def test_no_process_has_no_times() -> None:
    assert main_thread_time(2**22 + 1) is None
