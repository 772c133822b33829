"""Speech as a segmenter sees it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.support.scripted_recognizer import ScriptedVad
from wyoming_voice_stack.asr.vad.segmenter import (
    SpeechSegmenter,
)
from wyoming_voice_stack.asr.vad.silero_network import WINDOW_SAMPLES

SHORT_S = 2.0
"""A span limit that gives many spans."""

SILENCE, WEAK, SPOKEN = 0.1, 0.4, 0.9


def segmented(
    probabilities: Sequence[float], max_span_s: float = SHORT_S, *, end: bool = True
) -> SpeechSegmenter:
    """A segmenter that was given one probability per window."""
    segmenter = SpeechSegmenter(ScriptedVad(probabilities), max_span_s)
    segmenter.push(np.zeros(len(probabilities) * WINDOW_SAMPLES, np.float32))
    if end:
        segmenter.finish()
    return segmenter
