"""All attacks, in the order of the table."""

from __future__ import annotations

import asyncio

from benchmarks.robustness.attack import Attack, AttackRun
from benchmarks.robustness.attacks.crowds import CROWDS
from benchmarks.robustness.attacks.floods import FLOODS
from benchmarks.robustness.attacks.foreign_clients import FOREIGN_CLIENTS
from benchmarks.robustness.attacks.heavy import HEAVY_REQUESTS
from benchmarks.robustness.attacks.holds import HOLDS
from benchmarks.robustness.attacks.http_bodies import HTTP_BODIES
from benchmarks.robustness.attacks.http_clients import HTTP_CLIENTS
from benchmarks.robustness.attacks.http_floods import HTTP_FLOODS
from benchmarks.robustness.attacks.malformed import MALFORMED
from benchmarks.robustness.attacks.websockets import WEBSOCKETS


async def do_nothing(run: AttackRun) -> None:
    """Wait: what bystanders notice without an attack."""
    await asyncio.sleep(run.seconds_left)


ATTACKS: tuple[Attack, ...] = (
    Attack("none", do_nothing),
    *HEAVY_REQUESTS,
    *FLOODS,
    *FOREIGN_CLIENTS,
    *HOLDS,
    *HTTP_CLIENTS,
    *HTTP_BODIES,
    *HTTP_FLOODS,
    *WEBSOCKETS,
    *MALFORMED,
    *CROWDS,
)


def attack_named(name: str) -> Attack:
    """The attack of this name.

    Raises:
        LookupError: there is none.
    """
    for attack in ATTACKS:
        if attack.name == name:
            return attack
    raise LookupError(name)
