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
    ("Sure! ~~~python\nprint(1)\n~~~\nDone.", "Sure! | Done."),
    ("So ~~~yes\nThen it rests.", "So yes. | Then it rests."),
    ("Los:\n```py\nx\n``` \u00dcbrigens geht es.", "Los. | \u00dcbrigens geht es."),
    (
        "\u597d\uff1a\n```py\nx\n``` \u8fd9\u662f\u4ee3\u7801\u3002",
        "\u597d\u3002 | \u8fd9\u662f\u4ee3\u7801\u3002",
    ),
    ("``` That was the code. It works.", "That was the code. It works."),
    ("> ```\n> x\n> ``` That is all.", "That is all."),
    ("```\nx\n``` and `y` too.", "and y too."),
    ("```\nx\n``` and **then** this.", "and then this."),
    ("A.\n````\n``` Not yet.\n```` Now it is. B.", "A. | Now it is. | B."),
    ('A.\n```js title="a b"\nx\n```\nB.', "A. | B."),
    ("A.\n```js {1, 2}\nx\n```\nB.", "A. | B."),
    ("A.\n```\nx\n``` py\nhidden\n```\nB.", "A. | B."),
    ("Use ```js\nx\n``` or ```py\ny\n``` today.", "Use. | or. | today."),
    ("```Python example code\nx\n```\nIt works.", "It works."),
    ("Use ```x``` twice.\nIt works.", "Use x twice. | It works."),
    ("Sure:\n```py\nprint(1)\nNow it works. Good.", "Sure. | Now it works. | Good."),
    ("Sure:\n```py\nprint(1)\n\nNow it works.\nIs it good?", "Sure. | Now it works. | Is it good?"),
    ("```\nThe lamp is on.", "The lamp is on."),
    ("Los:\n```yaml\na: 1\n\n\u00dcber die Lampe:", "Los. | \u00dcber die Lampe."),
    (
        "\u597d\uff1a\n```py\nx = 1\n\n\u706f\u5df2\u5f00\u3002",
        "\u597d\u3002 | \u706f\u5df2\u5f00\u3002",
    ),
    ("Sure:\n```py\nThe text.\nprint(1)", "Sure."),
    ('Sure:\n```py\nprint("```")\n```\nafter it all.', "Sure. | after it all."),
    ("Sure:\n```py\nx = 1\n# A comment in it.", "Sure."),
    ("Sure:\n```py\nNow it works.\n```", "Sure."),
    ("Sure:\n```py\n" + "x = 1\n" * 1000 + "Now it works.", "Sure. | Now it works."),
    ("Sure:\n```py\n" + "Now it " * 1000 + "works.", "Sure."),
]


def spoken(*deltas: str) -> str:
    stream = SentenceStream(200)
    pushed = [sentence for delta in deltas for sentence in stream.push(delta)]
    return " | ".join(pushed + stream.finish())


@pytest.mark.parametrize(("text", "expected"), AFTER_THE_CODE)
def test_text_behind_and_after_code_is_spoken(text: str, expected: str) -> None:
    assert spoken(text) == expected
    for place in range(0, len(text), 1 + len(text) // 200):
        assert spoken(text[:place], text[place:]) == expected


def test_a_cleaned_text_keeps_what_follows_a_stray_fence() -> None:
    assert clean_text("``` That was the code. It works.") == "That was the code. It works."
