"""Choosing the next audio token, as transformers' samplers do for coqui-tts.

Importing this imports torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

SEED = 1
"""Where the random numbers of every sentence start, so that it sounds the same each time."""
NO_NUMBER = -1
"""In place of a token: the scores were no numbers."""

# coqui-tts stands ones where the prefix is, and the penalty for repetition counts them.
_STANDS_FOR_PREFIX = 1


@dataclass(frozen=True)
class SamplingOptions:
    """How freely tokens are chosen; the checkpoint's configuration tells."""

    temperature: float
    repetition_penalty: float
    top_k: int
    """Of so many tokens with the highest scores one is chosen; 0 for all."""
    top_p: float
    """Of those that make up so much of the probability."""


class Sampler:
    """Draws tokens in up to `rows` sentences, each with random numbers of its own."""

    def __init__(
        self,
        manner: SamplingOptions,
        *,
        rows: int,
        tokens: int,
        start_token: int,
        device: torch.device,
    ) -> None:
        self._manner = manner
        self._start_token = start_token
        self._seen = torch.zeros(rows, tokens, dtype=torch.bool, device=device)
        self._random = [torch.Generator(device) for _ in range(rows)]

    def begin(self, row: int) -> None:
        """A new sentence is in `row`."""
        self._random[row].manual_seed(SEED)
        self._seen[row] = False
        self._seen[row, [_STANDS_FOR_PREFIX, self._start_token]] = True

    def draw(self, rows: Sequence[int], logits: Tensor) -> list[int]:
        """A token for each of `rows`, from float32 scores of shape [rows, tokens].

        A row with scores that are no numbers gets `NO_NUMBER`, and does not disturb the others.
        """
        index = torch.tensor(rows, device=logits.device)
        probabilities = self._probabilities(logits, self._seen[index])
        # What `torch.multinomial` does for one token, but without waiting for the device.
        noise = torch.empty_like(probabilities)
        for place, row in enumerate(rows):
            noise[place : place + 1].exponential_(1, generator=self._random[row])
        drawn = (probabilities / noise).argmax(-1)
        self._seen[index, drawn] = True
        drawn = torch.where(logits.isfinite().all(-1), drawn, NO_NUMBER)
        tokens: list[int] = drawn.tolist()
        return tokens

    def _probabilities(self, logits: Tensor, seen: Tensor) -> Tensor:
        manner = self._manner
        penalty = manner.repetition_penalty
        penalized = torch.where(logits < 0, logits * penalty, logits / penalty)
        scores = torch.where(seen, penalized, logits) / manner.temperature
        if manner.top_k:
            best = torch.topk(scores, min(manner.top_k, scores.shape[-1])).values
            scores = scores.masked_fill(scores < best[:, -1:], float("-inf"))
        if manner.top_p < 1:
            scores = _nucleus(scores, manner.top_p)
        return scores.softmax(-1)


def _nucleus(scores: Tensor, top_p: float) -> Tensor:
    """Only the likeliest tokens, which have `top_p` of the probability among them."""
    ascending, order = scores.sort(-1)
    unlikely = ascending.softmax(-1).cumsum(-1) <= 1 - top_p
    unlikely[:, -1] = False
    return scores.masked_fill(unlikely.scatter(1, order, unlikely), float("-inf"))
