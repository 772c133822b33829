"""Clients of every kind at the same time: patient, hasty, silent and broken ones."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from wyoming.event import Event

from benchmarks.robustness.attack import AttackRun, Link
from benchmarks.robustness.attacks.malformed import mutate
from benchmarks.robustness.bystander import ask, describe, judge
from benchmarks.robustness.requests import short_request
from benchmarks.robustness.trial import Subject
from wyoming_voice_stack.protocol.framing import encode

PATIENT_CLIENTS = 2
PAUSE_S = 0.1
"""Pause of a client between two requests."""
HTTP_PATIENCE_S = 10.0
MOST_COMPLAINTS = 20

Turn = Callable[[], Awaitable[None]]


@dataclass
class Load:
    """The load on one server, and the answers to it."""

    subject: Subject
    until: float
    """Time on the monotonic clock at which it ends."""
    verdicts: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    """What was answered wrongly or not at all."""

    def complain(self, text: str) -> None:
        """Note a wrong answer; further ones are only counted."""
        if len(self.complaints) < MOST_COMPLAINTS:
            self.complaints.append(f"{self.subject.target.name}: {text}")

    async def run(self) -> None:
        """Keep the server busy until the end."""
        source = random.Random(0)
        turns: list[Turn] = [*[self._ask] * PATIENT_CLIENTS, self._describe, self._metrics]
        turns += [self._leave, lambda: self._break(source)]
        async with asyncio.TaskGroup() as group:
            for turn in turns:
                group.create_task(self._repeat(turn))

    async def _repeat(self, turn: Turn) -> None:
        while time.monotonic() < self.until:
            await turn()
            await asyncio.sleep(PAUSE_S)

    async def _ask(self) -> None:
        answer, failure = await ask(self.subject.target, self.subject.service)
        verdict = judge(answer, failure, self.subject.reference)
        self.verdicts[verdict] += 1
        if verdict != "right":
            self.complain(f"{verdict}: {failure or answer.text or f'{answer.sound_bytes} bytes'}")

    async def _describe(self) -> None:
        if await describe(self.subject.target) is None:
            self.verdicts["unanswered"] += 1
            self.complain("no answer to describe")
        else:
            self.verdicts["described"] += 1

    async def _metrics(self) -> None:
        if await metrics_of(self.subject):
            self.verdicts["metrics"] += 1

    async def _leave(self) -> None:
        """Disconnect before the reply is complete."""

        async def leave(link: Link) -> None:
            await link.send_events(*short_request(self.subject.service))
            await asyncio.sleep(PAUSE_S)

        await self._attacker().once(leave)
        self.verdicts["left"] += 1

    async def _break(self, source: random.Random) -> None:
        """Send bytes that are no valid events."""
        valid = encode(Event("ping", {"text": "a"})) + encode(Event("describe"))

        async def send(link: Link) -> None:
            await link.send(mutate(valid, source))
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_S):
                    await link.drain_replies()

        await self._attacker().once(send)
        self.verdicts["broken"] += 1

    def _attacker(self) -> AttackRun:
        target = self.subject.target
        return AttackRun(target.host, target.port, self.subject.service, HTTP_PATIENCE_S)


async def metrics_of(subject: Subject) -> str:
    """The answer to `/metrics`; empty if the server has none."""
    answer = b""
    target = subject.target
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(HTTP_PATIENCE_S):
            reader, writer = await asyncio.open_connection(target.host, target.port)
            writer.write(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
            answer = await reader.read(-1)
            writer.close()
    return answer.decode(errors="replace")
