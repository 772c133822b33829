"""Word times by Whisper's cross-attention: which audio each token of a text was attended to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples, TimedWord
from wyoming_voice_stack.asr.text.joining import UNSPACED_LANGUAGES
from wyoming_voice_stack.asr.whisper.decoding.window import MAX_WINDOW_TOKENS, Encoded
from wyoming_voice_stack.asr.whisper.word_edges import place_words

MAX_ALIGNED_TOKENS = MAX_WINDOW_TOKENS - 8
"""Longer texts are placed by the lengths of their words alone."""

_ATTENTION_STEP_S = 0.02
_FRAMES_PER_SECOND = 100


def timed_words(
    model: Any, encoded: Encoded, samples: Samples, text: str, tokenizer: Any
) -> tuple[TimedWord, ...]:
    """Return the words of `text`, which is spoken in `samples`, with their times.

    `model` is a `faster_whisper.WhisperModel`, `encoded` its view of these samples alone, and
    `tokenizer` the one of the text's language and task.
    """
    unspaced = tokenizer.language_code in UNSPACED_LANGUAGES
    tokens = tokenizer.encode(text if unspaced else f" {text}")
    pieces, groups = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
    first_tokens = list(accumulate(map(len, groups), initial=0))[: len(pieces) - 1]
    words, first_pieces = _words(pieces[:-1], unspaced=unspaced)
    if len(tokens) > MAX_ALIGNED_TOKENS:
        return place_words(samples, words, None)
    token_starts = _token_starts(model, encoded, samples, tokens, tokenizer)
    starts = [token_starts[first_tokens[piece]] for piece in first_pieces]
    return place_words(samples, words, starts)


def _words(pieces: Sequence[str], *, unspaced: bool) -> tuple[list[str], list[int]]:
    """Join punctuation to its word.

    Returns:
        The words, and the number of the first piece of each.
    """
    words: list[str] = []
    first: list[int] = []
    for number, piece in enumerate(pieces):
        begins = piece.startswith(" ") or (unspaced and any(map(str.isalnum, piece)))
        spoken = any(map(str.isalnum, "".join(words[-1:])))
        if words and not (begins and spoken):
            words[-1] += piece
        else:
            words.append(piece)
            first.append(number)
    return [word.strip() for word in words], first


def _token_starts(
    model: Any, encoded: Encoded, samples: Samples, tokens: Sequence[int], tokenizer: Any
) -> list[float]:
    frames = min(len(samples) * _FRAMES_PER_SECOND // SAMPLE_RATE, 2 * encoded.states.shape[1])
    [aligned] = model.model.align(
        encoded.states, tokenizer.sot_sequence, [list(tokens)], max(2, frames)
    )
    path = np.array(aligned.alignments)
    # The path enters each token's row once.
    entered = np.concatenate(([True], np.diff(path[:, 0]) > 0))
    return [float(step) * _ATTENTION_STEP_S for step in path[entered, 1]]
