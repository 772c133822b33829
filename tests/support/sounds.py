"""Sounds of a home in which nobody speaks, made from formulas. All are mono at 16 kHz."""

from __future__ import annotations

import numpy as np

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples


def noise(seconds: float, slope: float, seed: int = 0) -> Samples:
    """Noise whose power falls with frequency**`slope`: 0 is white, 1 pink, 2 brown. Peak 1."""
    count = round(seconds * SAMPLE_RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    frequencies = np.maximum(np.fft.rfftfreq(count, 1 / SAMPLE_RATE), 20.0)
    return _to_peak(np.fft.irfft(spectrum / frequencies ** (slope / 2), count))


def hum(seconds: float, mains_hz: float = 50.0) -> Samples:
    """Mains hum with harmonics."""
    time = _time(seconds)
    harmonics = [np.sin(2 * np.pi * mains_hz * k * time) / k for k in range(1, 9)]
    return _to_peak(np.sum(harmonics, axis=0))


def clicks(seconds: float, per_second: float, length_ms: float, seed: int = 0) -> Samples:
    """Short decaying bursts at irregular times: a clock, or typing."""
    generator = np.random.default_rng(seed)
    sound = np.zeros(round(seconds * SAMPLE_RATE))
    burst_length = round(length_ms / 1000 * SAMPLE_RATE)
    burst = np.exp(-np.linspace(0, 6, burst_length))
    for _ in range(max(1, round(seconds * per_second))):
        start = int(generator.integers(0, len(sound) - burst_length))
        loudness = generator.uniform(0.3, 1.0)
        sound[start : start + burst_length] += (
            loudness * burst * generator.standard_normal(burst_length)
        )
    return _to_peak(sound)


def slam(seconds: float, seed: int = 0) -> Samples:
    """A door: one low, loud burst that dies away within half a second."""
    rumble = noise(seconds, 2.0, seed)
    time = _time(seconds) - seconds / 3
    return _to_peak(rumble * np.where(time < 0, 0.0, np.exp(-np.maximum(time, 0.0) / 0.08)))


def music(seconds: float) -> Samples:
    """Chords that change twice a second, each tone with overtones."""
    time = _time(seconds)
    chords = ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294))
    sound = np.zeros(len(time))
    for index in range(int(np.ceil(seconds * 2))):
        inside = (time >= index / 2) & (time < (index + 1) / 2)
        local = time[inside] - index / 2
        for tone in chords[index % len(chords)]:
            for overtone in range(1, 6):
                wave = np.sin(2 * np.pi * tone * overtone * local) / overtone
                sound[inside] += wave * np.exp(-local * 3)
    return _to_peak(sound)


def beeps(seconds: float) -> Samples:
    """A timer: four short 2 kHz tones a second."""
    time = _time(seconds)
    return _to_peak(np.sin(2 * np.pi * 2_000 * time) * ((time * 4) % 1 < 0.5))


def _time(seconds: float) -> np.ndarray:
    return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def _to_peak(sound: np.ndarray) -> Samples:
    peak = np.abs(sound).max()
    scaled: Samples = (sound / peak).astype(np.float32)
    return scaled
