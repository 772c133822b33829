"""From single replies to the figures of a table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from benchmarks.processes import Memory
from benchmarks.scoring import percentile
from benchmarks.tts_feeding import Reply
from benchmarks.tts_player import gaps
from benchmarks.tts_turns import Measured


@dataclass(frozen=True)
class Summary:
    """One line of the table. A failure counts as sound that never came."""

    scenario: str
    length: str
    clients: int
    server: str
    requests: int
    failures: int
    first_p50_ms: float
    """First sound after the first sentence was sent; negative if it came before that."""
    first_p95_ms: float
    from_end_p50_ms: float
    """First sound after the whole text was sent; negative if it came before that."""
    from_end_p95_ms: float
    lead_ms: float
    """Silence with which a reply begins; the median."""
    sound_s: float
    """Of one reply on average, to see that the servers say the same."""
    speed: float
    """Seconds of sound per second, from a request's beginning to its reply's end; the median."""
    speed_in_all: float
    """The same of all clients together."""
    gapped: int
    """Replies in which a player that starts at once has to stop."""
    gap_ms: float
    """All gaps together."""
    largest_gap_ms: float
    cpu_per_sound_s: float | None
    memory: Memory | None
    late_ms: float
    """How late this benchmark itself was at worst: its fault, or the machine's."""


@dataclass(frozen=True)
class Ratio:
    """How many times as much the other server takes: above 1, the first is better."""

    scenario: str
    length: str
    clients: int
    first_p50: float
    first_p95: float
    time: float
    """For a second of sound, as one client sees it."""
    time_in_all: float
    gap: float
    cpu: float
    memory: float


def summarise(measured: Measured) -> Summary:
    """Work out the figures of one plan on one server."""
    replies = measured.replies
    first_ms = [(one.first_audio_s - _sent(one.sentence_sent_s)) * 1000 for one in replies]
    from_end_ms = [(one.first_audio_s - _sent(one.text_sent_s)) * 1000 for one in replies]
    sound_s = sum(one.sound_s for one in replies)
    stops = [gaps(one.arrivals) for one in replies]
    failures = sum(bool(one.failure) for one in replies)
    return Summary(
        *(measured.scenario, measured.length, measured.clients, measured.server),
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
        cpu_per_sound_s=None if measured.cpu_s is None else _divide(measured.cpu_s, sound_s),
        memory=measured.memory,
        late_ms=measured.late_s * 1000,
    )


def ratios(summaries: Sequence[Summary], first: str, other: str) -> Iterator[Ratio]:
    """Compare two servers, wherever both were measured in the same way."""
    for one, two in product(summaries, summaries):
        if (one.server, two.server) != (first, other):
            continue
        if (one.scenario, one.length, one.clients) != (two.scenario, two.length, two.clients):
            continue
        yield Ratio(
            *(one.scenario, one.length, one.clients),
            first_p50=_divide(two.first_p50_ms, one.first_p50_ms),
            first_p95=_divide(two.first_p95_ms, one.first_p95_ms),
            time=_divide(one.speed, two.speed),
            time_in_all=_divide(one.speed_in_all, two.speed_in_all),
            gap=_divide(two.gap_ms, one.gap_ms),
            cpu=_divide(two.cpu_per_sound_s, one.cpu_per_sound_s),
            memory=_divide(
                two.memory.now_mb if two.memory else None,
                one.memory.now_mb if one.memory else None,
            ),
        )


def _sent(at_s: float) -> float:
    """A text that was never sent is no reason to call its sound early."""
    return at_s if math.isfinite(at_s) else 0.0


def _speed(reply: Reply) -> float:
    return reply.sound_s / reply.ended_s if reply.ended_s else 0.0


def _divide(above: float | None, below: float | None) -> float:
    """NaN where either is unknown, or both are nothing or both without end.

    A time that is not above zero is one that nobody had to wait.
    """
    if above is None or below is None:
        return math.nan
    if below <= 0:
        return math.inf if above > 0 else math.nan
    return max(above, 0.0) / below
