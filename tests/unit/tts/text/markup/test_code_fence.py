from __future__ import annotations

import pytest

from wyoming_voice_stack.tts.text.cleaning import clean_text
from wyoming_voice_stack.tts.text.sentences import SentenceStream

AFTER_THE_CODE = [
    (
        "Sure! ```python\nprint(1)\n``` That was the code. It works.",
        "Sure! | That was the code. | It works.",
    ),
    ("Sure!```python\nprint(1)\n```\nIt works.", "Sure! | It works."),
    ("Sure: ```\nprint(1)\n```\nIt works.", "Sure. | It works."),
    ("Sure:\n```python\nprint(1)```\nIt works.", "Sure. | It works."),
    ("Sure:\n```python\nprint(1)``` It works.", "Sure. | It works."),
    ("Sure:\n```\nx\n```It works.", "Sure. | It works."),
    ("Sure:\n```\nx\n``` Done.", "Sure. | Done."),
    ("Sure:\n```\nx\n``` Done\nIt works.", "Sure. | Done. | It works."),
    ("Sure:\n~~~\nx\n~~~ That is all.", "Sure. | That is all."),
    ("Los:\n```py\nx\n``` \u00dcbrigens geht es.", "Los. | \u00dcbrigens geht es."),
    (
        "\u597d\uff1a\n```py\nx\n``` \u8fd9\u662f\u4ee3\u7801\u3002",
        "\u597d\u3002 | \u8fd9\u662f\u4ee3\u7801\u3002",
    ),
    ("``` That was the code. It works.", "That was the code. It works."),
    ("> ```\n> x\n> ``` That is all.", "That is all."),
    ("A.\n````\n``` Not yet.\n```` Now it is. B.", "A. | Now it is. | B."),
    ('A.\n```js title="a b"\nx\n```\nB.', "A. | B."),
    ("A.\n```js {1, 2}\nx\n```\nB.", "A. | B."),
    ("A.\n```\nx\n``` py\nhidden\n```\nB.", "A. | B."),
    ("Use ```js\nx\n``` or ```py\ny\n``` today.", "Use. | or. | today."),
    ("```Python example code\nx\n```\nIt works.", "It works."),
    ("Use ```x``` twice.\nIt works.", "Use x twice. | It works."),
]


def spoken(*deltas: str) -> str:
    stream = SentenceStream(200)
    pushed = [sentence for delta in deltas for sentence in stream.push(delta)]
    return " | ".join(pushed + stream.finish())


@pytest.mark.parametrize(("text", "expected"), AFTER_THE_CODE)
def test_text_behind_and_after_code_is_spoken(text: str, expected: str) -> None:
    assert spoken(text) == expected
    for place in range(len(text)):
        assert spoken(text[:place], text[place:]) == expected


def test_a_cleaned_text_keeps_what_follows_a_stray_fence() -> None:
    assert clean_text("``` That was the code. It works.") == "That was the code. It works."
