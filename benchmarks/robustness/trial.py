"""One attack on one server: what bystanders notice, and what memory it costs."""

from __future__ import annotations

import asyncio
import stat
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.common.errors import BenchmarkError
from benchmarks.common.processes import ThreadTime, main_thread_time, memory, settle
from benchmarks.common.servers import Target
from benchmarks.common.stall_probe import StallProbe
from benchmarks.robustness.attack import Service
from benchmarks.robustness.bystander import (
    Notices,
    Reference,
    ask,
    describe,
    judge,
    service_of,
    standing_by,
)

SAMPLE_S = 0.25
KEPT_AFTER_S = 5.0
"""Memory that is still in use so long after the attack counts as kept."""

Strike = Callable[[str, Service, str, int, float, str | None], Awaitable[str]]
"""Carries out an attack: name, service, host, port, seconds, address of the attacker."""


@dataclass
class MemoryUse:
    """Resident memory of a server, in MB; None if its process is unknown."""

    before_mb: float | None = None
    peak_mb: float | None = None
    kept_mb: float | None = None

    @property
    def growth_mb(self) -> float | None:
        """The most memory during the attack, beyond that before it."""
        return _difference(self.peak_mb, self.before_mb)

    @property
    def kept_growth_mb(self) -> float | None:
        """Memory some seconds after the attack, beyond that before it."""
        return _difference(self.kept_mb, self.before_mb)


@dataclass(frozen=True)
class LoopTime:
    """What the server's event loop did during an attack, in percent of its time."""

    ran: float
    waited: float
    """It had work, but other threads had the cores: those of the attacker, the bystander, or its own engine."""


@dataclass(frozen=True)
class Trial:
    """What came of one attack on one server."""

    attack: str
    server: str
    notices: Notices
    memory: MemoryUse
    lives: bool
    """Whether it answered `describe` and a request afterwards."""
    note: str = ""
    """What the attacker counted and found."""
    log_bytes: int | None = None
    """What the server wrote to its log meanwhile; None if the log is no file of a known process."""
    loop: LoopTime | None = None
    """None if the process is unknown, or its system does not count."""
    late_s: float = 0.0
    """The longest pause of the bystander: answers may have waited for it, not for the server."""


@dataclass
class Subject:
    """A server to attack, and its answer while nothing disturbs it."""

    target: Target
    service: Service
    reference: Reference = field(default_factory=Reference)


async def get_to_know(target: Target) -> Subject:
    """Ask a server what it is, and for the reference answer.

    Raises:
        BenchmarkError: it offers neither service, or does not answer.
    """
    service = await service_of(target)
    if service is None:
        raise BenchmarkError(
            f"The server at {target.host}:{target.port} offers neither speech to text nor text to"
            " speech. Check its address."
        )
    # The first answer may include work that is done only once.
    for _ in range(2):
        reference, failure = await ask(target, service)
    if failure or not (reference.text or reference.sound_bytes):
        raise BenchmarkError(
            f"The server at {target.host}:{target.port} does not answer a request:"
            f" {failure or 'the answer is empty'}."
        )
    return Subject(target, service, reference)


async def try_attack(
    name: str, subject: Subject, strike: Strike, seconds: float, source: str | None
) -> Trial:
    """Attack a server, with bystanders, and look at it afterwards."""
    target = subject.target
    use = MemoryUse()
    logged_before = log_size(target.pid)
    if target.pid is not None:
        await settle(target.pid)
        use.before_mb = memory(target.pid).now_mb
    began_at, before = time.monotonic(), _loop_so_far(target)
    async with _watching(target, use):
        with StallProbe() as probe:
            async with standing_by(target, subject.service, subject.reference) as notices:
                note = await strike(
                    name, subject.service, target.host, target.port, seconds, source
                )
        loop = _loop_time(before, _loop_so_far(target), time.monotonic() - began_at)
        await asyncio.sleep(KEPT_AFTER_S)
    if target.pid is not None:
        use.kept_mb = memory(target.pid).now_mb
    logged = log_size(target.pid)
    grown = None if logged is None or logged_before is None else logged - logged_before
    lives = await _lives(subject)
    return Trial(name, target.name, notices, use, lives, note, grown, loop, probe.latest_s)


def _loop_so_far(target: Target) -> ThreadTime | None:
    return main_thread_time(target.pid) if target.pid is not None else None


def _loop_time(
    before: ThreadTime | None, after: ThreadTime | None, seconds: float
) -> LoopTime | None:
    if before is None or after is None:
        return None
    passed = after - before
    return LoopTime(100 * passed.running_s / seconds, 100 * passed.waiting_s / seconds)


def log_size(pid: int | None) -> int | None:
    """Bytes in the file that a process writes its standard error to; None if there is none."""
    if pid is None:
        return None
    try:
        found = Path(f"/proc/{pid}/fd/2").stat()
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


@asynccontextmanager
async def _watching(target: Target, use: MemoryUse) -> AsyncIterator[None]:
    """Note the most memory of a server while the block runs."""
    watch = asyncio.create_task(_watch(target, use))
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


async def _watch(target: Target, use: MemoryUse) -> None:
    while target.pid is not None:
        now = await asyncio.to_thread(memory, target.pid)
        use.peak_mb = max(use.peak_mb or 0.0, now.now_mb)
        await asyncio.sleep(SAMPLE_S)


async def _lives(subject: Subject) -> bool:
    if await describe(subject.target) is None:
        return False
    answer, failure = await ask(subject.target, subject.service)
    return judge(answer, failure, subject.reference) == "right"


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other
