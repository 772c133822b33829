"""Normalizes tables of written and spoken sentences."""

from __future__ import annotations

from wyoming_voice_stack.tts.normalization import normalize
from wyoming_voice_stack.tts.text.sentences import SentenceStream

MAX_CHARACTERS = 250

Table = dict[str, str]
"""Spoken form by written form."""


def normalized(table: Table, language: str) -> Table:
    """Return the table with what each of its cleaned sentences is normalized to."""
    return {text: normalize(text, language) for text in table}


def normalized_texts(table: Table, language: str) -> Table:
    """Return the table with what each of its raw texts is cut and normalized to.

    A bar stands between two sentences.
    """
    return {text: _normalized_sentences(text, language) for text in table}


def cut(*deltas: str) -> list[str]:
    """Return the sentences of a text that arrives in pieces."""
    stream = SentenceStream(MAX_CHARACTERS)
    pushed = [sentence for delta in deltas for sentence in stream.push(delta)]
    return pushed + stream.finish()


def _normalized_sentences(text: str, language: str) -> str:
    return " | ".join(normalize(sentence, language) for sentence in cut(text))
