"""espeak-ng gets the voice of a text only where it is another one than before."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.tts.engines.espeak import espeak_phonemes, skip_unchanged_voices


class Bridge:
    """Notes its calls; has no voice `xx`."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def initialize(self, data: str, /) -> None:
        self.calls.append(f"initialize {data}")

    def set_voice(self, name: str, /) -> None:
        self.calls.append(name)
        if name == "xx":
            raise RuntimeError("no voice")


@pytest.fixture
def bridge() -> Bridge:
    made = Bridge()
    skip_unchanged_voices(made)
    return made


def test_only_another_voice_is_set(bridge: Bridge) -> None:
    for name in ("de", "de", "fr", "fr", "de"):
        bridge.set_voice(name)
    assert bridge.calls == ["de", "fr", "de"]


def test_a_voice_is_set_again_after_it_was_reset(bridge: Bridge) -> None:
    bridge.set_voice("de")
    bridge.initialize("data")
    bridge.set_voice("de")
    assert bridge.calls == ["de", "initialize data", "de"]


def test_a_voice_is_set_again_after_a_failure(bridge: Bridge) -> None:
    bridge.set_voice("de")
    for _ in range(2):
        with pytest.raises(RuntimeError):
            bridge.set_voice("xx")
    bridge.set_voice("de")
    assert bridge.calls == ["de", "xx", "xx", "de"]


def test_texts_do_not_change_those_after_them() -> None:
    """As if the voice were set before each: words of other languages, numbers, and no words at all."""
    pytest.importorskip("piper")
    texts = [
        "Good night.",
        "Das Smartphone, 42 Grad!",
        "«Où est Anna?»",
        "...",
        "ABC abc",
        "東京 Токио",
        "Good night.",
    ]
    together = [espeak_phonemes(text, "de") for text in texts]
    alone = []
    for text in texts:
        espeak_phonemes("Good.", "en-us")
        alone.append(espeak_phonemes(text, "de"))
    assert together == alone
