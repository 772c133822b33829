from __future__ import annotations

import pytest

from wyoming_voice_stack.tts.text.sentences import SentenceStream

TEXTS = {
    "Paris is the capital of France [1].": "Paris is the capital of France.",
    "Paris is big[1][2] and old.[3] It has a tower.": "Paris is big and old. | It has a tower.",
    "It rains.[1, 2] It pours.[3-5]": "It rains. | It pours.",
    "It rains [1](https://a.example/b), it pours.": "It rains, it pours.",
    "It rains.[[2]](https://a.example/b) It pours.": "It rains. | It pours.",
    "It rains.[^1] It pours.[^note]": "It rains. | It pours.",
    "Water boils.\u30104\u2020source\u3011 It steams.": "Water boils. | It steams.",
    "Water boils.\u30103:0\u2020a.pdf\u3011": "Water boils.",
    "Done :contentReference[oaicite:0]{index=0}.": "Done.",
    "**Bold**[1] and *soft*[2].": "Bold and soft.",
    "- Milk [1]\n- Eggs [2]": "Milk. | Eggs.",
    "See [1] and [2] for details.": "See [1] and [2] for details.",
    "As shown in [3], it works.": "As shown in [3], it works.",
    "Use `items[0]` here.": "Use items[0] here.",
    "[1] Smith wrote it.": "[1] Smith wrote it.",
    "It rains. [1] It pours.": "It rains. | It pours.",
    "It rains. [1][2] It pours. [3] [4]": "It rains. | It pours.",
    "It rains. [1] [2] It pours.\nIt stops! [3, 4]": "It rains. | It pours. | It stops!",
    "He left. [12-14] In 2021 he came.": "He left. | In 2021 he came.",
    "It works. [1](https://a.example/b) Use it.": "It works. | Use it.",
    "Press the key. [1] is the first key.": "Press the key. | [1] is the first key.",
    "Choose one: [1] Milk. [2] Eggs.": "Choose one: [1] Milk. | [2] Eggs.",
    "[1] Smith wrote it. [2] Jones did.": "[1] Smith wrote it. | [2] Jones did.",
    "Wait. [12 apples] More words.": "Wait. | [12 apples] More words.",
    "Wait. [Note] It is.": "Wait. | [Note] It is.",
    "\u4e0b\u96e8\u4e86\u3002 [1] \u5f88\u5927\u3002": "\u4e0b\u96e8\u4e86\u3002 | \u5f88\u5927\u3002",
    "\u5df4\u9ece\u5f88\u5927\u3002[1]\u5b83\u5f88\u7f8e\u3002": "\u5df4\u9ece\u5f88\u5927\u3002 | \u5b83\u5f88\u7f8e\u3002",
    "\u3010\u91cd\u8981\u3011\u4eca\u65e5\u4e0b\u96e8\u3002": "\u3010\u91cd\u8981\u3011\u4eca\u65e5\u4e0b\u96e8\u3002",
}
LINES = {
    "It is hot.<br>Drink water.": "It is hot. | Drink water.",
    "Milk<br/>Eggs<BR>Bread": "Milk. | Eggs. | Bread.",
    "<p>One thing.</p><p>Two things.</p>": "One thing. | Two things.",
    "<ul><li>Milk</li><li>Eggs</li></ul>": "Milk. | Eggs.",
    "a < b and b > p": "a < b and b > p.",
}


def _spoken(deltas: str | list[str]) -> str:
    stream = SentenceStream(200)
    sentences = [sentence for delta in deltas for sentence in stream.push(delta)]
    return " | ".join([*sentences, *stream.finish()])


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_citations_are_not_spoken(text: str, expected: str) -> None:
    assert _spoken([text]) == _spoken(text) == expected


@pytest.mark.parametrize(("text", "expected"), LINES.items())
def test_elements_of_html_end_a_line(text: str, expected: str) -> None:
    assert _spoken([text]) == _spoken(text) == expected
