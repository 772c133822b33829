"""The text that is accepted, and the times of its words."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.asr.engine import TimedWord
from wyoming_voice_stack.asr.onnx.decoded_speech import (
    LAST_TOKEN_S,
    MIN_LOG_PROBABILITY,
    DecodedSpeech,
)

DECODED = DecodedSpeech(
    "Open the attic door.",
    (" Open", " the", " at", "t", "ic", " door", "."),
    (0.2, 0.5, 0.8, 0.9, 1.0, 1.4, 1.6),
    (-0.1, -0.2, -0.3, -0.1, -0.1, -0.1, -0.1),
)


@pytest.mark.parametrize(
    ("logprobs", "accepted"),
    [
        ((), True),
        ((-0.1, -0.2), True),
        ((MIN_LOG_PROBABILITY,), True),
        ((MIN_LOG_PROBABILITY - 0.01,), False),
        ((-0.1, -9.0), False),
    ],
)
def test_a_guess_is_dropped(logprobs: tuple[float, ...], accepted: bool) -> None:
    decoded = DecodedSpeech("hello", logprobs=logprobs)
    assert bool(decoded.accepted_text(1.0)) == accepted


@pytest.mark.parametrize(
    ("text", "seconds", "accepted"),
    [
        ("la " * 100, 2.0, False),
        # Somebody may sing as much in a longer time.
        ("la " * 100, 20.0, True),
        (
            "All sorts of things that a fast speaker can put into one short second, maybe.",
            1.0,
            True,
        ),
        ("no no no", 0.3, True),
    ],
)
def test_a_loop_is_dropped(text: str, seconds: float, accepted: bool) -> None:
    assert bool(DecodedSpeech(text).accepted_text(seconds)) == accepted


def test_confidence() -> None:
    found = DECODED.confidence
    assert found is not None
    assert found.avg_logprob == pytest.approx(-1 / 7)
    assert found.no_speech_prob == 0
    assert DecodedSpeech("").confidence is None
    unknown = DecodedSpeech("hello").confidence
    assert unknown is not None
    assert unknown.avg_logprob == 0


def test_times_of_words() -> None:
    words = DECODED.timed_words("Open the attic door.", 2.0)
    assert [word.text for word in words] == ["Open", "the", "attic", "door."]
    assert [word.start_s for word in words] == [0.2, 0.5, 0.8, 1.4]
    ends = [word.end_s for word in words]
    assert ends == pytest.approx([0.2 + LAST_TOKEN_S, 0.5 + LAST_TOKEN_S, 1.0 + LAST_TOKEN_S, 1.76])


def test_a_word_ends_before_the_next_one_and_the_speech() -> None:
    decoded = DecodedSpeech("a b", (" a", " b"), (0.5, 0.6))
    assert [word.end_s for word in decoded.timed_words("a b", 0.7)] == [0.6, 0.7]
    # Never before it begins, whatever the model says.
    assert decoded.timed_words("a b", 0.55)[1] == TimedWord("b", 0.6, 0.6)


def test_a_blank_can_be_a_token_of_its_own() -> None:
    decoded = DecodedSpeech("da nu", ("d", "a", " ", "n", "u"), (0.1, 0.2, 0.3, 0.4, 0.5))
    words = decoded.timed_words("da nu", 1.0)
    assert [(word.text, word.start_s) for word in words] == [("da", 0.1), ("nu", 0.4)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Open the Attik door.", [("Open", 0.2), ("the", 0.5), ("Attik", 0.8), ("door.", 1.4)]),
        ("Open the At Ick door.", [("At", 0.8), ("Ick", 0.98)]),
        ("Open attic door.", [("Open", 0.2), ("attic", 0.8)]),
        ("Please open the attic door.", [("Please", 0.2), ("open", 0.28)]),
    ],
)
def test_times_of_corrected_words(text: str, expected: list[tuple[str, float]]) -> None:
    words = DECODED.timed_words(text, 2.0)
    assert [word.text for word in words] == text.split()
    starts = {word.text: word.start_s for word in words}
    assert {word: pytest.approx(starts[word]) for word, _ in expected} == dict(expected)
    assert all(word.start_s <= word.end_s for word in words)


def test_a_model_that_tells_no_times() -> None:
    assert DecodedSpeech("hello").timed_words("hello", 1.0) == ()
