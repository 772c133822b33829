"""Computes the figures of a table from the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.common.figures import percentile, quotient, resident_quotient
from benchmarks.common.measurement import Figures
from benchmarks.common.processes import Memory
from benchmarks.common.word_errors import WordErrors, total, word_errors
from benchmarks.stt.transcription_plan import MeasuredTranscription, StreamCase
from benchmarks.stt.utterance_client import Answer


@dataclass(frozen=True)
class TranscriptionSummary(Figures[StreamCase]):
    """One row of the table."""

    utterances: int
    failures: int
    p50_ms: float
    """Wait for the transcript; infinite for a failure."""
    p95_ms: float
    errors: WordErrors
    """A failure counts as an empty transcript."""
    cpu_per_audio_s: float | None
    memory: Memory | None
    late_p99_ms: float | None
    """How late this program sent its chunks; None where they are sent at once."""
    pieces: float
    """`transcript-chunk` events per utterance."""
    unlike: int
    """Utterances whose joined pieces differ from their transcript."""


@dataclass(frozen=True)
class TranscriptionRatio:
    """The other server's figures divided by those of the first: above 1, the first is better."""

    case: StreamCase
    p50: float
    p95: float
    cpu: float
    memory: float
    wer_points: float
    """Word error rate of the other less that of the first, in percentage points."""


def summarise(
    measured: MeasuredTranscription, references: Mapping[str, str], language: str
) -> TranscriptionSummary:
    """Compute the figures of one case on one server; `references` has the text of each utterance."""
    answers = measured.answers
    waits_ms = [answer.waited_s * 1000 for answer in answers]
    late_ms = [late_s * 1000 for answer in answers for late_s in answer.late_s]
    audio_s = sum(answer.seconds for answer in answers)
    return TranscriptionSummary(
        *(measured.case, measured.server),
        utterances=len(answers),
        failures=sum(bool(answer.failure) for answer in answers),
        p50_ms=percentile(waits_ms, 50),
        p95_ms=percentile(waits_ms, 95),
        errors=total(word_errors(references[one.request], one.text, language) for one in answers),
        cpu_per_audio_s=None if measured.cpu_s is None else measured.cpu_s / audio_s,
        memory=measured.memory,
        late_p99_ms=percentile(late_ms, 99) if late_ms else None,
        pieces=sum(len(answer.pieces) for answer in answers) / len(answers),
        unlike=sum(_pieces_differ(answer) for answer in answers),
    )


def compare(one: TranscriptionSummary, two: TranscriptionSummary) -> TranscriptionRatio:
    """Compare the figures `two` of the other server with the figures `one` of the first."""
    return TranscriptionRatio(
        one.case,
        wer_points=two.errors.percent - one.errors.percent,
        p50=quotient(two.p50_ms, one.p50_ms),
        p95=quotient(two.p95_ms, one.p95_ms),
        cpu=quotient(two.cpu_per_audio_s, one.cpu_per_audio_s),
        memory=resident_quotient(two.memory, one.memory),
    )


def _pieces_differ(answer: Answer) -> bool:
    return bool(answer.pieces) and "".join(answer.pieces).strip() != answer.text.strip()
