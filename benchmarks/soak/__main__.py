"""Keeps both servers busy for an hour and fails if they hold more afterwards, or answered wrongly.

    python -m benchmarks.soak                 an hour
    python -m benchmarks.soak --minutes 2     in the gate

Clients ask and check every answer, leave in the middle of a request, send broken events, ask
`describe` and read `/metrics`, all at the same time. What a server holds at rest after the first
part of the time is compared with what it holds at rest in the end: memory, file descriptors, threads,
tasks of the event loop and connections. The exit status is 1 if something has grown, or if an answer
was wrong or missing.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from benchmarks.common.errors import BenchmarkError
from benchmarks.common.processes import settle
from benchmarks.common.program import new_parser, run_program
from benchmarks.common.report import table_of
from benchmarks.robustness.robust_servers import Attacked, own_choices
from benchmarks.robustness.trial import Subject
from benchmarks.soak.levels import Levels, grown, levels_of, middle
from benchmarks.soak.mixed_load import Load, metrics_of
from wyoming_voice_stack.server.assembly.tts import KEEP_MEMORY_SECONDS

WARM_UP_PART = 0.25
LONGEST_WARM_UP_S = 300.0
REST_S = KEEP_MEMORY_SECONDS + 5.0
"""How long a server may take to return to rest after the last client has left: it keeps freed memory meanwhile,
as much as it once needed at a time, which a crowd raises."""
SAMPLES = 5
SAMPLE_PAUSE_S = 0.2
COLUMNS = 120


async def load_for(subjects: Sequence[Subject], seconds: float) -> list[Load]:
    """Load all servers at the same time."""
    until = time.monotonic() + seconds
    loads = [Load(subject, until) for subject in subjects]
    async with asyncio.TaskGroup() as group:
        for load in loads:
            group.create_task(load.run())
    return loads


async def levels_at_rest(subject: Subject) -> Levels:
    """What a server holds while no client uses it."""
    pid = subject.target.pid
    if pid is None:
        raise BenchmarkError("The process of the server is unknown.")
    await asyncio.sleep(REST_S)
    await settle(pid)
    samples = []
    for _ in range(SAMPLES):
        # Reading the metrics takes a connection and a task itself, each time.
        samples.append(levels_of(pid, await metrics_of(subject)))
        await asyncio.sleep(SAMPLE_PAUSE_S)
    return middle(samples)


async def soak(subjects: Sequence[Subject], seconds: float, console: Console) -> list[str]:
    """Load the servers, print what they hold before and after, and return what is wrong."""
    warm_up_s = min(LONGEST_WARM_UP_S, WARM_UP_PART * seconds)
    first = await load_for(subjects, warm_up_s)
    before = await asyncio.gather(*map(levels_at_rest, subjects))
    second = await load_for(subjects, seconds - warm_up_s)
    after = await asyncio.gather(*map(levels_at_rest, subjects))
    rows = []
    wrong = [complaint for load in (*first, *second) for complaint in load.complaints]
    for number, subject in enumerate(subjects):
        name = subject.target.name
        answers = first[number].verdicts + second[number].verdicts
        counted = ", ".join(f"{times} {kind}" for kind, times in sorted(answers.items()))
        for when, levels in (("before", before[number]), ("after", after[number])):
            cells = [f"{value:.0f}" for value in asdict(levels).values()]
            rows.append([name, when, *cells, counted if when == "after" else ""])
        wrong += [f"{name}: {growth}" for growth in grown(before[number], after[number])]
    headings = ("server", "", "memory MB", "descriptors", "threads", "tasks", "connections")
    console.print(table_of((*headings, "answers"), rows))
    return wrong


def parser() -> argparse.ArgumentParser:
    made = new_parser(__doc__)
    made.add_argument("--minutes", type=float, default=60.0, help="default: %(default)g")
    return made


def run(options: argparse.Namespace, console: Console) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [Attacked(choice, folder) for choice in own_choices(["asr", "tts"])]
        for server in servers:
            stack.callback(server.stop)
        subjects = [server.subject() for server in servers]
        wrong = asyncio.run(soak(subjects, options.minutes * 60, console))
    if wrong:
        raise BenchmarkError("\n".join(wrong))


if __name__ == "__main__":
    sys.exit(run_program(run, parser().parse_args(), columns=COLUMNS))
