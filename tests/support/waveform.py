"""Speech, tones and noise for tests of sound, and what a listener would measure on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from tests.support.speech import _voice
from wyoming_voice_stack.tts.engine import Samples

RATE = 22_050
"""Of the Piper voice."""


@lru_cache(maxsize=128)
def say(sentence: str, speed: float = 1.0) -> Samples:
    """The sentence as an engine gives it, with the silence that Piper puts around; read only."""
    from piper import SynthesisConfig

    manner = SynthesisConfig(
        noise_scale=0.0, noise_w_scale=0.0, length_scale=1 / speed, normalize_audio=False
    )
    spoken = [chunk.audio_float_array for chunk in _voice().synthesize(sentence, manner)]
    samples = np.concatenate(spoken).astype(np.float32)
    samples.flags.writeable = False
    return samples


def milliseconds(samples: int) -> float:
    return 1000 * samples / RATE


def quiet(duration_ms: float) -> Samples:
    return np.zeros(round(RATE * duration_ms / 1000), np.float32)


def noise(duration_ms: float, rms_dbfs: float) -> Samples:
    generator = np.random.default_rng(1)
    white = generator.standard_normal(len(quiet(duration_ms)))
    return (white * 10 ** (rms_dbfs / 20)).astype(np.float32)


def tone(duration_ms: float, frequency_hz: float = 200.0, peak: float = 0.5) -> Samples:
    """Begins and ends at full swing, as a sound that is cut."""
    time = np.arange(len(quiet(duration_ms))) / RATE
    return (peak * np.cos(2 * np.pi * frequency_hz * time)).astype(np.float32)


def joined(*parts: Samples) -> Samples:
    return np.concatenate(parts)


def bare(sentence: str, speed: float = 1.0) -> Samples:
    """The sentence without any silence around."""
    samples = say(sentence, speed)
    first, last = sounding(samples)[[0, -1]]
    return samples[first : last + 1]


def sounding(samples: Samples, dbfs: float = -50.0) -> np.ndarray:
    """Indices of the samples whose neighbourhood of 5 ms is as loud as this."""
    width = RATE // 200
    squares = np.convolve(np.square(samples, dtype=np.float64), np.full(width, 1 / width), "same")
    return np.flatnonzero(squares >= 10 ** (dbfs / 10))


def loudness_db(samples: Samples) -> float:
    """Mean power of the 100 ms stretches that are not pauses."""
    width = RATE // 10
    rows = samples[: len(samples) // width * width].reshape(-1, width).astype(np.float64)
    powers = np.square(rows).mean(axis=1)
    return float(10 * np.log10(powers[powers > powers.max() / 100].mean()))


def amplified(samples: Samples, level_db: float) -> Samples:
    """The same sound, this loud."""
    return (samples * np.float32(10 ** ((level_db - loudness_db(samples)) / 20))).astype(np.float32)


def place_of(part: Samples, whole: Samples) -> int:
    """Where in `whole` exactly these samples are."""
    for start in np.flatnonzero(whole[: len(whole) - len(part) + 1] == part[0]):
        if np.array_equal(whole[start : start + len(part)], part):
            return int(start)
    raise AssertionError("the sound is not there unchanged")


def largest_jump(samples: Samples) -> float:
    """Between neighbours, silence lying before and after."""
    return float(np.abs(np.diff(samples, prepend=0.0, append=0.0)).max())


def in_pieces(samples: Samples, length: int = 1000) -> Iterator[Samples]:
    for start in range(0, len(samples), length):
        yield samples[start : start + length]


def through(
    push: Callable[[Samples], Samples], finish: Callable[[], Samples], *pieces: Samples
) -> Samples:
    """What comes out of pieces."""
    return np.concatenate([*(push(piece) for piece in pieces), finish()])
