"""From single answers to the figures of a table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from benchmarks.feeding import Answer
from benchmarks.processes import Memory
from benchmarks.scoring import WordErrors, percentile, total, word_errors
from benchmarks.turns import Measured


@dataclass(frozen=True)
class Summary:
    """One line of the table."""

    scenario: str
    streams: int
    server: str
    utterances: int
    failures: int
    p50_ms: float
    """A failure counts as an answer that never came."""
    p95_ms: float
    errors: WordErrors
    """A failure counts as a transcript without words."""
    cpu_per_audio_s: float | None
    memory: Memory | None
    late_p99_ms: float | None
    """How late this benchmark sent its chunks; None where they went out at once."""
    pieces: float
    """`transcript-chunk` events per utterance."""
    unlike: int
    """Utterances whose pieces, joined, are not their transcript."""


@dataclass(frozen=True)
class Ratio:
    """The other server's figures divided by those of the first: above 1, the first is better."""

    scenario: str
    streams: int
    p50: float
    p95: float
    cpu: float
    memory: float
    wer_points: float
    """Word error rate of the other less that of the first, in percentage points."""


def summarise(measured: Measured, said: Mapping[str, str], language: str) -> Summary:
    """Work out the figures of one plan on one server; `said` has the text of each utterance."""
    answers = measured.answers
    waits_ms = [answer.waited_s * 1000 for answer in answers]
    late_ms = [late_s * 1000 for answer in answers for late_s in answer.late_s]
    audio_s = sum(answer.seconds for answer in answers)
    return Summary(
        *(measured.scenario, measured.streams, measured.server),
        utterances=len(answers),
        failures=sum(bool(answer.failure) for answer in answers),
        p50_ms=percentile(waits_ms, 50),
        p95_ms=percentile(waits_ms, 95),
        errors=total(word_errors(said[one.name], one.text, language) for one in answers),
        cpu_per_audio_s=None if measured.cpu_s is None else measured.cpu_s / audio_s,
        memory=measured.memory,
        late_p99_ms=percentile(late_ms, 99) if late_ms else None,
        pieces=sum(len(answer.pieces) for answer in answers) / len(answers),
        unlike=sum(_pieces_differ(answer) for answer in answers),
    )


def ratios(summaries: Sequence[Summary], first: str, other: str) -> Iterator[Ratio]:
    """Compare two servers, wherever both were measured in the same way."""
    for one, two in product(summaries, summaries):
        if (one.server, two.server) != (first, other):
            continue
        if (one.scenario, one.streams) != (two.scenario, two.streams):
            continue
        yield Ratio(
            *(one.scenario, one.streams),
            p50=_ratio(two.p50_ms, one.p50_ms),
            p95=_ratio(two.p95_ms, one.p95_ms),
            cpu=_ratio(two.cpu_per_audio_s, one.cpu_per_audio_s),
            memory=_ratio(
                two.memory.now_mb if two.memory else None,
                one.memory.now_mb if one.memory else None,
            ),
            wer_points=two.errors.percent - one.errors.percent,
        )


def _pieces_differ(answer: Answer) -> bool:
    return bool(answer.pieces) and "".join(answer.pieces).strip() != answer.text.strip()


def _ratio(above: float | None, below: float | None) -> float:
    """NaN where either is unknown, or both are nothing or both without end."""
    if above is None or below is None:
        return math.nan
    if below == 0:
        return math.inf if above > 0 else math.nan
    return above / below
