from __future__ import annotations

import pytest

from tests.support.hypotheses import hypothesis
from wyoming_voice_stack.asr.whisper.decoding.hypothesis_filter import accepted_texts
from wyoming_voice_stack.asr.whisper.decoding.window import Hypothesis


@pytest.mark.parametrize(
    ("one", "kept"),
    [
        (hypothesis(-0.3), True),
        (hypothesis(-1.2), True),
        (hypothesis(-1.4), False),
        (hypothesis(-0.6, no_speech_prob=0.7), True),
        (hypothesis(-0.8, no_speech_prob=0.7), False),
        (hypothesis(-0.3, no_speech_prob=0.9), True),
        (hypothesis(-0.5, no_speech_prob=0.9), False),
        (hypothesis(-0.8, no_speech_prob=0.5), True),
        (hypothesis(-0.2, compression_ratio=9), True),
        (hypothesis(-0.2, compression_ratio=9, no_speech_prob=0.7), False),
        (hypothesis(-0.2, compression_ratio=9, truncated=True), False),
        (hypothesis(-0.2, truncated=True), True),
    ],
)
def test_whispers_own_figures_decide(one: Hypothesis, *, kept: bool) -> None:
    assert accepted_texts([one]) == (["Yes."] if kept else [])


def test_each_text_is_judged_for_itself() -> None:
    texts = [hypothesis(-0.2, text="One."), hypothesis(-2.0), hypothesis(-0.3, text="Two.")]
    assert accepted_texts(texts) == ["One.", "Two."]
    assert accepted_texts([]) == []
