"""The sample rate of a stream is converted without a seam, whatever its pieces."""

from __future__ import annotations

import numpy as np
import pytest

from wyoming_voice_stack.codecs.resampling import StreamResampler, nearest_rate


def tone(rate: int, seconds: float = 1.0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    time = np.arange(int(rate * seconds)) / rate
    return (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 48_000])
@pytest.mark.parametrize("pieces", [1, 7, 100])
def test_a_stream_in_pieces_is_the_same_tone(rate: int, pieces: int) -> None:
    resampler = StreamResampler(rate, 24_000)
    parts = [resampler.push(piece) for piece in np.array_split(tone(rate), pieces)]
    converted = np.concatenate([*parts, resampler.finish()])
    assert len(converted) == pytest.approx(24_000, abs=2)
    inner = slice(500, 23_500)
    assert np.abs(converted[inner] - tone(24_000)[inner]).max() < 0.01


def test_equal_rates_change_nothing() -> None:
    resampler = StreamResampler(24_000, 24_000)
    assert (resampler.push(tone(24_000)) == tone(24_000)).all()
    assert len(resampler.finish()) == 0


def test_the_nearest_rate_loses_nothing_where_there_is_one() -> None:
    opus = (8000, 12_000, 16_000, 24_000, 48_000)
    assert [nearest_rate(rate, opus) for rate in (7000, 16_000, 22_050, 24_001, 96_000)] == [
        8000,
        16_000,
        24_000,
        48_000,
        48_000,
    ]
