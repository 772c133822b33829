"""How fast `describe` is answered while a server idles, loads its model, or works.

    python benchmarks/describe.py [--seconds 20] [--asr-model NAME] [--tts-model NAME]

Each question goes out on a new connection at a time that is fixed beforehand, and its answer
counts from that time: a stall also counts for the questions that would have come during it. What
this process itself delays is counted too, so the figures are upper bounds. By default the voice is
a small random checkpoint of the genuine XTTS architecture, which loads all of its libraries.
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
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from wyoming.event import Event
from wyoming.info import Describe
from wyoming.tts import Synthesize

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.fakes import peer  # noqa: E402 - found by the line above
from tests.support.integration.client import utterance  # noqa: E402
from tests.support.integration.servers import EMBEDDED_WHISPER, Server, running  # noqa: E402

INTERVAL_S = 0.02
PATIENCE_S = 30.0
CLIENTS_AT_WORK = 2
SPEECH_S = 6.0
TEXT = "The weather will be sunny in the morning. Take an umbrella with you in the afternoon."
POLL_S = 0.05
HTTP_OK = b" 200 "

Work = Callable[[Server], Coroutine[None, None, None]]


@dataclass(frozen=True)
class Latencies:
    """Seconds from the scheduled question to the answer, of one phase on one server."""

    phase: str
    server: str
    answered_s: tuple[float, ...]
    unanswered: int

    def row(self) -> list[str]:
        """The phase as a line of the table, in milliseconds."""
        p50, p99, longest = np.percentile(self.answered_s, (50, 99, 100)) * 1000
        figures = [f"{p50:.1f}", f"{p99:.1f}", f"{longest:.1f}"]
        return [self.phase, self.server, str(len(self.answered_s)), *figures, str(self.unanswered)]


class Asking:
    """Asks one server at fixed times until it is stopped."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._questions: list[asyncio.Task[float | None]] = []
        self._reached = asyncio.Event()
        self._stopped = False

    async def ask(self) -> None:
        """Ask until `latencies` is called."""
        began = time.monotonic()
        for number in range(sys.maxsize):
            scheduled = began + number * INTERVAL_S
            await asyncio.sleep(scheduled - time.monotonic())
            if self._stopped:
                return
            self._questions.append(asyncio.create_task(self._question(scheduled)))

    async def reached(self) -> None:
        """Wait until the port is open."""
        await self._reached.wait()

    async def latencies(self, phase: str, mode: str) -> Latencies:
        """Ask no more, and wait for the answers that are due."""
        self._stopped = True
        results = await asyncio.gather(*self._questions)
        answered = tuple(result for result in results if result is not None and result >= 0)
        return Latencies(phase, mode, answered, results.count(None))

    async def _question(self, scheduled: float) -> float | None:
        """Latency; None without an answer, negative while the port is not open yet."""
        try:
            async with asyncio.timeout(PATIENCE_S), peer(self._server.port) as client:
                self._reached.set()
                await client.send(Describe().event())
                answer = await client.next()
        except ConnectionRefusedError:
            return None if self._reached.is_set() else -1.0
        except (OSError, TimeoutError):
            return None
        answered_s = time.monotonic() - scheduled
        return answered_s if answer is not None and answer.type == "info" else None


@asynccontextmanager
async def asking(server: Server) -> AsyncIterator[Asking]:
    one = Asking(server)
    schedule = asyncio.create_task(one.ask())
    yield one
    await schedule


async def measure(phase: str, mode: str, server: Server, seconds: float, work: Work) -> Latencies:
    """Ask for so long, while clients keep the server at work."""
    workers = [asyncio.create_task(work(server)) for _ in range(CLIENTS_AT_WORK)]
    async with asking(server) as questions:
        await asyncio.sleep(seconds)
        found = await questions.latencies(phase, mode)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    return found


async def measure_load(mode: str, folder: Path, settings: dict[str, str]) -> Latencies:
    """Ask from the start of the process until the model is loaded."""
    with running(mode, folder, settings, wait_for=None) as server:
        async with asking(server) as questions:
            await questions.reached()
            # Readiness is another process's, which sets no event here.
            while not await is_ready(server):  # noqa: ASYNC110
                await asyncio.sleep(POLL_S)
            return await questions.latencies("load", mode)


async def is_ready(server: Server) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /ready HTTP/1.0\r\n\r\n")
    status = await reader.readline()
    writer.close()
    return HTTP_OK in status


async def rest(server: Server) -> None:
    del server


async def transcribe_on_and_on(server: Server) -> None:
    await repeat(server, utterance(SPEECH_S), "transcript")


async def speak_on_and_on(server: Server) -> None:
    await repeat(server, [Synthesize(text=TEXT).event()], "audio-stop")


async def repeat(server: Server, request: list[Event], last: str) -> None:
    async with peer(server.port) as client:
        while True:
            await client.send(*request)
            await client.until(last)


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
        idle = await measure("idle", mode, server, options.seconds, rest)
        busy = await measure("at work", mode, server, options.seconds, work)
    return [idle, together, busy]


async def run(options: argparse.Namespace, console: Console) -> None:
    table = Table("phase", "server", "answers", "p50 ms", "p99 ms", "max ms", "no answer")
    # The first call makes the speech, which takes a second that no phase should hold.
    utterance(SPEECH_S)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        plans: list[tuple[str, dict[str, str], Work]] = [
            ("asr", {"ASR_MODEL": options.asr_model}, transcribe_on_and_on),
            ("tts", {"TTS_MODEL": options.tts_model or tiny_voice(folder)}, speak_on_and_on),
        ]
        for mode, settings, work in plans:
            with console.status(f"asking the {mode} server"):
                for latencies in await measure_mode(mode, settings, work, options, folder):
                    table.add_row(*latencies.row())
    console.print(table)


def tiny_voice(folder: Path) -> str:
    checkpoint = str(folder / "checkpoint")
    subprocess.run(
        [sys.executable, "-m", "tests.support.checkpoints.tiny_xtts", checkpoint],
        cwd=ROOT,
        check=True,
    )
    return checkpoint


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="length of a phase")
    parser.add_argument("--loads", type=int, default=3, help="how often a model is loaded")
    parser.add_argument("--asr-model", default=EMBEDDED_WHISPER)
    parser.add_argument("--tts-model", help="without it a small XTTS is made")
    asyncio.run(run(parser.parse_args(), Console()))


if __name__ == "__main__":
    main()
