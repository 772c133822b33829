"""Sends utterances to a Wyoming server as Home Assistant does, and measures the wait for the transcript.

One connection per utterance: `transcribe`, `audio-start`, chunks of 10 ms, `audio-stop`. Replies
are read all the time; a transcript that comes before the end ends the utterance.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from wyoming.asr import Transcribe, Transcript, TranscriptChunk
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from benchmarks.common.exchange import Step, exchange, start_of_round
from benchmarks.common.measurement import Outcome
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.protocol.framing import encode

CHUNK_BYTES = 320
CHUNK_S = 0.01

_FORM = (SAMPLE_RATE, 2, 1)


class EncodedUtterance(NamedTuple):
    """One request, encoded beforehand, so that sending it costs next to nothing."""

    name: str
    seconds: float
    """Length of the audio."""
    opening: bytes
    chunks: tuple[bytes, ...]
    closing: bytes

    def steps(self, *, real_time: bool) -> tuple[Step, ...]:
        """The request at once, or each chunk when a microphone would have recorded it."""
        if not real_time:
            return Step(0.0, self.opening + b"".join(self.chunks)), Step(0.0, self.closing)
        chunks = (Step(number * CHUNK_S, data) for number, data in enumerate(self.chunks, start=1))
        closing = Step(len(self.chunks) * CHUNK_S, self.closing)
        return Step(0.0, self.opening), *chunks, closing


@dataclass(frozen=True)
class Answer(Outcome):
    """The transcript of one utterance; `request` is the utterance's name."""

    seconds: float
    """Length of the audio."""
    text: str = ""
    waited_s: float = math.inf
    """From `audio-stop` to the transcript; 0 if it came earlier, infinite on failure."""
    pieces: tuple[str, ...] = ()
    """Texts of the `transcript-chunk` events."""
    late_s: tuple[float, ...] = field(default=(), repr=False)
    """How late this program sent each chunk."""


class _Reply:
    """The texts that have been received."""

    def __init__(self) -> None:
        self.text = ""
        self.pieces: list[str] = []

    def receive(self, event: Event, _at_s: float) -> bool:
        text = str((event.data or {}).get("text", ""))
        if Transcript.is_type(event.type):
            self.text = text
            return True
        if TranscriptChunk.is_type(event.type):
            self.pieces.append(text)
        return False


def encode_utterance(name: str, samples: Samples, language: str | None) -> EncodedUtterance:
    """Encode the request for float32 mono samples at 16 kHz."""
    pcm = to_pcm16(samples)
    pieces = (pcm[start : start + CHUNK_BYTES] for start in range(0, len(pcm), CHUNK_BYTES))
    opening = (Transcribe(language=language).event(), AudioStart(*_FORM).event())
    return EncodedUtterance(
        name,
        len(samples) / SAMPLE_RATE,
        b"".join(map(encode, opening)),
        tuple(encode(AudioChunk(*_FORM, piece).event()) for piece in pieces),
        encode(AudioStop().event()),
    )


async def play_together(
    host: str, port: int, utterances: Sequence[EncodedUtterance], *, real_time: bool
) -> list[Answer]:
    """Send all utterances at the same time, and wait until each is answered or has failed."""
    start_at = start_of_round()
    playing = (_play(host, port, one, start_at, real_time=real_time) for one in utterances)
    return await asyncio.gather(*playing)


async def _play(
    host: str, port: int, utterance: EncodedUtterance, start_at: float, *, real_time: bool
) -> Answer:
    steps = utterance.steps(real_time=real_time)
    reply = _Reply()
    done = await exchange(host, port, steps, reply.receive, start_at)
    stopped_s = done.sent_s[-1] if len(done.sent_s) == len(steps) else math.inf
    late_s = (
        sent_s - step.due_s for step, sent_s in zip(steps[1:-1], done.sent_s[1:], strict=False)
    )
    return Answer(
        *(utterance.name, utterance.seconds, reply.text),
        waited_s=math.inf if done.failure else max(0.0, done.ended_s - stopped_s),
        failure=done.failure,
        pieces=tuple(reply.pieces),
        late_s=tuple(late_s),
        ended_s=done.ended_s,
    )
