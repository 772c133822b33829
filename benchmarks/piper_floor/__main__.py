"""Measures what a Piper voice costs without a server: reading a sentence, its first window, all of it.

    python -m benchmarks.piper_floor

Prints milliseconds of one thread, the median of ten runs, and one call of the whole model on all
cores. No server can be faster than reading plus the shortest window.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from rich.console import Console

from benchmarks.common.cache import default_cache
from benchmarks.common.program import new_parser, run_program
from benchmarks.tts.generated_texts import LENGTHS, Texts
from benchmarks.tts.piper_servers import JOE, voice_file
from wyoming_voice_stack.machine.hardware import available_cores
from wyoming_voice_stack.tts.engines.piper.loading import load_model, read_config
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import EncodedSentence
from wyoming_voice_stack.tts.engines.vits.windows import Window
from wyoming_voice_stack.tts.scheduling.chunk_sizer import SHORTEST_CHUNK_S

TIMES = 10


def run(_: argparse.Namespace, console: Console) -> None:
    """Print one line for a short text and one for a sentence."""
    import onnxruntime

    path = voice_file(JOE, default_cache())
    reader = load_model(path, read_config(path) or {}, available_cores())
    whole = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    texts = Texts()
    for length in LENGTHS[:2]:
        (ids,) = reader.phoneme_ids(texts.take(length).whole)
        frames = round(SHORTEST_CHUNK_S * reader.sample_rate / reader.encode(ids, 0, 1.0).hop)
        feeds = {
            "input": np.array([ids]),
            "input_lengths": np.array([len(ids)]),
            "scales": np.array((0.667, 1.0, 0.8), np.float32),
        }
        read = partial(reader.encode, ids, 0, 1.0)
        reading = _median_ms(read)
        first = _median_ms(partial(_read_and_decode, read, Window(0, frames)))
        uncut = _median_ms(partial(whole.run, None, feeds))
        console.print(
            f"{length}: read {reading:.0f}, with the first window {first:.0f};"
            f" whole model {uncut:.0f}",
            highlight=False,
        )


def _read_and_decode(read: Callable[[], EncodedSentence], window: Window) -> object:
    return read().decode(window)


def _median_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


if __name__ == "__main__":
    sys.exit(run_program(run, new_parser(__doc__).parse_args()))
