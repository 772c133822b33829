"""Properties that the sentences of any text have."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sentences import MAX_CHARACTERS, sentences
from wyoming_voice_stack.tts.text import scanner
from wyoming_voice_stack.tts.text.markup import code_fence
from wyoming_voice_stack.tts.text.sentences import SentenceStream

PIECES = [
    *("Hello", "Dr", "Mai", "mai", "z.B", "3", "21", "a", "I", "你好", "はい", "नमस्ते", "مرحبا"),
    *(".", "!", "?", "…", "...", "。", "！", "।", "؟", ",", ":", ";", "-", "–"),
    *(" ", " ", " ", "  ", "\n", "\n\n", "\r\n", "\t"),
    *("*", "**", "_", "`", "```", "~~~", "#", "# ", "- ", "1. ", "2) ", "> ", "|", "---", "["),
    *("](", "](http://a.b/c)", ")", "(", '"', "“", "”", "「", "」", "と", "<b>", "</b>", "<", ">"),
    *(
        "&amp;",
        "https://example.com/x",
        "🎉",
        "1️⃣",
        "é",
        "e\u0301",
        "\ud83d",
        "\ude00",
        "\\",
        "\0",
    ),
]


messy_texts = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


@settings(deadline=None, max_examples=200)
@given(text=messy_texts, cuts=st.lists(st.integers(min_value=0, max_value=300)))
def test_sentences_do_not_depend_on_the_cuts(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    deltas = [text[start:end] for start, end in pairwise(places)]
    assert sentences(*deltas, max_characters=40) == sentences(text, max_characters=40)


@settings(deadline=None, max_examples=200)
@given(text=st.text(max_size=400) | messy_texts, max_characters=st.integers(2, 60))
def test_any_text_gives_well_formed_sentences(text: str, max_characters: int) -> None:
    for sentence in sentences(text, max_characters=max_characters):
        assert len(sentence) <= max_characters
        assert any(character.isalnum() for character in sentence)
        assert sentence == " ".join(sentence.split())
        assert not sentence[-1].isalnum()
        sentence.encode()


words = st.text("abcdefgxyzABCZäßñéżи0123456789你好", min_size=1, max_size=9)


glue = st.sampled_from([" ", " ", " ", ", ", ". ", "! ", "? ", ": ", "; ", "\n", "\n\n", "… "])


@settings(deadline=None, max_examples=200)
@given(parts=st.lists(st.tuples(words, glue), max_size=120), max_characters=st.integers(12, 300))
def test_every_word_comes_once_and_in_order(
    parts: list[tuple[str, str]], max_characters: int
) -> None:
    text = "".join(word + space for word, space in parts)
    spoken = [
        word.strip(",.!?:;…。")
        for sentence in sentences(text, max_characters=max_characters)
        for word in sentence.split()
    ]
    assert spoken == [unicodedata.normalize("NFC", word) for word, _ in parts]


@settings(deadline=None, max_examples=100)
@given(text=st.text("abцяé你好。，、. ,\n", max_size=600), max_characters=st.integers(2, 30))
def test_every_letter_comes_once_and_in_order(text: str, max_characters: int) -> None:
    spoken = "".join(sentences(text, max_characters=max_characters))
    assert letters(spoken) == letters(unicodedata.normalize("NFC", text))


def letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


LONG_TEXTS = [
    " ".join(f"word{number}" for number in range(1_200)),
    "x" * 5_000,
    "今天天气很好我们去公园散步" * 400,
    "今天天气很好，我们去公园散步" * 400,
    "ก็ดีครับ" * 600,
    "a",
    "好",
]


@pytest.mark.parametrize("text", LONG_TEXTS)
def test_any_length_is_spoken_whole(text: str) -> None:
    spoken = sentences(text)
    assert letters("".join(spoken)) == letters(text)
    assert max(map(len, spoken)) <= MAX_CHARACTERS


ENDLESS = [
    *("x", "é", "。", "-", "[", "`", "|", ".", '"', "🎉", "\n", " ", "*", "「。"),
    *(". ", "a. ", "` ", "> ", "1. ", "- ", "Hi. (", "<a ", "_a* ", "word ", "A (`. "),
]


@pytest.mark.parametrize("pattern", ENDLESS)
def test_what_is_held_back_is_bounded(pattern: str) -> None:
    hold_back(pattern * (6_000 // len(pattern)))


@pytest.mark.parametrize("opening", ["```\n", "~~~ py", "[a](data:", "<img src=", "| a", "# b"])
def test_what_is_held_back_in_an_open_construct_is_bounded(opening: str) -> None:
    hold_back(opening + "x" * 6_000 + "`" * 6_000)


def hold_back(text: str) -> None:
    limit = scanner.MAX_HELD_CHARACTERS + code_fence.MAX_FENCE_LINE_CHARACTERS
    stream = SentenceStream(MAX_CHARACTERS)
    for character in text:
        stream.push(character)
        assert stream._scanner.held_characters <= limit
    stream.finish()
