"""Builds Whisper's prompt from names, terms and a text in the expected style."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from wyoming_voice_stack.asr.engine import Speech, TranscriptionRequest
from wyoming_voice_stack.asr.text.name_correction import compares_by_sound

MAX_HINT_TOKENS = 220
"""All hints together. Whisper accepts 223 tokens before the text; joining can merge a few."""
MAX_PROMPT_TOKENS = 140
"""Limit of the initial prompt if there are names or terms, which get the rest."""
MAX_TOKEN_CHARACTERS = 16
"""Characters of a prompt that are tokenized for each token that it may have; most tokens have fewer."""
MAX_NAME_CHARACTERS = 64
"""Longer names are left out."""


def compose_hints(request: TranscriptionRequest, tokenizer: Any) -> str | None:
    """Join names, terms and the initial prompt, in this order, to one text.

    Names and terms in Latin letters are left out: two dozen of them in the prompt add two wrong
    words per hundred to every sentence. `name_correction` corrects them by sound afterwards.
    If they exceed the limit, the first names and terms and the end of the prompt are kept.
    `tokenizer` is the model's `tokenizers.Tokenizer`.

    Returns:
        A text of `MAX_HINT_TOKENS` tokens at most, or None if there are no hints.
    """
    words = [
        word
        for word in dict.fromkeys(_cleaned([*request.names, *request.terms]))
        if not compares_by_sound(word)
    ]
    max_prompt = MAX_PROMPT_TOKENS if words else MAX_HINT_TOKENS
    prompt = _last_tokens(_clean(request.initial_prompt or ""), max_prompt, tokenizer)
    kept = _fitting(words, MAX_HINT_TOKENS - _count(prompt, tokenizer), tokenizer)
    listed = ", ".join(kept) + "." if kept else ""
    return f"{listed} {prompt}".strip() or None


def with_only_names(names: tuple[str, ...], speech: Speech) -> Speech:
    """Replace all names and terms of a request by these, at the end of its prompt."""
    prompt = f"{speech.request.initial_prompt or ''} {', '.join(_cleaned(names))}.".strip()
    return Speech(
        speech.samples, replace(speech.request, names=(), terms=(), initial_prompt=prompt)
    )


def _cleaned(words: Iterable[str]) -> Iterable[str]:
    for word in words:
        cleaned = _clean(word)
        if cleaned and len(cleaned) <= MAX_NAME_CHARACTERS:
            yield cleaned


def _clean(text: str) -> str:
    # Hints must not contain Whisper's control tokens, which are written <|like this|>.
    return " ".join(text.replace("|", " ").split())


def _fitting(words: list[str], max_tokens: int, tokenizer: Any) -> list[str]:
    kept = []
    for word in words:
        max_tokens -= _count(word + ",", tokenizer)
        if max_tokens < 0:
            break
        kept.append(word)
    return kept


def _last_tokens(text: str, count: int, tokenizer: Any) -> str:
    # The tokenizer stops all threads: 40 ms for the longest prompt that a client can send.
    text = text[-count * MAX_TOKEN_CHARACTERS :]
    offsets = tokenizer.encode(" " + text, add_special_tokens=False).offsets
    if len(offsets) <= count:
        return text
    return (" " + text)[offsets[-count][0] :].strip()


def _count(text: str, tokenizer: Any) -> int:
    return len(tokenizer.encode(" " + text, add_special_tokens=False).ids) if text else 0
