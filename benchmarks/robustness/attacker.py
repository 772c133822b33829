"""Carries out one attack in a process of its own, so that it does not delay the bystanders' clock.

    python -m benchmarks.robustness.attacker NAME SERVICE HOST PORT SECONDS NICENESS [SOURCE]

Prints one line: what was counted and found.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from benchmarks.robustness.attack import AttackRun, Service, carry_out
from benchmarks.robustness.attacks.catalogue import attack_named

ROOT = Path(__file__).parents[2]
GRACE_S = 20.0
"""How long an attacker may take to begin and end, beside the attack."""


LEAST_PRIORITY = 19
"""The niceness of attackers that give way: the system gives them only what others leave."""


async def attack_from_process(
    name: str,
    service: Service,
    host: str,
    port: int,
    seconds: float,
    source: str | None,
    *,
    niceness: int = 0,
) -> str:
    """Run an attack in another process and return what it printed."""
    numbers = [str(port), str(seconds), str(niceness)]
    words = [name, service, host, *numbers, *([source] if source else [])]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.robustness.attacker", *words),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds + GRACE_S):
            printed, complaint = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return "the attacker did not end"
    if process.returncode:
        return f"the attacker failed: {complaint.decode(errors='replace').strip()[-200:]}"
    return printed.decode().strip()


def main(words: list[str]) -> None:
    name, service, host, port, seconds, niceness, *more = words
    os.nice(int(niceness))
    kind: Service = "tts" if service == "tts" else "asr"
    run = AttackRun(host, int(port), kind, float(seconds), more[0] if more else None)
    asyncio.run(carry_out(attack_named(name), run))
    sys.stdout.write(f"{run.summary()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
