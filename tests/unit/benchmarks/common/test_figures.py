"""Percentiles and quotients, with unknown and infinite values."""

from __future__ import annotations

import math

from benchmarks.common.figures import percentile, quotient, resident_quotient
from benchmarks.common.processes import Memory


def test_percentiles_are_measured_values() -> None:
    assert percentile([3.0, 1.0, 2.0, 4.0], 50) == 2.0
    assert percentile(list(map(float, range(1, 101))), 95) == 95.0
    assert percentile([1.0], 99) == 1.0
    assert percentile([1.0, math.inf], 95) == math.inf
    assert percentile([1.0, math.inf], 50) == 1.0
    assert math.isnan(percentile([], 50))


def test_quotients_of_unknown_and_extreme_values() -> None:
    assert quotient(3.0, 2.0) == 1.5
    assert quotient(-1.0, 2.0) == 0
    assert (quotient(1.0, 0.0), quotient(1.0, -1.0), quotient(math.inf, 1.0)) == (math.inf,) * 3
    unknown = (quotient(None, 1.0), quotient(1.0, None), quotient(0.0, 0.0))
    assert all(map(math.isnan, (*unknown, quotient(math.inf, math.inf))))


def test_memory_of_an_unknown_process() -> None:
    assert resident_quotient(Memory(150.0, 200.0), Memory(100.0, 100.0)) == 1.5
    assert math.isnan(resident_quotient(Memory(150.0, 200.0), None))
