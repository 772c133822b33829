"""Sampling of the next audio token, equivalent to transformers' samplers in coqui-tts.

Importing this imports torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

SEED = 1
"""Seed of every sentence's random numbers, so that the same sentence sounds the same each time."""
INVALID_TOKEN = -1
"""Returned in place of a token if the scores are NaN or infinite."""

# coqui-tts fills the positions of the prompt with this token, and the repetition penalty counts it.
_PROMPT_TOKEN = 1


@dataclass(frozen=True)
class SamplingOptions:
    """Sampling parameters from the checkpoint's configuration."""

    temperature: float
    repetition_penalty: float
    top_k: int
    """Sample from this many tokens with the highest scores; 0 for all."""
    top_p: float
    """Sample from the likeliest tokens that have this much of the probability together."""


class Sampler:
    """Draws tokens for up to `rows` sentences, each with a random generator of its own."""

    def __init__(
        self,
        options: SamplingOptions,
        *,
        rows: int,
        tokens: int,
        start_token: int,
        device: torch.device,
    ) -> None:
        self._options = options
        self._start_token = start_token
        self._seen = torch.zeros(rows, tokens, dtype=torch.bool, device=device)
        self._random = [torch.Generator(device) for _ in range(rows)]

    def begin(self, row: int) -> None:
        """Start a new sentence in `row`."""
        self._random[row].manual_seed(SEED)
        self._seen[row] = False
        self._seen[row, [_PROMPT_TOKEN, self._start_token]] = True

    def draw(self, rows: Sequence[int], logits: Tensor) -> list[int]:
        """Draw a token for each of `rows`, from float32 scores of shape [rows, tokens].

        A row with scores that are NaN or infinite gets `INVALID_TOKEN` and does not affect the others.
        """
        index = torch.tensor(rows, device=logits.device)
        probabilities = self._probabilities(logits, self._seen[index])
        # The same as `torch.multinomial` for one token, without waiting for the device.
        noise = torch.empty_like(probabilities)
        for place, row in enumerate(rows):
            noise[place : place + 1].exponential_(1, generator=self._random[row])
        drawn = (probabilities / noise).argmax(-1)
        self._seen[index, drawn] = True
        drawn = torch.where(logits.isfinite().all(-1), drawn, INVALID_TOKEN)
        tokens: list[int] = drawn.tolist()
        return tokens

    def _probabilities(self, logits: Tensor, seen: Tensor) -> Tensor:
        options = self._options
        penalty = options.repetition_penalty
        penalized = torch.where(logits < 0, logits * penalty, logits / penalty)
        scores = torch.where(seen, penalized, logits) / options.temperature
        if options.top_k:
            best = torch.topk(scores, min(options.top_k, scores.shape[-1])).values
            scores = scores.masked_fill(scores < best[:, -1:], float("-inf"))
        if options.top_p < 1:
            scores = _nucleus(scores, options.top_p)
        return scores.softmax(-1)


def _nucleus(scores: Tensor, top_p: float) -> Tensor:
    """Keep the likeliest tokens, which have `top_p` of the probability together."""
    ascending, order = scores.sort(-1)
    unlikely = ascending.softmax(-1).cumsum(-1) <= 1 - top_p
    unlikely[:, -1] = False
    return scores.masked_fill(unlikely.scatter(1, order, unlikely), float("-inf"))
