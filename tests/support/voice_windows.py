"""Windows of a streaming voice, and how far they are from the whole."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from wyoming_voice_stack.tts.engines.vits.sessions import StreamingVoice
from wyoming_voice_stack.tts.engines.vits.stages import Stage
from wyoming_voice_stack.tts.engines.vits.streaming_sentence import StreamingSentence
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


class CountedSession:
    """A session that records the number of positions of its inputs."""

    def __init__(self, session: Any, counts: list[int]) -> None:
        self._session = session
        self._counts = counts

    def get_inputs(self) -> Any:
        return self._session.get_inputs()

    def get_outputs(self) -> Any:
        return self._session.get_outputs()

    def run(self, names: list[str], given: dict[str, np.ndarray]) -> Any:
        self._counts.append(next(iter(given.values())).shape[-1])
        return self._session.run(names, given)


def counted_stages(voice: StreamingVoice) -> tuple[list[Stage], list[list[int]]]:
    """The voice's stages, and for each the numbers of positions of its inputs."""
    counts: list[list[int]] = [[] for _ in voice._stages]
    stages = [
        dataclasses.replace(stage, session=CountedSession(stage.session, each))
        for stage, each in zip(voice._stages, counts, strict=True)
    ]
    return stages, counts
