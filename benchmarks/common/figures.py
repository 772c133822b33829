"""Percentiles and quotients of measured values."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmarks.common.processes import Memory


def percentile(values: Sequence[float], percent: float) -> float:
    """Smallest value that `percent` of all do not exceed (nearest rank); NaN of nothing.

    Values may be infinite: a request without a reply belongs at the slow end.
    """
    if not values:
        return math.nan
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


def quotient(above: float | None, below: float | None) -> float:
    """`above / below`; negative values count as 0.

    NaN if either is unknown, if both are 0 and if both are infinite.
    """
    if above is None or below is None:
        return math.nan
    if below <= 0:
        return math.inf if above > 0 else math.nan
    return max(above, 0.0) / below


def resident_quotient(above: Memory | None, below: Memory | None) -> float:
    """Quotient of the resident memory; NaN if either is unknown."""
    return quotient(above.now_mb if above else None, below.now_mb if below else None)
