"""How fast Kokoro would speak on this machine, measured without its files.

The residual blocks of the generator's last stage take a third of the processor time of a sentence. Layers of
the same sizes with random weights take as long.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from wyoming_voice_stack.onnx_file import schema
from wyoming_voice_stack.onnx_file.building import new_graph, new_node
from wyoming_voice_stack.onnx_file.graph import Chunk
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.inference_sessions import session_from_bytes

_LOGGER = logging.getLogger(__name__)

SHARE = 0.32
"""Share of these layers in the processor time of a sentence."""
CORES_PER_SENTENCE = 1.8
"""Cores that one sentence keeps busy: the longest of three blocks takes half of their time."""
MAX_THREADS = 4
"""Threads that run the layers at the same time, because two cores that share their units are slower then."""
RUNS = 5
"""Runs of each thread, of which the fastest counts."""
MAX_SECONDS = 3.0
"""A thread begins no further run after this time."""

CHANNELS = 128
DILATIONS = {3: (1, 3, 5), 7: (1, 3, 5), 11: (1, 3, 5)}
"""Of the first convolution of each pair, by the size of the block's kernels. The second one has none."""
_POSITIONS = 2400
_AUDIO_S = 0.5
"""Audio that the positions become."""
_SEED = 1
_WEIGHT = 0.02
"""Small enough that values stay in the range of real ones."""
_INPUT, _OUTPUT = "input", "output"


def kokoro_speed(cores: int) -> float | None:
    """Return how many times faster than speech one sentence would be. Blocking, for some seconds at most.

    Processor time is measured, so other programs hardly change the result. Returns None if ONNX Runtime
    cannot run the layers.
    """
    started = time.monotonic()
    try:
        session = session_from_bytes(layers_model())
        threads = min(cores, MAX_THREADS)
        with ThreadPoolExecutor(threads, "kokoro-speed") as pool:
            running = [pool.submit(_fastest_run, session, started) for _ in range(threads)]
            taken = [each.result() for each in running]
    except Exception:  # ONNX Runtime's errors have no common base class
        _LOGGER.warning("The speed of Kokoro cannot be measured on this machine", exc_info=True)
        return None
    return CORES_PER_SENTENCE * SHARE * _AUDIO_S * len(taken) / sum(taken)


def layers_model() -> Iterator[Chunk]:
    """Yield a model of three residual blocks, whose input and output are [1, channels, 1, positions]."""
    random = np.random.default_rng(_SEED)
    nodes: list[Node] = []
    weights: dict[str, Any] = {}
    results = []
    for kernel, dilations in DILATIONS.items():
        given = _INPUT
        for number, dilation in enumerate(dilations):
            inner, name = given, f"{kernel}.{number}"
            for place, width in enumerate((dilation, 1)):
                shape = (CHANNELS, CHANNELS, 1, kernel)
                weights[f"{name}.{place}.weights"] = random.normal(0, _WEIGHT, shape).astype("<f4")
                nodes += _activation_and_convolution(f"{name}.{place}", inner, kernel, width)
                inner = f"{name}.{place}"
            nodes.append(new_node("Add", [given, inner], name))
            given = name
        results.append(given)
    nodes.append(new_node("Sum", results, _OUTPUT))
    graph = new_graph(nodes, weights, [_OUTPUT])
    return graph.part(graph.nodes, {_INPUT: schema.FLOAT32}, [_OUTPUT])


def _activation_and_convolution(
    name: str, given: str, kernel: int, dilation: int
) -> tuple[Node, ...]:
    sine, square, activated = f"{name}.sine", f"{name}.square", f"{name}.activated"
    padding = (kernel - 1) * dilation // 2
    attributes = {"dilations": (1, dilation), "pads": (0, padding, 0, padding)}
    return (
        new_node("Sin", [given], sine),
        new_node("Mul", [sine, sine], square),
        new_node("Add", [given, square], activated),
        new_node("Conv", [activated, f"{name}.weights"], name, attributes),
    )


def _fastest_run(session: Any, started: float) -> float:
    """Return the processor time in seconds."""
    random = np.random.default_rng(_SEED)
    given = random.standard_normal((1, CHANNELS, 1, _POSITIONS)).astype(np.float32)
    taken: list[float] = []
    for _ in range(RUNS):
        before = time.thread_time()
        session.run([_OUTPUT], {_INPUT: given})
        taken.append(time.thread_time() - before)
        if time.monotonic() - started > MAX_SECONDS:
            break
    return min(taken)
