"""Clients with addresses that `ALLOWED_CLIENTS` does not name, and that go on trying."""

from __future__ import annotations

import asyncio
import time

from wyoming.info import Describe

from benchmarks.robustness.attack import Attack, AttackRun, Link
from wyoming_voice_stack.protocol.framing import encode

CONNECTIONS_PER_S = 300
CLIENTS = 30
REFUSAL = b"not-allowed"


async def keep_trying(run: AttackRun) -> None:
    """Send `describe` on 300 new connections a second, and read the refusals."""

    async def ask(link: Link) -> None:
        await link.send(encode(Describe().event()))
        refused = REFUSAL in await link.reader.read()
        run.counts["refused" if refused else "not refused"] += 1

    async def client(number: int) -> None:
        interval_s = CLIENTS / CONNECTIONS_PER_S
        due_at = run.began_at + number / CONNECTIONS_PER_S
        while run.seconds_left:
            await asyncio.sleep(due_at - time.monotonic())
            await run.once(ask)
            # Connections that are late are left out, so that they do not come all at once.
            due_at = max(due_at + interval_s, time.monotonic())

    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(client(number))


FOREIGN_CLIENTS = (
    Attack(f"{CONNECTIONS_PER_S} foreign clients a second", keep_trying, outsiders=True),
)
