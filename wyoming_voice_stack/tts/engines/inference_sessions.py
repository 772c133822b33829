"""Inference sessions of ONNX Runtime on the CPU, for models that many short runs share."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wyoming_voice_stack.onnx_file.graph import Chunk

_FATAL = 4
"""ONNX Runtime's number of the severity above an error."""


def session_from_bytes(
    model: Iterable[Chunk], threads: int = 1, weights: Mapping[str, Any] | None = None
) -> Any:
    """Create a session of a model that is in memory.

    `threads` share the work of a run. `weights` are values of initializers that several sessions share.
    """
    # A session keeps the bytes that it is created from, and so the weights twice. An in-memory file is
    # freed once it is read.
    descriptor = os.memfd_create("part of a voice")
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(model)
        file.flush()
        return session_from_file(f"/proc/self/fd/{descriptor}", threads, weights)


def session_from_file(path: str, threads: int, weights: Mapping[str, Any] | None = None) -> Any:
    """Create a session of a model file, as `session_from_bytes` does."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Each session would keep the memory of its largest run for itself and never free it.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    # Otherwise threads would spin while they wait, and take the CPU from the vocoder's.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    for name, values in (weights or {}).items():
        options.add_initializer(name, values)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def try_session(session: Any, outputs: Sequence[str], feeds: Mapping[str, Any]) -> list[Any]:
    """Run a session on an example that it may not be able to compute.

    Raises:
        Exception: it cannot. ONNX Runtime does not print the error as well.
    """
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.log_severity_level = _FATAL
    results: list[Any] = session.run(list(outputs), dict(feeds), options)
    return results
