"""The figures of the page: what happens now, and how long it took since the start. No texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from prometheus_client import Gauge, Histogram
from prometheus_client.samples import Sample

from wyoming_voice_stack.engine.status import Workload
from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.metrics import Metrics

MAX_ERROR_CODES = 32
"""Codes that are shown, the most frequent first."""
_ROUNDING = 1
"""Decimals of a waiting time."""


class HasWorkload(Protocol):
    """A service that tells what it works on."""

    def workload(self) -> Workload:
        """Return what is worked on, and what waits."""
        ...


def figures(metrics: Metrics, service: HasWorkload, mode: str) -> dict[str, Any]:
    """Return the figures as JSON; each bucket of a histogram has the count of its own interval."""
    load = service.workload()
    if mode == "asr":
        histograms = [_histogram("stop_to_text", metrics.stop_to_text)]
    else:
        histograms = [_histogram("first_audio", metrics.first_audio)]
    return {
        "now": {
            "connections": _value(metrics.connections),
            "requests": load.running,
            "queued": load.waiting,
            "oldest_wait_s": round(load.oldest_wait_s, _ROUNDING),
        },
        "histograms": histograms,
        "requests": sum(int(sample.value) for sample in _totals(metrics.requests.collect())),
        "errors": _errors(metrics),
    }


def _value(gauge: Gauge) -> int:
    return sum(int(sample.value) for family in gauge.collect() for sample in family.samples)


def _histogram(name: str, histogram: Histogram) -> dict[str, Any]:
    buckets, before = [], 0
    for family in histogram.collect():
        for sample in family.samples:
            if sample.name.endswith("_bucket"):
                count = int(sample.value)
                limit = float(sample.labels["le"])
                le = None if limit == float("inf") else limit
                buckets.append({"le": le, "count": count - before})
                before = count
    return {"id": name, "unit": "s", "buckets": buckets}


def _errors(metrics: Metrics) -> list[dict[str, Any]]:
    meanings = _meanings()
    counts = {
        sample.labels["code"]: int(sample.value) for sample in _totals(metrics.errors.collect())
    }
    frequent = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_ERROR_CODES]
    return [
        {"code": code, "count": count, "meaning": meanings.get(code, "")}
        for code, count in frequent
        if count
    ]


def _totals(families: Any) -> Iterator[Sample]:
    for family in families:
        yield from (sample for sample in family.samples if sample.name.endswith("_total"))


def _meanings() -> dict[str, str]:
    """Return the first sentence about each error of the tree; a class may share its base's code."""
    found: dict[str, str] = {}
    open_classes = [VoiceStackError]
    while open_classes:
        error = open_classes.pop(0)
        found.setdefault(error.code, (error.__doc__ or "").partition("\n")[0])
        open_classes += error.__subclasses__()
    return found
