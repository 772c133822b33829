"""Values of a graph's constants: weights that are stored, or computed from stored ones."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.onnx_file.graph import Graph

Floats: TypeAlias = npt.NDArray[np.float32]


class GeneratorNotFound(Exception):
    """The graph has no generator of the known form, so that sentences are synthesized as a whole."""


class ConstantValues:
    """Reads constants of a graph as float32."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def floats(self, name: str) -> Floats:
        """A copy of a constant of any type as float32.

        Raises:
            GeneratorNotFound: the tensor is not a constant.
        """
        # A copy: a view would keep the whole file in memory.
        return np.array(self._array(name), np.float32)

    def dequantized(self, name: str, zero_point: str, scale: str) -> Floats:
        """Integer weights as the floats that they stand for; `scale` is of a tensor or of its rows."""
        factors = self.floats(scale)
        offsets = self.floats(zero_point) if zero_point else np.zeros(1, np.float32)
        weights = self.floats(name)
        by_row = (-1, *(1,) * (weights.ndim - 1))
        values: Floats = (weights - offsets.reshape(by_row)) * factors.reshape(by_row)
        return values

    def _array(self, name: str) -> npt.NDArray[Any]:
        stored = self._graph.stored(name)
        if stored is not None:
            return stored
        if name not in self._graph.constants:
            raise GeneratorNotFound(f"{name} is not a constant")
        return self._computed(name)

    def _computed(self, name: str) -> npt.NDArray[Any]:
        import onnxruntime

        producer = self._graph.producers[name]
        model = b"".join(self._graph.part([producer], {}, [name]))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        (value,) = session.run([name], {})
        array: npt.NDArray[Any] = value
        return array
