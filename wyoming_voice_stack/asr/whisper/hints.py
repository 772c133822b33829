"""What Whisper is told before it listens: names, terms and a text in the expected style."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from wyoming_voice_stack.asr.engine import Speech, TranscriptionRequest
from wyoming_voice_stack.asr.text.name_correction import has_sound

MAX_HINT_TOKENS = 220
"""All hints together. Whisper takes 223 tokens before the text; joining may merge a few."""
MAX_PROMPT_TOKENS = 140
"""Of the initial prompt when there are names or terms too, which get the rest."""
MAX_NAME_CHARACTERS = 64
"""Longer names are left out: they are no names."""


def compose_hints(request: TranscriptionRequest, tokenizer: Any) -> str | None:
    """Write names, terms and the initial prompt, in this order, as one text.

    Names and terms in Latin letters are left out: two dozen of them in the prompt cost every
    sentence two more wrong words of a hundred. They are put right by their sound afterwards.
    The first names and terms stay when room is short; of a long prompt it is the end, as Whisper
    does it. `tokenizer` is the model's `tokenizers.Tokenizer`.

    Returns:
        A text of `MAX_HINT_TOKENS` tokens at most, or None when there is nothing to tell.
    """
    words = [
        word
        for word in dict.fromkeys(_cleaned([*request.names, *request.terms]))
        if not has_sound(word)
    ]
    prompt_room = MAX_PROMPT_TOKENS if words else MAX_HINT_TOKENS
    prompt = _last_tokens(_clean(request.initial_prompt or ""), prompt_room, tokenizer)
    kept = _that_fit(words, MAX_HINT_TOKENS - _count(prompt, tokenizer), tokenizer)
    listed = ", ".join(kept) + "." if kept else ""
    return f"{listed} {prompt}".strip() or None


def known_names(request: TranscriptionRequest) -> tuple[str, ...]:
    """Everything that may be put right by its sound: names, terms and the names of the house."""
    return (*request.names, *request.terms, *request.household_names)


def told_of(names: tuple[str, ...], speech: Speech) -> Speech:
    """Ask for the same speech with no other names and terms than these; they end the prompt."""
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
    # Whisper's control tokens are written <|like this|>; no hint may contain one.
    return " ".join(text.replace("|", " ").split())


def _that_fit(words: list[str], room: int, tokenizer: Any) -> list[str]:
    kept = []
    for word in words:
        room -= _count(word + ",", tokenizer)
        if room < 0:
            break
        kept.append(word)
    return kept


def _last_tokens(text: str, room: int, tokenizer: Any) -> str:
    offsets = tokenizer.encode(" " + text, add_special_tokens=False).offsets
    if len(offsets) <= room:
        return text
    return (" " + text)[offsets[-room][0] :].strip()


def _count(text: str, tokenizer: Any) -> int:
    return len(tokenizer.encode(" " + text, add_special_tokens=False).ids) if text else 0
