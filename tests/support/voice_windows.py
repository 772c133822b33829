"""Windows of a streaming voice, and how far they are from the whole."""

from __future__ import annotations

from typing import Any

import numpy as np

from wyoming_voice_stack.tts.engines.vits.sessions import (
    StreamingSentence,
    StreamingVoice,
)
from wyoming_voice_stack.tts.engines.vits.windows import Window

SCALES = np.array([0.667, 1.0, 0.8], np.float32)


def feeds(phonemes: int, scales: np.ndarray = SCALES) -> dict[str, np.ndarray]:
    spoken = np.random.default_rng(phonemes).integers(14, 60, (1, phonemes))
    return {"input": spoken, "input_lengths": np.array([phonemes]), "scales": scales}


def again(sentence: StreamingSentence, stages: Any) -> StreamingSentence:
    """The same sentence with nothing decoded yet."""
    return StreamingSentence(stages, dict(sentence._tensors))


def difference(voice: StreamingVoice, sentence: StreamingSentence, cuts: list[Window]) -> float:
    whole = again(sentence, voice._stages).decode(Window(0, sentence.frames))
    assert len(whole) == sentence.frames * sentence.hop
    assert np.abs(whole).max() > 0.01
    in_windows = again(sentence, voice._stages)
    return float(np.abs(np.concatenate([in_windows.decode(each) for each in cuts]) - whole).max())


def steps(frames: int, step: int) -> list[Window]:
    return [Window(start, min(start + step, frames)) for start in range(0, frames, step)]
