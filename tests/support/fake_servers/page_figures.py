"""Figures that the fake server of the page shows."""

from __future__ import annotations

FIGURES = {
    "now": {"connections": 2, "requests": 1, "queued": 3, "oldest_wait_s": 1.5},
    "histograms": [
        {
            "id": "first_audio",
            "unit": "s",
            "buckets": [{"le": 0.1, "count": 7}, {"le": 0.5, "count": 2}, {"le": None, "count": 1}],
        }
    ],
    "requests": 10,
    "errors": [{"code": "busy", "count": 4, "meaning": "Too much work is waiting."}],
}
