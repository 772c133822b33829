from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_voice_stack.tts.text.fitting import split_to_fit


@pytest.mark.parametrize(
    ("text", "max_characters", "expected"),
    [
        ("short", 10, ["short"]),
        ("One here. Two, there and more.", 20, ["One here.", "Two, there and more."]),
        ("One here, and two there.", 16, ["One here,", "and two there."]),
        ("one two three four", 10, ["one two", "three four"]),
        ("a b c d e f g h", 13, ["a b c d", "e f g h"]),
        ("今天天气很好，我们去公园", 8, ["今天天气很好，", "我们去公园"]),
        ("xxxxxxxxxxxx", 5, ["xxxx", "xxxx", "xxxx"]),
        ("ab xxxxxxxxx", 10, ["ab", "xxxxxxxxx"]),
        ("cela va ; oui", 9, ["cela va ;", "oui"]),
        ("Ja, dann gehen wir nun alle los", 20, ["Ja, dann gehen", "wir nun alle los"]),
        ("bien ça « oui »", 13, ["bien ça", "« oui »"]),
        ("We met Dr. Smith there", 15, ["We met", "Dr. Smith there"]),
        ("We all met Dr. Smith, and left", 24, ["We all met Dr. Smith,", "and left"]),
    ],
)
def test_the_best_place_is_taken(text: str, max_characters: int, expected: list[str]) -> None:
    assert split_to_fit(text, max_characters) == expected


def test_no_crumbs_are_left() -> None:
    parts = split_to_fit(" ".join(["word"] * 41), 200)
    assert [len(part) for part in parts] == [104, 99]


@pytest.mark.parametrize("grapheme", ["ก็", "n\u0308", "क्\u200dष", "ে"])
def test_a_grapheme_stays_whole(grapheme: str) -> None:
    parts = split_to_fit(grapheme * 40, 10)
    assert all(len(part) % len(grapheme) == 0 for part in parts)
    assert "".join(parts) == grapheme * 40


def test_a_latin_word_in_a_text_without_spaces_stays_whole() -> None:
    parts = split_to_fit("我喜欢用Python编程" * 10, 14)
    assert "".join(parts).count("Python") == sum("Python" in part for part in parts)


@settings(deadline=None)
@given(text=st.text(max_size=300), max_characters=st.integers(1, 50))
def test_parts_fit_and_lose_only_white_space(text: str, max_characters: int) -> None:
    parts = split_to_fit(text, max_characters)
    assert all(0 < len(part) <= max_characters for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
