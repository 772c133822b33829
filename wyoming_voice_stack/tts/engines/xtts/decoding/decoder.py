"""XTTS's transformer, a GPT-2 of 30 layers: one audio token a step for several sentences at once.

The computation is the same as in coqui-tts's `GPT2InferenceModel`, without the overhead of its generation
loop. Importing this imports torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from wyoming_voice_stack.tts.engines.xtts.decoding.cuda_graphs import Capture, StepGraphs
from wyoming_voice_stack.tts.engines.xtts.decoding.kv_cache import CacheShape, KeyValueCache
from wyoming_voice_stack.tts.engines.xtts.decoding.precision import WeightFormat
from wyoming_voice_stack.tts.engines.xtts.decoding.projection import (
    Projection,
    float_type,
    projection,
)
from wyoming_voice_stack.tts.engines.xtts.decoding.prompt import prompt_embedding


@dataclass(frozen=True)
class _Layer:
    norm_before_attention: nn.LayerNorm
    queries_keys_values: Projection
    attention_output: Projection
    norm_before_mlp: nn.LayerNorm
    mlp_input: Projection
    mlp_output: Projection


@dataclass(frozen=True)
class _Span:
    """Neighbouring rows of the cache, whose attention is computed in one call."""

    rows: slice
    """Rows in the cache."""
    batch: slice
    """Rows in the batch of the current step."""
    positions: int
    """Length of the longest row."""
    mask: Tensor | None
    """Added to the attention scores, of shape [rows, 1, 1, positions]; None if all rows are equally long."""


class Decoder:
    """Predicts the next audio token of up to `max_rows` sentences, each in a row of the cache.

    Norms, sums and everything outside the layers stay in float32, whatever the weight format. Used by one
    thread, within `torch.inference_mode`. With `capture`, steps run as CUDA graphs.
    """

    def __init__(
        self,
        gpt: Any,
        weight_format: WeightFormat,
        *,
        max_rows: int,
        capture: Capture | None = None,
    ) -> None:
        transformer = gpt.gpt
        self._gpt = gpt
        self._heads = gpt.heads
        self._final = transformer.ln_f
        self._layers = [_layer(block, weight_format) for block in transformer.h]
        self._dtype = float_type(weight_format)
        shape = CacheShape(
            layers=len(self._layers),
            heads=gpt.heads,
            head_width=gpt.model_dim // gpt.heads,
            max_rows=max_rows,
            max_positions=gpt.max_prompt_tokens + gpt.max_mel_tokens + gpt.max_text_tokens,
        )
        device = gpt.mel_head.weight.device
        stable = capture is not None
        self.cache = KeyValueCache(shape, device=device, dtype=self._dtype, stable=stable)
        self._graphs = StepGraphs(self._step_first_rows, self.cache, capture) if capture else None

    def begin(self, voice: Tensor, text_tokens: Sequence[int]) -> tuple[int, Tensor]:
        """Compute a sentence's prompt; return its row and its first latent, of shape [1, width]."""
        prompt = prompt_embedding(self._gpt, voice, text_tokens)
        _, positions, width = prompt.shape
        row = self.cache.allocate(positions)
        try:
            state = prompt[0]
            for number, layer in enumerate(self._layers):
                query, key, value = self._split(layer, state)
                # From [positions, heads, head width] to [1, heads, positions, head width].
                query, key, value = (each.transpose(0, 1)[None] for each in (query, key, value))
                self.cache.keys[number][row, :, :positions] = key[0]
                self.cache.values[number][row, :, :positions] = value[0]
                attended = functional.scaled_dot_product_attention(
                    query, key, value, is_causal=True
                )
                state = _finish(layer, state, attended[0].transpose(0, 1).reshape(positions, width))
        except BaseException:
            self.cache.free(row)
            raise
        return row, self._latents(state[-1:])

    def step(self, rows: Sequence[int], tokens: Sequence[int], numbers: Sequence[int]) -> Tensor:
        """Compute one audio token in each of `rows`, which ascend; `numbers` are the tokens' indices from 1.

        Returns the latents of the next tokens, float32 of shape [rows, width].
        """
        gpt, cache = self._gpt, self.cache
        cache.extend(list(rows))
        if self._graphs is not None:
            return self._graphs.step(rows, tokens, numbers)
        device = gpt.mel_head.weight.device
        token, number, row, position = torch.tensor(
            [tokens, numbers, rows, [cache.length(each) - 1 for each in rows]], device=device
        )
        spans = list(self._spans(rows))
        state = gpt.mel_embedding(token) + gpt.mel_pos_embedding.emb(number)
        for index, layer in enumerate(self._layers):
            query, key, value = self._split(layer, state)
            keys, values = cache.keys[index], cache.values[index]
            keys[row, :, position] = key
            values[row, :, position] = value
            attended = [
                functional.scaled_dot_product_attention(
                    query[span.batch, :, None],
                    keys[span.rows, :, : span.positions],
                    values[span.rows, :, : span.positions],
                    attn_mask=span.mask,
                )
                for span in spans
            ]
            joined = attended[0] if len(attended) == 1 else torch.cat(attended)
            state = _finish(layer, state, joined.reshape(state.shape))
        return self._latents(state)

    def _step_first_rows(self, inputs: Tensor, positions: int) -> Tensor:
        """The same for the cache's first rows, in the form that `StepGraphs` needs."""
        gpt, cache = self._gpt, self.cache
        token, number, position = inputs
        count = len(token)
        row = torch.arange(count, device=inputs.device)
        beyond = torch.arange(positions, device=inputs.device) > position[:, None]
        mask = torch.zeros(beyond.shape, dtype=self._dtype, device=inputs.device)
        mask = mask.masked_fill_(beyond, float("-inf"))[:, None, None]
        state = gpt.mel_embedding(token) + gpt.mel_pos_embedding.emb(number)
        for layer, keys, values in zip(self._layers, cache.keys, cache.values, strict=True):
            query, key, value = self._split(layer, state)
            keys[row, :, position] = key
            values[row, :, position] = value
            attended = functional.scaled_dot_product_attention(
                query[:, :, None],
                keys[:count, :, :positions],
                values[:count, :, :positions],
                attn_mask=mask,
            )
            state = _finish(layer, state, attended.reshape(state.shape))
        return self._latents(state)

    def logits(self, latents: Tensor) -> Tensor:
        """Scores of all audio tokens, float32 of shape [rows, tokens]."""
        scores: Tensor = self._gpt.mel_head(latents)
        return scores

    def _split(self, layer: _Layer, state: Tensor) -> tuple[Tensor, ...]:
        """Queries, keys and values, each of shape [rows, heads, head width]."""
        projected = layer.queries_keys_values(layer.norm_before_attention(state))
        return projected.view(len(state), 3, self._heads, -1).unbind(1)

    def _latents(self, state: Tensor) -> Tensor:
        normed: Tensor = self._gpt.final_norm(self._final(state))
        return normed

    def _spans(self, rows: Sequence[int]) -> Iterator[_Span]:
        lengths = [self.cache.length(row) for row in rows]
        breaks = [index for index, (one, next_) in enumerate(pairwise(rows), 1) if next_ != one + 1]
        for start, stop in pairwise([0, *breaks, len(rows)]):
            longest = max(lengths[start:stop])
            yield _Span(
                rows=slice(rows[start], rows[stop - 1] + 1),
                batch=slice(start, stop),
                positions=longest,
                mask=self._mask(lengths[start:stop], longest),
            )

    def _mask(self, lengths: Sequence[int], longest: int) -> Tensor | None:
        if min(lengths) == longest:
            return None
        device = self._gpt.mel_head.weight.device
        beyond = (
            torch.arange(longest, device=device) >= torch.tensor(lengths, device=device)[:, None]
        )
        mask = torch.zeros(beyond.shape, dtype=self._dtype, device=device)
        return mask.masked_fill_(beyond, float("-inf"))[:, None, None]


def _layer(block: Any, weight_format: WeightFormat) -> _Layer:
    return _Layer(
        norm_before_attention=block.ln_1,
        queries_keys_values=projection(block.attn.c_attn, weight_format),
        attention_output=projection(block.attn.c_proj, weight_format),
        norm_before_mlp=block.ln_2,
        mlp_input=projection(block.mlp.c_fc, weight_format),
        mlp_output=projection(block.mlp.c_proj, weight_format),
    )


def _finish(layer: _Layer, state: Tensor, attended: Tensor) -> Tensor:
    state = state + layer.attention_output(attended)
    hidden = functional.gelu(layer.mlp_input(layer.norm_before_mlp(state)), approximate="tanh")
    return state + layer.mlp_output(hidden)
