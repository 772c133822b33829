"""Finds the generator's layers in a model file by the structure of its graph.

Names of tensors differ between exports, so layers are recognised by what they compute: from each sum of
residual blocks back to the harmonic source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.kokoro.generator.constant_values import (
    ConstantValues,
    Floats,
    GeneratorNotFound,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_weights import (
    KERNELS,
    LAYERS,
    SPECTRUM_CHANNELS,
    UPSAMPLINGS,
    Filter,
    Generator,
    GeneratorStage,
    Norm,
    ResidualBlock,
    ResidualLayer,
)

_SKIPPED = frozenset({"Cast", "Identity", "Unsqueeze", "Squeeze", "Reshape"})


def find_generator(graph: Graph) -> Generator:
    """Find the generator's layers.

    Raises:
        GeneratorNotFound: a layer is missing or has another form.
    """
    return _Finder(graph).generator()


@dataclass(frozen=True)
class _Found:
    """A convolution in the graph."""

    source: str
    filter: Filter


class _Finder:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._values = ConstantValues(graph)
        self._filters: dict[str, _Found | None] = {}

    def generator(self) -> Generator:
        first, second = (self._upsampling(factor) for factor in UPSAMPLINGS)
        stage_2_sum, spectrum_filter = self._spectrum_filter()
        stages, harmonics = [], set()
        for upsampling, blocks_sum in (
            (first, self._before_activation(second.inputs[0])),
            (second, stage_2_sum),
        ):
            stage, source = self._stage(upsampling, blocks_sum)
            stages.append(stage)
            harmonics.add(source)
        if len(harmonics) != 1:
            raise GeneratorNotFound("the stages have different harmonic sources")
        latents = self._before_activation(first.inputs[0])
        return Generator(latents, harmonics.pop(), tuple(stages), spectrum_filter)

    def _upsampling(self, factor: int) -> Node:
        found = [
            node
            for node in self._graph.nodes
            if node.operation == "ConvTranspose"
            and node.integer("strides", 1) == factor
            and node.integer("kernel_shape", 0) == 2 * factor
            and node.integer("group", 1) == 1
        ]
        if len(found) != 1:
            raise GeneratorNotFound(f"{len(found)} layers upsample by {factor}")
        return found[0]

    def _spectrum_filter(self) -> tuple[str, Filter]:
        """The sum before the last convolution, and that convolution."""
        for name in reversed(list(self._graph.producers)):
            found = self._filter(name)
            if found is not None and found.filter.weights.shape[0] == SPECTRUM_CHANNELS:
                return self._before_activation(found.source), found.filter
        raise GeneratorNotFound("no layer computes a spectrum")

    def _stage(self, upsampling: Node, blocks_sum: str) -> tuple[GeneratorStage, str]:
        """A stage, and the harmonic source's name."""
        found = [self._block(name) for name in self._terms(blocks_sum)]
        blocks = {block.layers[0].filters[0].kernel: block for block, _ in found}
        sources = {source for _, source in found}
        if tuple(sorted(blocks)) != KERNELS or len(sources) != 1:
            raise GeneratorNotFound("a stage does not have three residual blocks")
        (total,) = sources
        for name in self._operands(total, "Add"):
            if self._is_residual(name):
                source_block, start = self._block(name)
                source_filter = self._required_filter(start)
                stage = GeneratorStage(
                    Filter(
                        self._values.floats(upsampling.inputs[1]),
                        self._values.floats(upsampling.inputs[2]),
                    ),
                    source_filter.filter,
                    source_block,
                    tuple(blocks[kernel] for kernel in KERNELS),
                )
                return stage, source_filter.source
        raise GeneratorNotFound("a stage has no harmonic source")

    def _terms(self, total: str) -> list[str]:
        """The residual blocks' outputs in a scaled sum."""
        node = self._producer(total)
        if self._is_residual(total):
            return [total]
        if node is None or node.operation not in {"Add", "Mul", "Div", "Sum"}:
            raise GeneratorNotFound("a sum of residual blocks is missing")
        variable = [name for name in node.inputs if name not in self._graph.constants]
        return [term for name in variable for term in self._terms(name)]

    def _is_residual(self, name: str) -> bool:
        node = self._producer(name)
        return (
            node is not None
            and node.operation == "Add"
            and any(self._activated_filter(each) for each in node.inputs)
        )

    def _activated_filter(self, name: str) -> bool:
        found = self._filter(name)
        return found is not None and self._snake_parts(found.source) is not None

    def _block(self, output: str) -> tuple[ResidualBlock, str]:
        """A residual block by its output, and its input."""
        layers: list[ResidualLayer] = []
        for _ in range(LAYERS):
            layer, output = self._layer(output)
            layers.insert(0, layer)
        return ResidualBlock(tuple(layers)), output

    def _layer(self, output: str) -> tuple[ResidualLayer, str]:
        for name in self._operands(output, "Add"):
            if not self._activated_filter(name):
                continue
            second = self._required_filter(name)
            second_norm = self._norm(second.source)
            first = self._required_filter(second_norm.source)
            first_norm = self._norm(first.source)
            if first_norm.source in map(self._origin, self._operands(output, "Add")):
                norms = (first_norm, second_norm)
                return ResidualLayer(norms, (first.filter, second.filter)), first_norm.source
        raise GeneratorNotFound("a residual layer has another form")

    def _norm(self, activated: str) -> Norm:
        parts = self._snake_parts(activated)
        if parts is None:
            raise GeneratorNotFound("a convolution has no activation")
        normalised, alpha = parts
        for scaled, shift in self._orders(normalised, "Add"):
            for unit, scale in self._orders(scaled, "Mul"):
                source = self._standardised(unit)
                if source is not None:
                    return Norm(self._origin(source), scale, shift, alpha)
        raise GeneratorNotFound("a norm has another form")

    def _standardised(self, name: str) -> str | None:
        """What `name` is the standardised form of: x of `(x - mean(x)) / deviation(x)`."""
        node = self._producer(name)
        if node is not None and node.operation == "InstanceNormalization":
            scale, shift = map(self._values.floats, node.inputs[1:3])
            plain = bool(np.all(scale == 1.0) and np.all(shift == 0.0))
            return node.inputs[0] if plain else None
        if node is None or node.operation != "Div":
            return None
        centred = self._producer(node.inputs[0])
        if centred is None or centred.operation != "Sub":
            return None
        mean = self._producer(centred.inputs[1])
        return centred.inputs[0] if mean is not None and mean.operation == "ReduceMean" else None

    def _snake_parts(self, name: str) -> tuple[str, Floats] | None:
        """X and alpha of `x + sin(alpha * x) ** 2 / alpha`."""
        for straight, wave in self._orders(name, "Add"):
            node = self._producer(wave)
            while node is not None and node.operation in {"Mul", "Div", "Pow"}:
                variable = [each for each in node.inputs if each not in self._graph.constants]
                node = self._producer(variable[0]) if variable else None
            if node is None or node.operation != "Sin":
                continue
            for product, alpha in self._orders(node.inputs[0], "Mul"):
                same = self._origin(product) == self._origin(straight)
                if same and alpha in self._graph.constants:
                    return self._origin(straight), self._values.floats(alpha).reshape(-1)
        return None

    def _required_filter(self, name: str) -> _Found:
        found = self._filter(name)
        if found is None:
            raise GeneratorNotFound("a convolution has another form")
        return found

    def _filter(self, name: str) -> _Found | None:
        """The convolution that computes a tensor: in float, or in integers with a scale."""
        name = self._origin(name)
        if name not in self._filters:
            self._filters[name] = self._float_filter(name) or self._integer_filter(name)
        return self._filters[name]

    def _float_filter(self, name: str) -> _Found | None:
        node = self._producer(name)
        if node is None or node.operation != "Conv" or len(node.inputs) < 3:  # noqa: PLR2004
            return None
        weights, bias = map(self._values.floats, node.inputs[1:3])
        return _Found(self._origin(node.inputs[0]), Filter(weights, bias, _dilation(node)))

    def _integer_filter(self, name: str) -> _Found | None:
        for product, scale in self._orders(name, "Mul"):
            total = self._producer(product)
            if total is None or total.operation != "Add":
                continue
            for integers, bias in self._orders(total.outputs[0], "Add"):
                node = self._producer(integers)
                if node is not None and node.operation == "ConvInteger":
                    quantized = self._producer(node.inputs[0])
                    if quantized is None or quantized.operation != "DynamicQuantizeLinear":
                        return None
                    weights = self._values.dequantized(
                        node.inputs[1], (*node.inputs, "", "")[3], self._weight_scale(scale)
                    )
                    found = Filter(
                        weights, self._values.floats(self._unscaled(bias)), _dilation(node)
                    )
                    return _Found(self._origin(quantized.inputs[0]), found)
        return None

    def _weight_scale(self, scale: str) -> str:
        """The constant factor of a scale, whose other factor is that of the activations."""
        for name in self._operands(scale, "Mul"):
            if name in self._graph.constants:
                return name
        raise GeneratorNotFound("a quantized convolution has another form")

    def _unscaled(self, bias: str) -> str:
        """The constant that a quantized bias is computed from."""
        name = bias
        while name not in self._graph.constants:
            node = self._producer(name)
            if node is None or node.operation not in {"Floor", "Round", "Div", "Mul"}:
                raise GeneratorNotFound("a quantized bias has another form")
            name = node.inputs[0]
        return name

    def _before_activation(self, name: str) -> str:
        node = self._producer(name)
        if node is None or node.operation != "LeakyRelu":
            raise GeneratorNotFound("a layer has no LeakyRelu before it")
        return self._origin(node.inputs[0])

    def _origin(self, name: str) -> str:
        """The tensor before casts and changes of the number of axes."""
        while (node := self._graph.producers.get(name)) and node.operation in _SKIPPED:
            name = node.inputs[0]
        return name

    def _producer(self, name: str) -> Node | None:
        return self._graph.producers.get(self._origin(name))

    def _operands(self, name: str, operation: str) -> Sequence[str]:
        node = self._producer(name)
        return node.inputs if node is not None and node.operation == operation else ()

    def _orders(self, name: str, operation: str) -> list[tuple[str, str]]:
        """The two operands in both orders."""
        operands = self._operands(name, operation)
        return [(operands[0], operands[1]), (operands[1], operands[0])] if operands else []


def _dilation(node: Node) -> int:
    return node.integer("dilations", 1)
