"""The noise of a quiet room."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.stt.room_acoustics import with_room_noise


def test_the_room_is_quiet_and_always_the_same() -> None:
    speech = np.full(8000, 0.5, np.float32)
    heard = with_room_noise(speech, "vm-delete", 0.7)
    assert len(heard) == 8000 + 11200
    level_dbfs = 20 * math.log10(float(np.sqrt(np.mean(np.square(heard[8000:])))))
    assert -66 < level_dbfs < -54
    assert 0 < float(np.abs(heard[:8000] - speech).max()) < 0.02
    assert np.array_equal(heard, with_room_noise(speech, "vm-delete", 0.7))
    assert not np.array_equal(heard, with_room_noise(speech, "vm-prev", 0.7))
