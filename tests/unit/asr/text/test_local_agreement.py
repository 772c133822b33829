from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voice_stack.asr.text.local_agreement import LocalAgreement


def seen(*guesses: str, language: str | None = "en") -> list[str]:
    agreement = LocalAgreement()
    return [agreement.add(guess, language) for guess in guesses]


def test_one_guess_alone_proves_nothing() -> None:
    assert seen("Turn on the light") == [""]


def test_what_two_guesses_in_a_row_have_is_sent() -> None:
    guesses = ("Turn on", "Turn on the lie", "Turn on the light and play", "Turn on the light and")
    assert seen(*guesses) == ["", "Turn on", " the", " light and"]


def test_a_word_waits_for_all_words_before_it() -> None:
    assert seen("Torn on the light", "Turn on the light", "Turn on the light") == [
        *("", "", "Turn on the light")
    ]


def test_guesses_must_follow_each_other() -> None:
    assert seen("Turn on", "Torn off", "Turn on") == ["", "", ""]


def test_case_and_signs_around_a_word_do_not_matter() -> None:
    assert seen("turn on. The", "Turn on the, lights", "Turn on, the lights!") == [
        *("", "Turn on the,", " lights!")
    ]


def test_letters_that_look_alike_in_other_case_are_the_same() -> None:
    assert seen("STRASSE und", "Straße Und", language="de") == ["", "Straße Und"]


@pytest.mark.parametrize("language", ["zh", "ja", "yue", "th"])
def test_languages_without_blanks_go_sign_by_sign(language: str) -> None:
    assert seen("打开厨", "打开厨房的", "打开厨房的灯。", language=language) == [
        "",
        "打开厨",
        "房的",
    ]


def test_a_shorter_guess_takes_nothing_back() -> None:
    agreement = LocalAgreement()
    for guess in ("Turn on the light", "Turn on the light", "Turn", ""):
        last = agreement.add(guess, "en")
        assert last in {"", "Turn on the light"}
    assert agreement.finish("Turn on the light now.", "en") == " now."


def test_the_end_gives_the_rest() -> None:
    agreement = LocalAgreement()
    agreement.add("Turn on the", "en")
    assert agreement.add("Turn on the", "en") == "Turn on the"
    assert agreement.finish("Turn on the light.", "en") == " light."


def test_the_end_gives_all_if_nothing_was_sent() -> None:
    agreement = LocalAgreement()
    assert agreement.add("Turn on", "en") == ""
    assert agreement.finish("Turn on the light.", "en") == "Turn on the light."
    assert LocalAgreement().finish("打开灯。", "zh") == "打开灯。"


@pytest.mark.parametrize("final", ["", "Turn", "Turn on", "Torn off"])
def test_what_was_sent_is_never_sent_again(final: str) -> None:
    agreement = LocalAgreement()
    agreement.add("Turn on", "en")
    agreement.add("Turn on", "en")
    assert agreement.finish(final, "en") == ""


texts = st.lists(st.sampled_from(["turn", "Turn", "on", "the.", "light"]), max_size=8).map(" ".join)


@given(st.lists(texts, max_size=8), texts)
def test_each_place_in_the_text_is_sent_once(guesses: list[str], final: str) -> None:
    agreement = LocalAgreement()
    sent = [agreement.add(guess, "en") for guess in guesses]
    stable = "".join(sent)
    whole = stable + agreement.finish(final, "en")
    assert whole == " ".join(whole.split())
    assert len(whole.split()) == max(len(stable.split()), len(final.split()))
    assert whole.split()[len(stable.split()) :] == final.split()[len(stable.split()) :]


@given(texts, st.lists(st.integers(0, 8), max_size=8))
def test_guesses_that_grow_make_up_the_text(text: str, lengths: list[int]) -> None:
    agreement = LocalAgreement()
    guesses = [" ".join(text.split()[:length]) for length in sorted(lengths)]
    sent = [agreement.add(guess, "en") for guess in guesses]
    assert "".join([*sent, agreement.finish(text, "en")]) == text
