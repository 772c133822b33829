from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_voice_stack.asr.text.name_correction import (
    MAX_LIKELY_NAMES,
    MAX_WORDS,
    likely_names,
    with_names,
)

HOUSEHOLD = (
    *("Kitchen", "Living Room", "Garden", "Cellar", "Attic Temperature", "Kaelyn's Room"),
    *("Moccamaster", "Sonoff Bridge", "Quillon", "Thaddeus", "Wintergarten", "Ottilie"),
    *("Гостиная", "客厅", "리빙룸", "Küche", "किताबघर"),
)


class TestLikelyNames:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("Turn off the mock-a-master.", "Moccamaster"),
            ("Is the sauna of bridge still switched on?", "Sonoff Bridge"),
            ("is that he us at home already", "Thaddeus"),
            ("What is the temperature in the Kalins room?", "Kaelyn's Room"),
            ("Close the blinds in the winter garden.", "Wintergarten"),
            ("Remind me to call oddly.", "Ottilie"),
            ("Mach das Licht in der Kücher an.", "Küche"),
            ("Включи свет в гостинная", "Гостиная"),
            ("리빙눔 불 켜줘", "리빙룸"),
            ("किताब घर", "किताबघर"),
        ],
    )
    def test_names_that_words_sound_like(self, text: str, name: str) -> None:
        assert name in likely_names(text, HOUSEHOLD)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "...",
            "Turn it off, please.",
            "TELL QUILLON!",
            "打开客厅的灯",
            "Yesterday we bought apples.",
        ],
    )
    def test_different_words_match_no_name(self, text: str) -> None:
        assert likely_names(text, HOUSEHOLD) == ()

    def test_a_word_that_is_a_name_is_not_taken_for_another(self) -> None:
        assert likely_names("Tell Jordan", ("Garden", "Jorden")) == ("Jorden", "Garden")
        assert likely_names("Tell Jordan", ("Garden", "Jorden", "Jordan")) == ()

    def test_a_common_word_does_not_make_names_alike(self) -> None:
        assert likely_names("What is the temperature in the garage?", ("Attic Temperature",)) == ()

    def test_names_are_few_however_many_are_alike(self) -> None:
        names = tuple(f"Quillo{letter}" for letter in "abcdefghijk")
        assert len(likely_names("Tell Quillon", names)) == MAX_LIKELY_NAMES

    def test_no_names_and_names_without_letters(self) -> None:
        assert likely_names("Tell Quillon", ()) == ()
        assert likely_names("Tell Quillon", ("", "!?", "\u0301")) == ()

    def test_a_name_of_absurd_length_is_never_likely(self) -> None:
        assert likely_names("Tell Quillo", ("Quillon " * 100, "Quillon")) == ("Quillon",)

    def test_a_text_of_absurd_length_is_left_alone(self) -> None:
        assert likely_names("mock a master " * MAX_WORDS, HOUSEHOLD) == ()
        for words, name in ((MAX_WORDS, "Ottilie"), (MAX_WORDS + 1, "oddly")):
            rest = " lamp" * (words - 1)
            assert with_names(f"oddly{rest}", f"Ottilie{rest}", ("Ottilie",)) == name + rest


class TestWithNames:
    def test_only_the_name_is_taken(self) -> None:
        first = "Is the row bore up still on at half past 7, please?"
        second = "is the Roborock still on at half past seven please"
        wanted = "Is the Roborock still on at half past 7, please?"
        assert with_names(first, second, ("Roborock",)) == wanted

    def test_a_word_beside_the_name_may_change_with_it(self) -> None:
        first, second = "Go quell in that dinner is ready", "Tell Quillon that dinner is ready."
        assert with_names(first, second, ("Quillon",)) == "Tell Quillon that dinner is ready"

    def test_more_words_than_that_may_not(self) -> None:
        first, second = "Go quell in that dinner is ready", "You may tell Quillon that dinner"
        assert with_names(first, second, ("Quillon",)) == first

    def test_a_name_nearly_written_is_spelled_as_given(self) -> None:
        first, second = "Turn off the fill of bingron.", "Turn off the Philobendron."
        assert with_names(first, second, ("Philodendron",)) == "Turn off the Philodendron."
        assert with_names(second, second, ("Philodendron",)) == "Turn off the Philodendron."

    def test_a_name_that_neither_wrote_is_not_put_in(self) -> None:
        text = "Turn on the store in lights."
        assert with_names(text, text, ("Stillroom", "Theremin")) == text

    def test_a_name_is_not_put_in_where_nothing_stood(self) -> None:
        assert with_names("Dinner is ready.", "Ottilie, dinner is ready.", ("Ottilie",)) == (
            "Dinner is ready."
        )

    def test_a_name_does_not_stand_for_something_else_entirely(self) -> None:
        first, second = "Close all the windows now.", "Ottilie now."
        assert with_names(first, second, ("Ottilie",)) == first

    def test_the_second_text_may_loop(self) -> None:
        first = "is Matt, you said home already."
        second = "Is Mateusz at home already? Is Mateusz at home already?"
        assert with_names(first, second, ("Mateusz",)) == "is Mateusz at home already."

    def test_a_text_may_begin_with_a_name_of_which_half_is_right(self) -> None:
        first, second = "Moose lamb on, please.", "Moose lamp on, please."
        assert with_names(first, second, ("Moose Lamp",)) == "Moose Lamp on, please."

    def test_several_names_at_once(self) -> None:
        first = "Tell oddly that the mock a master is in the inglenic."
        second = "Tell Ottilie that the Moccamaster is in the Inglenook."
        names = ("Inglenook", "Ottilie", "Moccamaster")
        assert with_names(first, second, names) == second

    def test_the_longer_of_two_names_wins(self) -> None:
        first, second = "In the Kalins rum.", "In the Kaelyn's Room."
        assert with_names(first, second, ("Kaelyn", "Room", "Kaelyn's Room")) == second

    def test_the_name_that_was_written_wins_over_one_that_is_like_it(self) -> None:
        names = ("Monstera", "Monstero", "Monster")
        assert with_names("the monsters", "the Monstera", names) == "the Monstera"

    def test_correct_words_keep_punctuation_and_case(self) -> None:
        text = "tell 'quillon' that it is late"
        assert with_names(text, "Tell Quillon that it is late.", ("Quillon",)) == text

    def test_scripts_without_spaces(self) -> None:
        assert with_names("打开客听的灯", "打开客厅的灯。", ("客厅",)) == "打开客厅的灯"

    @pytest.mark.parametrize("second", ["", "!"])
    def test_an_empty_second_text_changes_nothing(self, second: str) -> None:
        assert with_names("Tell oddly.", second, ("Ottilie",)) == "Tell oddly."


WORDS = st.lists(st.sampled_from(["tell", "oddly", "Ottilie", "Kaelyn's", "room", "客", "a", "!"]))


@settings(deadline=None, max_examples=200)
@given(first=WORDS, second=WORDS)
def test_a_second_text_without_names_changes_nothing(first: list[str], second: list[str]) -> None:
    text = " ".join(first)
    assert with_names(text, " ".join(second), ("Moccamaster",)) == text


@settings(deadline=None, max_examples=200)
@given(first=st.text(max_size=60), second=st.text(max_size=60), name=st.text(max_size=10))
def test_any_text_is_taken(first: str, second: str, name: str) -> None:
    names = likely_names(first, (name, "Ottilie"))
    assert set(names) <= {name, "Ottilie"}
    with_names(first, second, (name, "Ottilie"))
