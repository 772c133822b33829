"""Measures how fast `describe` is answered while a server is idle, loads its model, or is busy.

    python -m benchmarks.describe [--seconds 20] [--asr-model NAME] [--tts-model NAME]

Each request goes out on a new connection at a fixed time, and its latency counts from that time: a
stall also counts for the requests that are due during it. Delays of this process are included, so
the figures are upper bounds. By default the TTS model is a small random checkpoint of the real XTTS
architecture, which loads all of its libraries.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize

from benchmarks.common.program import new_parser, run_program
from benchmarks.common.report import table_of
from tests.support.integration.client import utterance
from tests.support.integration.servers import EMBEDDED_WHISPER, Server, running

ROOT = Path(__file__).parents[2]
INTERVAL_S = 0.02
PATIENCE_S = 30.0
BUSY_CLIENTS = 2
SPEECH_S = 6.0
TEXT = "The weather will be sunny in the morning. Take an umbrella with you in the afternoon."
POLL_S = 0.05
HTTP_OK = b" 200 "

Work = Callable[[Server], Coroutine[None, None, None]]


class Latencies(NamedTuple):
    """Seconds from the due time of each request to its answer, in one phase of one server."""

    phase: str
    server: str
    answered_s: tuple[float, ...]
    unanswered: int

    def row(self) -> list[str]:
        """The row of the table, in milliseconds."""
        p50, p99, longest = np.percentile(self.answered_s, (50, 99, 100)) * 1000
        figures = [f"{p50:.1f}", f"{p99:.1f}", f"{longest:.1f}"]
        return [self.phase, self.server, str(len(self.answered_s)), *figures, str(self.unanswered)]


class DescribeSchedule:
    """Sends `describe` to a server at fixed times until it is stopped."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._requests: list[asyncio.Task[float | None]] = []
        self._port_open = asyncio.Event()
        self._stopped = False

    async def run(self) -> None:
        """Send requests until `latencies` is called."""
        began = time.monotonic()
        for number in range(sys.maxsize):
            due = began + number * INTERVAL_S
            await asyncio.sleep(due - time.monotonic())
            if self._stopped:
                return
            self._requests.append(asyncio.create_task(self._request(due)))

    async def wait_for_port(self) -> None:
        """Wait until the port is open."""
        await self._port_open.wait()

    async def latencies(self, phase: str, mode: str) -> Latencies:
        """Stop, and wait for the answers to the requests that have been sent."""
        self._stopped = True
        results = await asyncio.gather(*self._requests)
        answered = tuple(result for result in results if result is not None and result >= 0)
        return Latencies(phase, mode, answered, results.count(None))

    async def _request(self, due: float) -> float | None:
        """Latency; None without an answer, negative if the port is not open yet."""
        try:
            async with (
                asyncio.timeout(PATIENCE_S),
                AsyncTcpClient("127.0.0.1", self._server.port) as client,
            ):
                self._port_open.set()
                await client.write_event(Describe().event())
                answer = await client.read_event()
        except ConnectionRefusedError:
            return None if self._port_open.is_set() else -1.0
        except (OSError, TimeoutError):
            return None
        answered_s = time.monotonic() - due
        return answered_s if answer is not None and Info.is_type(answer.type) else None


@asynccontextmanager
async def describing(server: Server) -> AsyncIterator[DescribeSchedule]:
    schedule = DescribeSchedule(server)
    sending = asyncio.create_task(schedule.run())
    yield schedule
    await sending


async def measure(phase: str, mode: str, server: Server, seconds: float, work: Work) -> Latencies:
    """Send requests for some seconds while clients keep the server busy."""
    workers = [asyncio.create_task(work(server)) for _ in range(BUSY_CLIENTS)]
    async with describing(server) as schedule:
        await asyncio.sleep(seconds)
        found = await schedule.latencies(phase, mode)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    return found


async def measure_load(mode: str, folder: Path, settings: dict[str, str]) -> Latencies:
    """Send requests from the start of the process until the model is loaded."""
    with running(mode, folder, settings, wait_for=None) as server:
        async with describing(server) as schedule:
            await schedule.wait_for_port()
            # Another process becomes ready, and no event of this one says when.
            while not await is_ready(server):  # noqa: ASYNC110
                await asyncio.sleep(POLL_S)
            return await schedule.latencies("load", mode)


async def is_ready(server: Server) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /ready HTTP/1.0\r\n\r\n")
    status = await reader.readline()
    writer.close()
    return HTTP_OK in status


async def stay_idle(server: Server) -> None:
    del server


async def transcribe_repeatedly(server: Server) -> None:
    await repeat(server, utterance(SPEECH_S), "transcript")


async def speak_repeatedly(server: Server) -> None:
    await repeat(server, [Synthesize(text=TEXT).event()], "audio-stop")


async def repeat(server: Server, request: list[Event], last: str) -> None:
    async with AsyncTcpClient("127.0.0.1", server.port) as client:
        while True:
            for event in request:
                await client.write_event(event)
            while (answer := await client.read_event()) is not None and answer.type != last:
                pass


async def measure_mode(
    mode: str, settings: dict[str, str], work: Work, options: argparse.Namespace, folder: Path
) -> list[Latencies]:
    loads = [await measure_load(mode, folder, settings) for _ in range(options.loads)]
    together = Latencies(
        f"load, {options.loads} times",
        mode,
        sum((load.answered_s for load in loads), ()),
        sum(load.unanswered for load in loads),
    )
    with running(mode, folder, settings) as server:
        idle = await measure("idle", mode, server, options.seconds, stay_idle)
        busy = await measure("busy", mode, server, options.seconds, work)
    return [idle, together, busy]


async def measure_all(options: argparse.Namespace, console: Console) -> None:
    headings = ("phase", "server", "answers", "p50 ms", "p99 ms", "max ms", "no answer")
    rows: list[list[str]] = []
    # The first call synthesizes the speech; it would delay the requests of a phase by a second.
    utterance(SPEECH_S)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        plans: list[tuple[str, dict[str, str], Work]] = [
            ("asr", {"ASR_MODEL": options.asr_model}, transcribe_repeatedly),
            ("tts", {"TTS_MODEL": options.tts_model or tiny_voice(folder)}, speak_repeatedly),
        ]
        for mode, settings, work in plans:
            with console.status(f"measuring the {mode} server"):
                found = await measure_mode(mode, settings, work, options, folder)
            rows += [latencies.row() for latencies in found]
    console.print(table_of(headings, rows))


def tiny_voice(folder: Path) -> str:
    checkpoint = str(folder / "checkpoint")
    subprocess.run(
        [sys.executable, "-m", "tests.support.checkpoints.tiny_xtts", checkpoint],
        cwd=ROOT,
        check=True,
    )
    return checkpoint


def parser() -> argparse.ArgumentParser:
    made = new_parser(__doc__)
    made.add_argument("--seconds", type=float, default=20.0, help="length of a phase")
    made.add_argument("--loads", type=int, default=3, help="how often each model is loaded")
    made.add_argument("--asr-model", default=EMBEDDED_WHISPER, help="default: %(default)s")
    made.add_argument("--tts-model", help="default: a small XTTS with random weights")
    return made


def run(options: argparse.Namespace, console: Console) -> None:
    asyncio.run(measure_all(options, console))


if __name__ == "__main__":
    sys.exit(run_program(run, parser().parse_args()))
