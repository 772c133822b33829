"""Tags that a sentence mentions, and reasoning that begins within one."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.tts.text.sentences import SentenceStream

MENTIONS = [
    ("The <think> and <thinking> tags hide. Go.", ["The and tags hide.", "Go."]),
    ("The <think> tag hides. It is old.\nThen go.", ["The tag hides.", "It is old.", "Then go."]),
    ("The tags <think>, <tool_call> and so on. Go.", ["The tags, and so on.", "Go."]),
    ('Use the "<thinking>" tag. Then go.', ['Use the "" tag.', "Then go."]),
    ("Das <tool_call>-Element ruft. Dann.", ["Das -Element ruft.", "Dann."]),
    ("It is called <think>.\n\nThen go.", ["It is called.", "Then go."]),
    ("Sure <think>\nThey ask.\n\nHm.</think>\nThe lamp is on.", ["Sure.", "The lamp is on."]),
    ("Sure, <think>they ask. Hm.\nSo", ["Sure."]),
    ("I look <think> Hm. Well. </think> and find it.", ["I look and find it."]),
    ("Sure! <think> They ask. Hm.\nSo", ["Sure!"]),
]


@pytest.mark.parametrize(("text", "expected"), MENTIONS)
def test_every_cut_gives_the_same(text: str, expected: list[str]) -> None:
    for place in range(len(text)):
        stream = SentenceStream(200)
        pushed = stream.push(text[:place]) + stream.push(text[place:])
        assert pushed + stream.finish() == expected


def test_a_line_that_mentions_a_tag_is_spoken_once_it_ends() -> None:
    stream = SentenceStream(200)
    assert stream.push("The <think> tag hides. It is old.\n\n") == ["The tag hides.", "It is old."]
    assert stream.push("Go.") + stream.finish() == ["Go."]
