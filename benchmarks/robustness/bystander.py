"""A client that means no harm: asks `describe` all the time, makes requests, and checks the answers."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from wyoming.event import Event
from wyoming.info import Describe, Info

from benchmarks.common.exchange import Step, exchange
from benchmarks.common.processes import ThreadTime, main_thread_time
from benchmarks.common.servers import Target
from benchmarks.robustness.attack import Service
from benchmarks.robustness.requests import LAST_EVENT, short_request
from wyoming_voice_stack.protocol.framing import encode

Verdict: TypeAlias = Literal["right", "wrong", "refused", "unanswered"]

DESCRIBE_INTERVAL_S = 0.05
DESCRIBE_PATIENCE_S = 5.0
MAX_DESCRIBES = 200
"""Requests for `describe` that wait at a time; more are not sent, and count as unanswered."""
REQUEST_PATIENCE_S = 15.0
REQUEST_PAUSE_S = 0.2
REFUSALS = ("error ", "not connected")
"""How the failure of a refused request begins."""
ALIKE = 0.75
"""Part of the words, or of the length of the sound, that an answer shares with the reference."""


@dataclass(frozen=True)
class Reference:
    """The answer of an undisturbed server."""

    text: str = ""
    sound_bytes: int = 0


@dataclass(frozen=True)
class SlowDescribe:
    """The slowest answer to `describe`, and where its time went, in seconds."""

    took_s: float
    client_s: float
    """The bystander began late, or waited for a core."""
    server: ThreadTime | None
    """What the server's event loop did meanwhile; None if its process is unknown."""


@dataclass
class Notices:
    """What a bystander has noticed. Times are in seconds; infinite without an answer."""

    described_s: list[float] = field(default_factory=list)
    answered_s: list[float] = field(default_factory=list)
    """Times of right answers."""
    verdicts: list[Verdict] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """Refusals and wrong answers, in words."""
    slowest: SlowDescribe | None = None

    def add(self, verdict: Verdict, took_s: float, remark: str) -> None:
        """Note an answer to a request."""
        self.verdicts.append(verdict)
        if verdict == "right":
            self.answered_s.append(took_s)
        elif remark not in self.remarks:
            self.remarks.append(remark)


class _Answer:
    """What has been received of a reply."""

    def __init__(self, service: Service) -> None:
        self.text = ""
        self.sound_bytes = 0
        self._last = LAST_EVENT[service]

    def receive(self, event: Event, _at_s: float) -> bool:
        self.sound_bytes += len(event.payload or b"")
        if event.type == self._last:
            self.text = str((event.data or {}).get("text", ""))
            return True
        return False

    def reference(self) -> Reference:
        return Reference(self.text, self.sound_bytes)


async def describe(target: Target, patience_s: float = DESCRIBE_PATIENCE_S) -> Info | None:
    """Ask a server what it offers on a new connection; None if it does not answer in time."""
    found: list[Event] = []

    def receive(event: Event, _at_s: float) -> bool:
        found.append(event)
        return Info.is_type(event.type)

    step = Step(0.0, encode(Describe().event()))
    try:
        async with asyncio.timeout(patience_s):
            done = await exchange(target.host, target.port, [step], receive, time.monotonic())
    except TimeoutError:
        return None
    return None if done.failure else Info.from_event(found[-1])


async def service_of(target: Target) -> Service | None:
    """The service that a server offers; None if it does not say so."""
    info = await describe(target)
    if info is None:
        return None
    if info.asr:
        return "asr"
    return "tts" if info.tts else None


async def ask(target: Target, service: Service) -> tuple[Reference, str]:
    """Make the request of a bystander; returns the answer, and why it failed."""
    answer = _Answer(service)
    steps = [Step(0.0, b"".join(map(encode, short_request(service))))]
    try:
        async with asyncio.timeout(REQUEST_PATIENCE_S):
            done = await exchange(target.host, target.port, steps, answer.receive, time.monotonic())
    except TimeoutError:
        return answer.reference(), "no answer in time"
    return answer.reference(), done.failure


def judge(answer: Reference, failure: str, reference: Reference) -> Verdict:
    """Compare an answer with that of the undisturbed server."""
    if failure.startswith(REFUSALS):
        return "refused"
    if failure:
        return "unanswered"
    return "right" if _is_alike(answer, reference) else "wrong"


@asynccontextmanager
async def standing_by(
    target: Target, service: Service, reference: Reference
) -> AsyncIterator[Notices]:
    """Be a bystander while the block runs; on leaving it, the last answers are awaited."""
    notices = Notices()
    ended = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_describe_all_the_time(target, notices, ended))
        group.create_task(_ask_all_the_time(target, service, reference, notices, ended))
        try:
            yield notices
        finally:
            ended.set()


async def _describe_all_the_time(target: Target, notices: Notices, ended: asyncio.Event) -> None:
    async def one(due: float) -> None:
        began, before = time.monotonic(), _times(target)
        answered = await describe(target) is not None
        took_s = time.monotonic() - due
        notices.described_s.append(took_s if answered else math.inf)
        if answered and (notices.slowest is None or took_s > notices.slowest.took_s):
            own, server = map(_difference, _times(target), before)
            client_s = began - due + (own.waiting_s if own is not None else 0.0)
            notices.slowest = SlowDescribe(took_s, client_s, server)

    waiting: set[asyncio.Task[None]] = set()
    due = time.monotonic()
    while not ended.is_set():
        if len(waiting) < MAX_DESCRIBES:
            task = asyncio.create_task(one(due))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        else:
            notices.described_s.append(math.inf)
        due += DESCRIBE_INTERVAL_S
        await _wait(ended, due - time.monotonic())
    await asyncio.gather(*waiting)


def _times(target: Target) -> tuple[ThreadTime | None, ThreadTime | None]:
    """What this process and the server have done so far."""
    server = None if target.pid is None else main_thread_time(target.pid)
    return main_thread_time(os.getpid()), server


def _difference(after: ThreadTime | None, before: ThreadTime | None) -> ThreadTime | None:
    return None if after is None or before is None else after - before


async def _ask_all_the_time(
    target: Target, service: Service, reference: Reference, notices: Notices, ended: asyncio.Event
) -> None:
    while not ended.is_set():
        began = time.monotonic()
        answer, failure = await ask(target, service)
        verdict = judge(answer, failure, reference)
        remark = failure or f"wrong: {answer.text or f'{answer.sound_bytes} bytes'}"
        notices.add(verdict, time.monotonic() - began, remark)
        await _wait(ended, REQUEST_PAUSE_S)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait until an event is set, for some seconds at most."""
    waiting = asyncio.ensure_future(event.wait())
    await asyncio.wait([waiting], timeout=max(0.0, seconds))
    waiting.cancel()


def _is_alike(answer: Reference, reference: Reference) -> bool:
    if reference.sound_bytes:
        shorter, longer = sorted((answer.sound_bytes, reference.sound_bytes))
        return shorter >= ALIKE * longer
    return _share(_words(answer.text), _words(reference.text)) >= ALIKE


def _share(some: Sequence[str], others: Sequence[str]) -> float:
    if not others:
        return float(not some)
    common = sum(1 for word in some if word in others)
    return min(common / len(others), len(others) / max(1, len(some)))


def _words(text: str) -> list[str]:
    return [word.strip(".,?!").lower() for word in text.split()]
