"""Pronunciation by espeak-ng, which piper-tts brings with its data."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any, Protocol

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


class EspeakBridge(Protocol):
    """What piper-tts calls of espeak-ng; both functions apply to the whole process."""

    def initialize(self, data: str, /) -> None:
        """Load espeak-ng's data, which also resets its voice."""

    def set_voice(self, name: str, /) -> None:
        """Choose the voice of all further texts."""


@lru_cache(maxsize=1)
def keep_espeak_voice() -> None:
    """Let piper-tts, which sets the voice before each text, set it only where it changes.

    Every time the voice is set, espeak-ng loses 1.4 kB of memory (piper-tts 1.8.0).

    Raises:
        ImportError: piper-tts is not installed.
    """
    from piper import espeakbridge

    skip_unchanged_voices(espeakbridge)


def skip_unchanged_voices(bridge: EspeakBridge) -> None:
    """Replace the functions of a bridge so that a voice that is set already is not set again."""
    initialize, set_voice = bridge.initialize, bridge.set_voice
    current: str | None = None

    def initialize_and_forget(data: str, /) -> None:
        nonlocal current
        current = None
        initialize(data)

    def set_other_voice(name: str, /) -> None:
        nonlocal current
        if name != current:
            current = None
            set_voice(name)
            current = name

    bridge.initialize = initialize_and_forget  # type: ignore[method-assign]
    bridge.set_voice = set_other_voice  # type: ignore[method-assign]


@lru_cache(maxsize=1)
def _phonemizer() -> Any:
    try:
        from piper.phonemize_espeak import EspeakPhonemizer
    except ImportError as error:
        raise package_missing("piper-tts", "piper", error) from error
    keep_espeak_voice()
    return EspeakPhonemizer()
