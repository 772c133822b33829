"""Asks a Wyoming server to speak as Home Assistant does, and takes the time of every piece of sound.

One connection a request. Plain: one `synthesize`. Streamed: `synthesize-start`, then
`synthesize-chunk` with words as a language model writes them, the whole text once more as
`synthesize`, and `synthesize-stop`. Replies are read all the while.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from wyoming.audio import AudioChunk, AudioStop
from wyoming.event import Event, async_read_event
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
)

from benchmarks.tts_player import Arrival
from benchmarks.tts_texts import Text
from wyoming_voice_stack.protocol.framing import encode

Scenario: TypeAlias = Literal["plain", "streamed"]

SCENARIOS: tuple[Scenario, ...] = ("plain", "streamed")
WORDS_PER_SECOND = 15.0
"""Of a language model that writes 20 tokens a second, as one at home does."""
FIRST_CHUNK_CHARACTERS = 60
"""Home Assistant holds the model's text back until it is longer, or complete."""
PATIENCE_S = 180.0
"""How long a reply may take after the last of the text."""
CONNECT_S = 10.0
CLOSE_S = 2.0
LOUD = 328
"""Of 32768: samples above -40 dBFS can be heard."""
HEAD_START_S = 0.05
"""Time in which all connections of a round are made, before the first of them asks."""


@dataclass(frozen=True)
class Step:
    """What is sent at one time."""

    due_s: float
    """After the beginning of the request."""
    data: bytes


@dataclass(frozen=True)
class Script:
    """One request, encoded beforehand, so that sending it costs next to nothing."""

    text: str
    steps: tuple[Step, ...]
    first_sentence: int
    """The step that completes the first sentence."""
    ends_with: str
    """Type of the event that ends the reply."""


@dataclass(frozen=True)
class Reply:
    """What a server made of one request. Times are in seconds from the request's beginning."""

    text: str
    sentence_sent_s: float = 0.0
    """When the first sentence was sent to its end."""
    text_sent_s: float = 0.0
    """When all was sent."""
    ended_s: float = float("inf")
    """When the reply was complete; infinite if it never was."""
    arrivals: tuple[Arrival, ...] = field(default=(), repr=False)
    failure: str = ""
    """Why the reply is not complete; empty if it is."""
    lead_s: float = 0.0
    """Silence with which the sound begins."""

    @property
    def first_audio_s(self) -> float:
        """When sound began; never, if not all of it came."""
        return self.arrivals[0].at_s if self.arrivals and not self.failure else float("inf")

    @property
    def sound_s(self) -> float:
        """Length of the sound; that of a broken reply is worth nothing."""
        return 0.0 if self.failure else sum(one.seconds for one in self.arrivals)


class _Failed(Exception):
    """The reply will not be complete."""


class _Sound:
    """What came so far."""

    def __init__(self, begin: float) -> None:
        self.arrivals: list[Arrival] = []
        self.lead_s = 0.0
        self._begin = begin
        self._silent = True

    def take(self, chunk: Event) -> None:
        """Note a piece, and when it came."""
        at_s = time.monotonic() - self._begin
        pcm = chunk.payload or b""
        try:
            frame_bytes = int(chunk.data["width"]) * int(chunk.data["channels"])
            seconds = len(pcm) / frame_bytes / int(chunk.data["rate"])
        except (LookupError, TypeError, ValueError, ZeroDivisionError) as error:
            raise _Failed(f"a chunk of sound does not tell its form: {chunk.data}") from error
        if not seconds:
            return
        self.arrivals.append(Arrival(at_s, seconds))
        if self._silent:
            silent, self._silent = _silent_share(pcm)
            self.lead_s += silent * seconds


def script(scenario: Scenario, text: Text, words_per_second: float = WORDS_PER_SECOND) -> Script:
    """Encode a request."""
    whole = encode(Synthesize(text=text.whole).event())
    if scenario == "plain":
        return Script(text.whole, (Step(0.0, whole),), 0, AudioStop().event().type)
    deltas = list(_deltas(text.whole, words_per_second))
    steps = [Step(due_s, encode(SynthesizeChunk(delta).event())) for due_s, delta in deltas]
    first, last = steps[0], steps[-1]
    closing = whole + encode(SynthesizeStop().event())
    steps[-1] = Step(last.due_s, last.data + closing)
    steps[0] = Step(first.due_s, encode(SynthesizeStart().event()) + steps[0].data)
    return Script(
        text.whole, tuple(steps), _ends_of(deltas, text), SynthesizeStopped().event().type
    )


