"""CPU time and memory of a process and its children."""

from __future__ import annotations

import asyncio
import os
import sys

from benchmarks.common.processes import cpu_seconds, memory


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
