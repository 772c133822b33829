"""Decoding of speech that repeats a word many times, in parts that are cut at its pauses.

In one piece, Whisper loses count, or repeats the word up to its token limit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples, Speech
from wyoming_voice_stack.asr.whisper.decoding.hypothesis_filter import MAX_NO_SPEECH_PROBABILITY
from wyoming_voice_stack.asr.whisper.decoding.window import MAX_COMPRESSION_RATIO, Hypothesis

MAX_HALVINGS = 3
"""Speech is divided into eight parts at most."""
SHORTEST_S = 1.0
"""Shorter speech is not divided: three short words fit in, of which Whisper makes no loop."""
EDGE_S = 0.2
"""Silence around each part; without it, Whisper loses the first word."""

_FRAME = SAMPLE_RATE // 50
_SMOOTHED_FRAMES = 3


def repeats_speech(hypotheses: Sequence[Hypothesis]) -> bool:
    """Return whether a text repeats itself, and speech is certain.

    It may have more or fewer repetitions than the speech, or be a loop of the decoder.
    """
    return any(
        one.compression_ratio > MAX_COMPRESSION_RATIO
        and one.no_speech_prob <= MAX_NO_SPEECH_PROBABILITY
        for one in hypotheses
    )


def decode_in_halves(
    speech: Speech, decode_one: Callable[[Speech], Hypothesis]
) -> list[Hypothesis]:
    """Halve speech at its pauses until Whisper decodes each part without a loop.

    Returns:
        One hypothesis for each part. It may still be a loop in a part that cannot be divided further.
    """
    return [
        hypothesis
        for half in halves(speech.samples)
        for hypothesis in _decode_part(half, speech, decode_one, MAX_HALVINGS - 1)
    ]


def _decode_part(
    part: Samples, speech: Speech, decode_one: Callable[[Speech], Hypothesis], halvings: int
) -> list[Hypothesis]:
    padded = np.pad(part, round(EDGE_S * SAMPLE_RATE))
    hypothesis = decode_one(replace(speech, samples=padded))
    if not hypothesis.unreliable or not halvings or len(part) < SHORTEST_S * SAMPLE_RATE:
        return [hypothesis]
    return [
        one for half in halves(part) for one in _decode_part(half, speech, decode_one, halvings - 1)
    ]


def halves(samples: Samples) -> tuple[Samples, Samples]:
    """Cut at the quietest place of the middle third."""
    count = len(samples) // _FRAME
    if count < _SMOOTHED_FRAMES:
        return samples[: len(samples) // 2], samples[len(samples) // 2 :]
    energies = np.square(samples[: count * _FRAME]).reshape(count, _FRAME).mean(axis=1)
    smooth = np.convolve(energies, np.full(_SMOOTHED_FRAMES, 1 / _SMOOTHED_FRAMES), mode="same")
    first = count // 3
    quietest = first + int(np.argmin(smooth[first : count - first]))
    place = quietest * _FRAME + _FRAME // 2
    return samples[:place], samples[place:]
