"""Plays sounds without speech: the transcript should be empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.common.processes import settle
from benchmarks.common.servers import Target
from benchmarks.stt.utterance_client import Answer, encode_utterance, play_together
from tests.support.sounds import clicks, hum, music, noise, slam
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples

PEAKS_DBFS = (-50, -30, -10)
_SLAM_EVERY_S = 5.0


def _slams(seconds: float) -> Samples:
    count = max(1, round(seconds / _SLAM_EVERY_S))
    return np.concatenate([slam(_SLAM_EVERY_S, seed) for seed in range(count)])


SOUNDS: Mapping[str, Callable[[float], Samples]] = {
    "white noise": lambda seconds: noise(seconds, 0.0),
    "pink noise": lambda seconds: noise(seconds, 1.0),
    "fan (brown noise)": lambda seconds: noise(seconds, 2.0),
    "mains hum": hum,
    "music": music,
    "typing": lambda seconds: clicks(seconds, 6.0, 12.0),
    "door slams": _slams,
}


@dataclass(frozen=True)
class NonSpeechResult:
    """The answer of one server to one sound."""

    sound: str
    peak_dbfs: int | None
    """Highest level; None for digital silence."""
    server: str
    answer: Answer


async def transcribe_sounds(
    targets: Sequence[Target], seconds: float, language: str
) -> list[NonSpeechResult]:
    """Send every sound at every level, at once, to one server after the other."""
    results = []
    for name, peak_dbfs, samples in _all_sounds(seconds):
        request = encode_utterance(f"{name} {peak_dbfs}", samples, language)
        for target in targets:
            (answer,) = await play_together(target.host, target.port, [request], real_time=False)
            if target.pid:
                await settle(target.pid)
            results.append(NonSpeechResult(name, peak_dbfs, target.name, answer))
    return results


def _all_sounds(seconds: float) -> Iterator[tuple[str, int | None, Samples]]:
    yield "digital silence", None, np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    for name, make in SOUNDS.items():
        sound = make(seconds)
        for peak_dbfs in PEAKS_DBFS:
            yield name, peak_dbfs, sound * np.float32(10 ** (peak_dbfs / 20))
