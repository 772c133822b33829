"""The sentences of a text that arrives in pieces."""

from __future__ import annotations

from wyoming_voice_stack.tts.text.sentences import SentenceStream, fit

MAX_CHARACTERS = 200


def sentences(*deltas: str, max_characters: int = MAX_CHARACTERS) -> list[str]:
    """What an engine with this limit gets, if nothing is normalized."""
    stream = SentenceStream(max_characters)
    pushed = [sentence for delta in deltas for sentence in stream.push(delta)]
    whole = pushed + stream.finish()
    return [part for sentence in whole for part in fit(sentence, max_characters)]
