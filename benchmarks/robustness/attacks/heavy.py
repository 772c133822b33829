"""Requests that cost the server much more than they cost the client."""

from __future__ import annotations

import asyncio
import json
import time
from itertools import count

from wyoming.event import Event, async_read_event

from benchmarks.robustness.attack import Attack, AttackRun, Link
from benchmarks.robustness.requests import LAST_EVENT, end_of_audio, long_request, short_request

NUMBERS = 520_000
NUMBER_EVENTS = 20
NAMES = 125_000
TAG_CLIENTS = 4
LONGEST_ANSWER_S = 30.0
TIMED = 5


def transcribe_with(names: str) -> bytes:
    """A `transcribe` event whose names are given as JSON."""
    data = f'{{"transcript_names": {names}}}'.encode()
    return json.dumps({"type": "transcribe", "data_length": len(data)}).encode() + b"\n" + data


async def numbers_as_names(run: AttackRun) -> None:
    """Send lists of half a million numbers where names belong."""
    event = transcribe_with("[" + ",".join("1" * NUMBERS) + "]")

    async def send(link: Link) -> None:
        while run.counts["events"] < NUMBER_EVENTS:
            await link.send(event)
            run.counts["events"] += 1
        await link.send_events(end_of_audio())
        await link.drain_replies()

    while run.seconds_left and run.counts["events"] < NUMBER_EVENTS:
        await run.once(send)
    await asyncio.sleep(min(1.0, run.seconds_left))


async def many_names(run: AttackRun) -> None:
    """Send one utterance with more names than any house has."""
    names = ",".join(f'"a{number:x}"' for number in range(NAMES))
    opening = transcribe_with(f"[{names}]")

    async def send(link: Link) -> None:
        await link.send(opening)
        await link.send_events(*short_request("asr")[1:])
        run.counts[await ending(link, run)] += 1

    await run.once(send)


async def long_recording(run: AttackRun) -> None:
    """Send ten minutes of speech at once, or ten minutes of text, and take the reply."""

    async def send(link: Link) -> None:
        reading = asyncio.create_task(ending(link, run))
        try:
            for event in long_request(run.service):
                await link.send_events(event)
            run.counts[await reading] += 1
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    await run.until_the_end(send)


async def many_tags(run: AttackRun) -> None:
    """Ask in ever new languages, with ever new voices and models."""
    numbers = count()

    async def ask(link: Link) -> None:
        tag = f"en-x-t{next(numbers):06d}"
        if run.service == "asr":
            await link.send_events(
                Event("transcribe", {"language": tag}), *short_request("asr")[1:]
            )
        else:
            voice = {"name": tag, "language": tag}
            await link.send_events(Event("synthesize", {"text": "A", "voice": voice}))
        await ending(link, run)
        run.counts["tags"] += 1

    await run.on_connections(TAG_CLIENTS, ask)


async def repeated_sentences(run: AttackRun) -> None:
    """Ask for sentences twice, to see whether the time of the answer tells what was said before."""
    first_s: list[float] = []
    again_s: list[float] = []
    for number in range(TIMED):
        text = f"The code of the front door is {time.time_ns() % 10_000} {number}."
        for times in (first_s, again_s):

            async def ask(link: Link, text: str = text, times: list[float] = times) -> None:
                began = time.monotonic()
                await link.send_events(Event("synthesize", {"text": text}))
                await ending(link, run, last="audio-chunk")
                times.append(time.monotonic() - began)

            await run.once(ask)
    if first_s and again_s:
        new, known = min(first_s) * 1000, max(again_s) * 1000
        run.facts.append(
            f"new text after {new:.0f} ms at least, known after {known:.0f} ms at most"
        )


async def ending(link: Link, run: AttackRun, last: str | None = None) -> str:
    """Read up to the end of a reply; returns the type of its last event, or its error code."""
    wanted = {last or LAST_EVENT[run.service], "error"}
    async with asyncio.timeout(LONGEST_ANSWER_S):
        while (event := await read_event(link)) is not None:
            if event.type in wanted:
                return str(event.data.get("code") or event.type)
    return "closed"


async def read_event(link: Link) -> Event | None:
    """Read one event; None at the end of the connection or at a reply that is not an event."""
    try:
        return await async_read_event(link.reader)
    except (ValueError, KeyError):
        return None


HEAVY_REQUESTS = (
    Attack(f"{NUMBER_EVENTS} x {NUMBERS} numbers as names", numbers_as_names, ("asr",)),
    Attack(f"{NAMES} names in one request", many_names, ("asr",)),
    Attack("a request of ten minutes", long_recording),
    Attack("ever new languages and voices", many_tags),
    Attack("sentences said before", repeated_sentences, ("tts",)),
)
