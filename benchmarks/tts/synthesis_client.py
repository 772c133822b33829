"""Asks a Wyoming server to speak as Home Assistant does, and measures when each chunk of audio comes.

One connection per request. Plain: one `synthesize`. Streamed: `synthesize-start`, then
`synthesize-chunk` with words at the rate of a language model, the whole text again as
`synthesize`, and `synthesize-stop`. Replies are read all the time.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from wyoming.audio import AudioChunk, AudioStop
from wyoming.event import Event
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
)

from benchmarks.common.exchange import ExchangeFailed, Step, exchange, start_of_round
from benchmarks.common.measurement import Outcome
from benchmarks.tts.generated_texts import Text
from benchmarks.tts.playback_gaps import Arrival
from wyoming_voice_stack.protocol.framing import encode

Scenario: TypeAlias = Literal["plain", "streamed"]

SCENARIOS: tuple[Scenario, ...] = ("plain", "streamed")
WORDS_PER_SECOND = 15.0
"""A language model that writes 20 tokens per second, as is usual on home hardware."""
FIRST_CHUNK_CHARACTERS = 60
"""Home Assistant holds back the text of the model until it is longer than this, or complete."""
LOUD = 328
"""Of 32768: samples above -40 dBFS are audible."""


@dataclass(frozen=True)
class EncodedText:
    """One request, encoded beforehand, so that sending it costs next to nothing."""

    text: str
    steps: tuple[Step, ...]
    first_sentence: int
    """The step that completes the first sentence."""
    ends_with: str
    """Type of the event that ends the reply."""


@dataclass(frozen=True)
class Reply(Outcome):
    """The audio of one text; `request` is the text. Times are in seconds from its beginning."""

    sentence_sent_s: float = 0.0
    """When the end of the first sentence was sent."""
    text_sent_s: float = 0.0
    """When the end of the text was sent."""
    arrivals: tuple[Arrival, ...] = field(default=(), repr=False)
    lead_s: float = 0.0
    """Silence at the beginning of the audio."""

    @property
    def first_audio_s(self) -> float:
        """When the first audio came; infinite if the reply is not complete."""
        return self.arrivals[0].at_s if self.arrivals and not self.failure else math.inf

    @property
    def sound_s(self) -> float:
        """Length of the audio; 0 if the reply is not complete."""
        return 0.0 if self.failure else sum(one.seconds for one in self.arrivals)


class _Audio:
    """The audio that has been received, and when."""

    def __init__(self, ends_with: str) -> None:
        self.arrivals: list[Arrival] = []
        self.lead_s = 0.0
        self._silent = True
        self._ends_with = ends_with

    def receive(self, event: Event, at_s: float) -> bool:
        if AudioChunk.is_type(event.type):
            self._add(event, at_s)
        elif event.type == self._ends_with:
            if not self.arrivals:
                raise ExchangeFailed("the reply has no sound")
            return True
        return False

    def _add(self, chunk: Event, at_s: float) -> None:
        pcm = chunk.payload or b""
        try:
            frame_bytes = int(chunk.data["width"]) * int(chunk.data["channels"])
            seconds = len(pcm) / frame_bytes / int(chunk.data["rate"])
        except (LookupError, TypeError, ValueError, ZeroDivisionError) as error:
            raise ExchangeFailed(f"an audio-chunk has no valid format: {chunk.data}") from error
        if not seconds:
            return
        self.arrivals.append(Arrival(at_s, seconds))
        if self._silent:
            silent, self._silent = _silent_share(pcm)
            self.lead_s += silent * seconds


def encode_text(
    scenario: Scenario, text: Text, words_per_second: float = WORDS_PER_SECOND
) -> EncodedText:
    """Encode a request."""
    whole = encode(Synthesize(text=text.whole).event())
    if scenario == "plain":
        return EncodedText(text.whole, (Step(0.0, whole),), 0, AudioStop().event().type)
    deltas = list(_deltas(text.whole, words_per_second))
    steps = [Step(due_s, encode(SynthesizeChunk(delta).event())) for due_s, delta in deltas]
    first, last = steps[0], steps[-1]
    closing = whole + encode(SynthesizeStop().event())
    steps[-1] = Step(last.due_s, last.data + closing)
    steps[0] = Step(first.due_s, encode(SynthesizeStart().event()) + steps[0].data)
    ends_with = SynthesizeStopped().event().type
    return EncodedText(text.whole, tuple(steps), _end_of_first_sentence(deltas, text), ends_with)


async def ask_together(host: str, port: int, requests: Sequence[EncodedText]) -> list[Reply]:
    """Send all requests at the same time, and wait until each is answered or has failed."""
    start_at = start_of_round()
    return await asyncio.gather(*(_ask(host, port, one, start_at) for one in requests))


def _deltas(text: str, words_per_second: float) -> Iterator[tuple[float, str]]:
    """Words as they are written, with their times; the first ones together."""
    held, sent = "", False
    words = text.split(" ")
    for number, word in enumerate(words):
        held += word if number == 0 else f" {word}"
        if sent or len(held) > FIRST_CHUNK_CHARACTERS or number == len(words) - 1:
            yield number / words_per_second, held
            held, sent = "", True


def _end_of_first_sentence(deltas: Sequence[tuple[float, str]], text: Text) -> int:
    """Number of the delta that completes the first sentence."""
    characters = 0
    for number, (_, delta) in enumerate(deltas):
        characters += len(delta)
        if characters >= len(text.sentences[0]):
            return number
    raise ValueError(f"the deltas do not make up {text.whole!r}")


async def _ask(host: str, port: int, request: EncodedText, start_at: float) -> Reply:
    audio = _Audio(request.ends_with)
    done = await exchange(host, port, request.steps, audio.receive, start_at)
    failure, sent_s = done.failure, done.sent_s
    if not failure and len(sent_s) < len(request.steps):
        failure = "the reply ended before the text"
    first = request.first_sentence
    return Reply(
        request.text,
        sentence_sent_s=sent_s[first] if len(sent_s) > first else math.inf,
        text_sent_s=sent_s[-1] if sent_s else math.inf,
        ended_s=math.inf if failure else done.ended_s,
        arrivals=tuple(audio.arrivals),
        failure=failure,
        lead_s=audio.lead_s,
    )


def _silent_share(pcm: bytes) -> tuple[float, bool]:
    """The share of 16-bit samples before the first audible one, and whether none is audible."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], np.int16)
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > LOUD)
    return (float(loud[0]) / len(samples), False) if len(loud) else (1.0, True)