async def ask_together(host: str, port: int, scripts: Sequence[Script]) -> list[Reply]:
    """Send all of them at the same time, and wait until each is answered or has failed."""
    begin = time.monotonic() + HEAD_START_S
    return await asyncio.gather(*(_ask(host, port, one, begin) for one in scripts))


def _deltas(text: str, words_per_second: float) -> Iterator[tuple[float, str]]:
    """Words as they are written, and when; the first ones in one piece."""
    held, sent = "", False
    words = text.split(" ")
    for number, word in enumerate(words):
        held += word if number == 0 else f" {word}"
        if sent or len(held) > FIRST_CHUNK_CHARACTERS or number == len(words) - 1:
            yield number / words_per_second, held
            held, sent = "", True


def _ends_of(deltas: Sequence[tuple[float, str]], text: Text) -> int:
    """Number of the delta that completes the first sentence."""
    characters = 0
    for number, (_, delta) in enumerate(deltas):
        characters += len(delta)
        if characters >= len(text.sentences[0]):
            return number
    raise ValueError(f"{text.whole!r} is not its deltas")


async def _ask(host: str, port: int, one: Script, begin: float) -> Reply:
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        return Reply(one.text, failure=f"not connected: {error or 'no answer'}")
    try:
        await asyncio.sleep(begin - time.monotonic())
        return await _converse(reader, writer, one)
    finally:
        await _close(writer)


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, one: Script
) -> Reply:
    begin = time.monotonic()
    sent_s: list[float] = []
    sound = _Sound(begin)
    failure = ""
    reading = asyncio.create_task(_read(reader, one.ends_with, sound))
    try:
        async with asyncio.timeout(one.steps[-1].due_s + PATIENCE_S):
            await _send(writer, one.steps, reading, sent_s, begin)
            await reading
    except TimeoutError:
        failure = "not complete in time"
    except (OSError, ValueError, _Failed) as error:
        failure = str(error) or type(error).__name__
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    if not failure and len(sent_s) < len(one.steps):
        failure = "the reply ended before the text"
    return Reply(
        one.text,
        sent_s[one.first_sentence] if len(sent_s) > one.first_sentence else float("inf"),
        sent_s[-1] if sent_s else float("inf"),
        float("inf") if failure else time.monotonic() - begin,
        tuple(sound.arrivals),
        failure,
        sound.lead_s,
    )


async def _send(
    writer: asyncio.StreamWriter,
    steps: Sequence[Step],
    reading: asyncio.Task[None],
    sent_s: list[float],
    begin: float,
) -> None:
    """Send each step at its time, unless the reply has ended."""
    for step in steps:
        until_due_s = max(0.0, begin + step.due_s - time.monotonic())
        await asyncio.wait([reading], timeout=until_due_s)
        if reading.done():
            return
        try:
            writer.write(step.data)
            sent_s.append(time.monotonic() - begin)
            await writer.drain()
        except OSError:
            # The server has closed; what it said before that is still to be read.
            return


async def _read(reader: asyncio.StreamReader, ends_with: str, sound: _Sound) -> None:
    """Read up to the end of the reply, or to what shows that it will not come."""
    while (event := await async_read_event(reader)) is not None:
        if AudioChunk.is_type(event.type):
            sound.take(event)
        elif event.type == "error":
            raise _Failed(f"error {event.data.get('code')}: {event.data.get('text')}")
        elif event.type == ends_with:
            if not sound.arrivals:
                raise _Failed("the reply has no sound")
            return
    raise _Failed("the connection was closed")


def _silent_share(pcm: bytes) -> tuple[float, bool]:
    """How much of 16-bit samples lies before the first loud one, and whether none is loud."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], np.int16)
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > LOUD)
    return (float(loud[0]) / len(samples), False) if len(loud) else (1.0, True)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        async with asyncio.timeout(CLOSE_S):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()
