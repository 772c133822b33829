"""Pronunciation by espeak-ng, which piper-tts brings with its data."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any

from wyoming_voice_stack.tts.engines.failures import package_missing

ESPEAK_LOCK = threading.Lock()
"""Held during every call of espeak-ng, which has one state for the whole process, and of what uses it."""


def espeak_phonemes(text: str, voice: str) -> str:
    """Return the pronunciation of a text in IPA, decomposed (NFD), with `,.;:!?` where they end a clause.

    espeak-ng omits all other punctuation. `voice` is the name of one of its languages, such as `en-us`.

    Raises:
        EngineError: piper-tts is not installed.
        RuntimeError: espeak-ng has no such voice.
    """
    with ESPEAK_LOCK:
        sentences = _phonemizer().phonemize(voice, text)
    return " ".join("".join(sentence).strip() for sentence in sentences)


@lru_cache(maxsize=1)
def _phonemizer() -> Any:
    try:
        from piper.phonemize_espeak import EspeakPhonemizer
    except ImportError as error:
        raise package_missing("piper-tts", "piper", error) from error
    return EspeakPhonemizer()
