"""Compares our XTTS with coqui-tts's own, in one process, with the same weights and threads."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from benchmarks.tts_feeding import Reply
from benchmarks.tts_player import Arrival
from benchmarks.tts_pulse import Pulse
from benchmarks.tts_texts import Texts
from benchmarks.tts_turns import Measured
from wyoming_voice_stack.tts.engine import Samples

LANGUAGE = "en"
SCENARIO = "xtts"
ALIKE_DB = 20.0
"""Two sounds are of the same tokens if their difference lies so far below them.

coqui-tts joins its pieces by a crossfade, which lies 30 dB below the sound or more; other tokens
make another sound altogether.
"""


@dataclass(frozen=True)
class Spoken:
    """One text that was said. Times are in seconds after all texts were asked for."""

    text: str
    pieces: tuple[Samples, ...] = field(default=(), repr=False)
    arrivals: tuple[Arrival, ...] = ()

    def then(self, piece: Samples, arrival: Arrival) -> Spoken:
        """The same with one more piece."""
        return Spoken(self.text, (*self.pieces, piece), (*self.arrivals, arrival))

    @property
    def samples(self) -> Samples:
        """The whole sound."""
        return np.concatenate((*self.pieces, np.zeros(0, np.float32)))


class Speaker(Protocol):
    """One of those that are compared."""

    @property
    def name(self) -> str:
        """As it stands in the tables."""
        ...

    def warm_up(self, text: str) -> None:
        """Do what is done the first time only."""
        ...

    def speak(self, texts: Sequence[str]) -> list[Spoken]:
        """Say all texts, which are asked for at the same time, as soon as may be."""
        ...


@dataclass(frozen=True)
class SpeakerConditioning:
    """Whether two speakers made the same sound of the same texts."""

    texts: int
    alike: int
    worst_db: float
    """Sound over difference, where both were most unlike; `-inf` for other lengths."""


@dataclass
class _Record:
    spoken: list[Spoken] = field(default_factory=list)
    wall_s: float = 0.0
    cpu_s: float = 0.0
    late_s: float = 0.0


def measure_xtts(
    speakers: Sequence[Speaker], clients: int, texts: Texts, *, most: int, tokens: int
) -> tuple[list[Measured], SpeakerConditioning]:
    """Let the speakers say rounds of `clients` texts by turns; who begins changes every round."""
    records = {speaker.name: _Record() for speaker in speakers}
    for number in range(max(1, most // clients)):
        said = [texts.take("sentence").whole for _ in range(clients)]
        for speaker in speakers if number % 2 == 0 else reversed(speakers):
            _play(speaker, said, records[speaker.name])
    measured = [
        Measured(
            *(SCENARIO, f"{tokens} tokens", clients, name),
            replies=tuple(map(_reply, record.spoken)),
            wall_s=record.wall_s,
            cpu_s=record.cpu_s,
            memory=None,
            late_s=record.late_s,
        )
        for name, record in records.items()
    ]
    return measured, likeness(*(record.spoken for record in records.values()))


def likeness(ones: Sequence[Spoken], others: Sequence[Spoken]) -> SpeakerConditioning:
    """Compare what two speakers made of the same texts, in the same order."""
    found_db = [
        alike_db(one.samples, other.samples) for one, other in zip(ones, others, strict=True)
    ]
    alike = sum(one_db >= ALIKE_DB for one_db in found_db)
    return SpeakerConditioning(len(found_db), alike, min(found_db, default=math.nan))


def alike_db(one: Samples, other: Samples) -> float:
    """Power of a sound over that of its difference from another; `-inf` for other lengths."""
    if len(one) != len(other):
        return -math.inf
    difference = float(np.mean(np.square(one - other, dtype=np.float64)))
    power = float(np.mean(np.square(one, dtype=np.float64)))
    if not difference:
        return math.inf
    return 10 * math.log10(power / difference) if power else -math.inf


def _play(speaker: Speaker, texts: Sequence[str], record: _Record) -> None:
    began, cpu_before = time.monotonic(), time.process_time()
    with Pulse() as pulse:
        record.spoken += speaker.speak(texts)
    record.late_s = max(record.late_s, pulse.latest_s)
    record.wall_s += time.monotonic() - began
    record.cpu_s += time.process_time() - cpu_before


def _reply(one: Spoken) -> Reply:
    if not one.arrivals:
        return Reply(one.text, failure="no sound")
    return Reply(one.text, ended_s=one.arrivals[-1].at_s, arrivals=one.arrivals)
