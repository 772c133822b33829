"""Many clients that behave: satellites that end their commands at once, and listeners to long replies."""

from __future__ import annotations

import statistics
import time

from wyoming.event import Event, async_read_event
from wyoming.tts import Synthesize

from benchmarks.robustness.attack import Attack, AttackRun, Link
from benchmarks.robustness.requests import LAST_EVENT, short_request

CROWD = 64
"""As many clients as a server of ours has places by default."""
SPOKEN = (
    "The lamp in the kitchen is on. It has been on since this morning. Shall I turn it off?"
    " The front door is locked."
)
GAP_S = 0.02
"""Shorter waits for audio are not heard."""
REPEATS = 5


async def reply_to(link: Link, *request: Event) -> list[tuple[float, Event]]:
    """Send a request, and return the events of its reply with the times of their arrival.

    Raises:
        OSError: the connection ended before the reply did.
    """
    await link.send_events(*request)
    reply: list[tuple[float, Event]] = []
    while True:
        try:
            event = await async_read_event(link.reader)
        except (ValueError, KeyError) as error:
            raise ConnectionAbortedError("this is not the Wyoming protocol") from error
        if event is None:
            raise ConnectionResetError("the reply has no end")
        reply.append((time.monotonic(), event))
        if event.type == "error" or event.type in LAST_EVENT.values():
            return reply


def gaps_s(reply: list[tuple[float, Event]]) -> list[float]:
    """How long each wait for audio was, for a listener who plays it from the first chunk on."""
    gaps: list[float] = []
    played_until: float | None = None
    for arrived, event in reply:
        if event.type == "audio-chunk":
            if played_until is not None and arrived - played_until > GAP_S:
                gaps.append(arrived - played_until)
            data = event.data
            second_bytes = data["rate"] * data["width"] * data["channels"]
            seconds = len(event.payload or b"") / second_bytes
            played_until = max(arrived, played_until or arrived) + seconds
    return gaps


async def crowd(run: AttackRun) -> None:
    """Make a request on each of many connections at the same moment, and then another one."""
    request = (
        (Synthesize(text=SPOKEN).event(),) if run.service == "tts" else short_request(run.service)
    )
    waits: list[float] = []

    async def ask(link: Link) -> None:
        began = time.monotonic()
        reply = await reply_to(link, *request)
        if reply[-1][1].type == "error":
            code = (reply[-1][1].data or {}).get("code", "without code")
            run.counts[f"answered {code}"] += 1
            return
        run.counts["answered"] += 1
        waits.append((reply[0][0] if run.service == "tts" else reply[-1][0]) - began)
        if gaps_s(reply):
            run.counts["with gaps"] += 1

    try:
        await run.on_connections(CROWD, ask)
    finally:
        # The time of the attack may be over in the middle of a request.
        if waits:
            median_s = statistics.median(waits)
            run.facts.append(f"median wait {median_s:.1f} s, longest {max(waits):.1f} s")


async def repeat_sentences(run: AttackRun) -> None:
    """Ask for new sentences, and again for the same ones: a difference tells what was said before."""
    first: list[float] = []
    again: list[float] = []

    async def ask(link: Link) -> None:
        for number in range(REPEATS):
            # The time makes it a sentence that no one has asked for.
            text = f"It is {time.time_ns() // 1000 % 10**6 + number} degrees."
            for waits in (first, again):
                began = time.monotonic()
                reply = await reply_to(link, Synthesize(text=text).event())
                waits.append(reply[0][0] - began)

    try:
        await run.once(ask)
    finally:
        if first and again:
            first_ms, again_ms = (1000 * statistics.median(waits) for waits in (first, again))
            run.facts.append(
                f"first audio after {first_ms:.0f} ms, of the same sentence again after {again_ms:.0f} ms"
            )


CROWDS = (
    Attack(f"{CROWD} satellites at once", crowd, ("asr",)),
    Attack(f"{CROWD} speakers at once", crowd, ("tts",)),
    Attack("the same sentences again", repeat_sentences, ("tts",)),
)
