"""Computes the figures of a table from the replies."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmarks.common.figures import percentile, quotient, resident_quotient
from benchmarks.common.measurement import Figures
from benchmarks.common.processes import Memory
from benchmarks.tts.playback_gaps import gaps
from benchmarks.tts.synthesis_client import Reply
from benchmarks.tts.synthesis_plan import ClientCase, MeasuredSynthesis


@dataclass(frozen=True)
class SynthesisSummary(Figures[ClientCase]):
    """One row of the table. For a failure the first audio is infinitely late."""

    requests: int
    failures: int
    first_p50_ms: float
    """From the end of the first sentence to the first audio; negative if audio came before."""
    first_p95_ms: float
    from_end_p50_ms: float
    """From the end of the text to the first audio; negative if audio came before."""
    from_end_p95_ms: float
    lead_ms: float
    """Silence at the beginning of a reply; the median."""
    sound_s: float
    """Average length of a reply, to check that the servers speak the same."""
    speed: float
    """Seconds of audio per second, from the beginning of a request to the end of its reply; the median."""
    speed_in_all: float
    """The same for all clients together."""
    gapped: int
    """Replies in which a player that starts at once has to wait."""
    gap_ms: float
    """All gaps together."""
    largest_gap_ms: float
    cpu_per_sound_s: float | None
    memory: Memory | None
    late_ms: float
    """The longest pause of this program."""


@dataclass(frozen=True)
class SynthesisRatio:
    """How many times as much the other server takes: above 1, the first is better."""

    case: ClientCase
    first_p50: float
    first_p95: float
    time: float
    """For a second of audio, for one client."""
    time_in_all: float
    gap: float
    cpu: float
    memory: float


def summarise(measured: MeasuredSynthesis) -> SynthesisSummary:
    """Compute the figures of one case on one server."""
    replies = measured.answers
    first_ms = [(one.first_audio_s - _sent(one.sentence_sent_s)) * 1000 for one in replies]
    from_end_ms = [(one.first_audio_s - _sent(one.text_sent_s)) * 1000 for one in replies]
    sound_s = sum(one.sound_s for one in replies)
    stops = [gaps(one.arrivals) for one in replies]
    failures = sum(bool(one.failure) for one in replies)
    return SynthesisSummary(
        *(measured.case, measured.server),
        requests=len(replies),
        failures=failures,
        first_p50_ms=percentile(first_ms, 50),
        first_p95_ms=percentile(first_ms, 95),
        from_end_p50_ms=percentile(from_end_ms, 50),
        from_end_p95_ms=percentile(from_end_ms, 95),
        lead_ms=percentile([one.lead_s * 1000 for one in replies if not one.failure], 50),
        sound_s=sound_s / (len(replies) - failures) if failures < len(replies) else math.nan,
        speed=percentile([_speed(one) for one in replies], 50),
        speed_in_all=sound_s / measured.wall_s if measured.wall_s else math.nan,
        gapped=sum(stop.count > 0 for stop in stops),
        gap_ms=sum(stop.total_s for stop in stops) * 1000,
        largest_gap_ms=max(stop.largest_s for stop in stops) * 1000,
        cpu_per_sound_s=None if measured.cpu_s is None else quotient(measured.cpu_s, sound_s),
        memory=measured.memory,
        late_ms=measured.late_s * 1000,
    )


def compare(one: SynthesisSummary, two: SynthesisSummary) -> SynthesisRatio:
    """Compare the figures `two` of the other server with the figures `one` of the first."""
    return SynthesisRatio(
        one.case,
        first_p50=quotient(two.first_p50_ms, one.first_p50_ms),
        first_p95=quotient(two.first_p95_ms, one.first_p95_ms),
        time=quotient(one.speed, two.speed),
        time_in_all=quotient(one.speed_in_all, two.speed_in_all),
        gap=quotient(two.gap_ms, one.gap_ms),
        cpu=quotient(two.cpu_per_sound_s, one.cpu_per_sound_s),
        memory=resident_quotient(two.memory, one.memory),
    )


def _sent(at_s: float) -> float:
    """Replace infinity, so that a text that was never sent does not make its audio early."""
    return at_s if math.isfinite(at_s) else 0.0


def _speed(reply: Reply) -> float:
    return reply.sound_s / reply.ended_s if reply.ended_s else 0.0
