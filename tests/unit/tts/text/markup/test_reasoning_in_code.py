"""Reasoning that ends inside a code block whose fence is never closed."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.tts.text.markup import code_span, hidden_text
from wyoming_voice_stack.tts.text.markup.code_fence import MAX_UNCLOSED_CHARACTERS
from wyoming_voice_stack.tts.text.sentences import SentenceStream

LAMP = ["The lamp is on."]
REASONING = [
    ("Let me see\n```py\nx = 1\n</think>\nThe lamp is on.", LAMP),
    ("Reason:\n~~~\nfoo\n</thinking>The lamp is on.", LAMP),
    ('Okay ```json {"a": 1}\n</think> The lamp is on.', LAMP),
    ("Hm.\n```\nx\n[/THINK]\nThe lamp is on. It works.", [*LAMP, "It works."]),
    ("Hm.\n```\nx\n<|end_of_thought|>\nThe lamp is on.", LAMP),
    ("Hm.\n```\nx\n\u25c1/think\u25b7The lamp is on.", LAMP),
    ("Hm.\n```\nx\n&lt;/think&gt;The lamp is on.", LAMP),
    ("Hm.\n```\nx\n</seed:think>The lamp is on.", LAMP),
    ("Hm.\n```\nif a > b: c[0]\nx</think>The lamp is on.", LAMP),
]
CODE = [
    ("Code:\n```html\n<think>\n</think>\n```\nDone now.", ["Code.", "Done now."]),
    ("The tag:\n```\n</think>\n```\nDone now.", ["The tag.", "Done now."]),
    ("Code:\n```html\n<think>x</think>\nDone now.", ["Code.", "Done now."]),
    ("The tag:\n```\nx > y\n```\nDone now.", ["The tag.", "Done now."]),
]


def spoken(deltas: str | list[str]) -> list[str]:
    """Return the sentences of a text of which nothing is spoken before its end."""
    stream = SentenceStream(200)
    sentences: list[str] = []
    for delta in deltas:
        new = stream.push(delta)
        sentences = new if stream.reasoning_ended else sentences + new
    rest = stream.finish()
    return rest if stream.reasoning_ended else sentences + rest


@pytest.mark.parametrize(("text", "expected"), REASONING + CODE)
def test_the_answer_behind_an_unclosed_fence_is_spoken(text: str, expected: list[str]) -> None:
    assert spoken([text]) == spoken(text) == expected


def test_a_long_answer_does_not_wait_for_the_end() -> None:
    stream = SentenceStream(200)
    stream.push("Hm.\n```\nx\n</think>\n")

    sentences = stream.push("The lamp is on. " * (MAX_UNCLOSED_CHARACTERS // 16 + 2))

    assert stream.reasoning_ended
    assert set(sentences) == set(LAMP)


@pytest.mark.parametrize("piece", ["`<", "`[", "`&", "``<", "x`<y"])
def test_code_spans_are_followed_once(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    search = code_span.in_span_behind

    def counting(text: str, *, in_span: bool) -> bool:
        nonlocal read
        read += len(text)
        return search(text, in_span=in_span)

    monkeypatch.setattr(hidden_text, "in_span_behind", counting)
    lengths = []
    for count in (100, 400):
        read = 0
        spoken([piece * count])
        lengths.append(read)

    assert lengths[1] <= 5 * lengths[0] + 5 * len(piece)
