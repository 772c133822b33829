"""What an engine is told of a text: cut into sentences, cleaned, and said in words."""

from __future__ import annotations

from wyoming_voice_stack.tts.normalization import normalize
from wyoming_voice_stack.tts.text.sentences import SentenceStream

MAX_CHARACTERS = 250


def read(text: str, language: str) -> str:
    """All sentences of a text, a bar between two."""
    stream = SentenceStream(MAX_CHARACTERS)
    sentences = [*stream.push(text), *stream.finish()]
    return " | ".join(normalize(sentence, language) for sentence in sentences)
