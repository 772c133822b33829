"""Compares our XTTS with that of coqui-tts, in one process, with the same weights and threads."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from benchmarks.common.measurement import Measured, by_turns
from benchmarks.common.stall_probe import StallProbe
from benchmarks.tts.generated_texts import Texts
from benchmarks.tts.playback_gaps import Arrival
from benchmarks.tts.synthesis_client import Reply
from benchmarks.tts.synthesis_plan import ClientCase, MeasuredSynthesis
from wyoming_voice_stack.tts.engine import Samples

LANGUAGE = "en"
SCENARIO = "xtts"
ALIKE_DB = 20.0
"""The difference of two sounds from the same tokens is at least this far below them.

coqui-tts crossfades its pieces, which makes a difference of -30 dB or less; other tokens make an
entirely different sound.
"""


@dataclass(frozen=True)
class Spoken:
    """The audio of one text. Times are in seconds after the request for all texts."""

    text: str
    pieces: tuple[Samples, ...] = field(default=(), repr=False)
    arrivals: tuple[Arrival, ...] = ()

    def then(self, piece: Samples, arrival: Arrival) -> Spoken:
        """Return a copy with one more piece."""
        return Spoken(self.text, (*self.pieces, piece), (*self.arrivals, arrival))

    @property
    def samples(self) -> Samples:
        """The whole audio."""
        return np.concatenate((*self.pieces, np.zeros(0, np.float32)))


class Speaker(Protocol):
    """An implementation of XTTS."""

    @property
    def name(self) -> str:
        """Name in the tables."""

    def warm_up(self, text: str) -> None:
        """Do the work that only the first text needs."""

    def speak(self, texts: Sequence[str]) -> list[Spoken]:
        """Speak all texts, which are requested at the same time, as soon as possible."""


@dataclass(frozen=True)
class Agreement:
    """For how many texts two speakers made the same audio."""

    texts: int
    alike: int
    worst_db: float
    """Level of the audio above the largest difference; `-inf` if lengths differ."""


@dataclass
class _Record:
    spoken: list[Spoken] = field(default_factory=list)
    wall_s: float = 0.0
    cpu_s: float = 0.0
    late_s: float = 0.0


def measure_xtts(
    speakers: Sequence[Speaker], clients: int, texts: Texts, *, most: int, tokens: int
) -> tuple[list[MeasuredSynthesis], Agreement]:
    """Have the speakers speak rounds of `clients` texts in alternation."""
    records = {speaker.name: _Record() for speaker in speakers}
    rounds = (
        [texts.take("sentence").whole for _ in range(clients)]
        for _ in range(max(1, most // clients))
    )
    for requested, speaker in by_turns(rounds, speakers):
        _play(speaker, requested, records[speaker.name])
    measured = [
        Measured(
            *(ClientCase(SCENARIO, f"{tokens} tokens", clients), name),
            answers=tuple(map(_reply, record.spoken)),
            wall_s=record.wall_s,
            cpu_s=record.cpu_s,
            late_s=record.late_s,
        )
        for name, record in records.items()
    ]
    return measured, agreement(*(record.spoken for record in records.values()))


def agreement(ones: Sequence[Spoken], others: Sequence[Spoken]) -> Agreement:
    """Compare the audio of two speakers for the same texts, in the same order."""
    found_db = [
        alike_db(one.samples, other.samples) for one, other in zip(ones, others, strict=True)
    ]
    alike = sum(one_db >= ALIKE_DB for one_db in found_db)
    return Agreement(len(found_db), alike, min(found_db, default=math.nan))


def alike_db(one: Samples, other: Samples) -> float:
    """Power of a sound above that of its difference from another; `-inf` if lengths differ."""
    if len(one) != len(other):
        return -math.inf
    difference = float(np.mean(np.square(one - other, dtype=np.float64)))
    power = float(np.mean(np.square(one, dtype=np.float64)))
    if not difference:
        return math.inf
    return 10 * math.log10(power / difference) if power else -math.inf


def _play(speaker: Speaker, texts: Sequence[str], record: _Record) -> None:
    began, cpu_before = time.monotonic(), time.process_time()
    with StallProbe() as probe:
        record.spoken += speaker.speak(texts)
    record.late_s = max(record.late_s, probe.latest_s)
    record.wall_s += time.monotonic() - began
    record.cpu_s += time.process_time() - cpu_before


def _reply(one: Spoken) -> Reply:
    if not one.arrivals:
        return Reply(one.text, failure="no sound")
    return Reply(one.text, ended_s=one.arrivals[-1].at_s, arrivals=one.arrivals)
