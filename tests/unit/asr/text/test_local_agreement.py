from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voice_stack.asr.text.local_agreement import LocalAgreement


def returned(*partials: str, language: str | None = "en") -> list[str]:
    agreement = LocalAgreement()
    return [agreement.add(partial, language) for partial in partials]


def test_one_partial_text_makes_nothing_stable() -> None:
    assert returned("Turn on the light") == [""]


def test_words_of_two_successive_partial_texts_are_stable() -> None:
    partials = ("Turn on", "Turn on the lie", "Turn on the light and play", "Turn on the light and")
    assert returned(*partials) == ["", "Turn on", " the", " light and"]


def test_a_word_waits_for_all_words_before_it() -> None:
    assert returned("Torn on the light", "Turn on the light", "Turn on the light") == [
        *("", "", "Turn on the light")
    ]


def test_partial_texts_must_be_successive() -> None:
    assert returned("Turn on", "Torn off", "Turn on") == ["", "", ""]


def test_case_and_punctuation_around_a_word_do_not_matter() -> None:
    assert returned("turn on. The", "Turn on the, lights", "Turn on, the lights!") == [
        *("", "Turn on the,", " lights!")
    ]


def test_letters_that_look_alike_in_other_case_are_the_same() -> None:
    assert returned("STRASSE und", "Straße Und", language="de") == ["", "Straße Und"]


@pytest.mark.parametrize("language", ["zh", "ja", "yue", "th"])
def test_languages_without_spaces_go_by_characters(language: str) -> None:
    assert returned("打开厨", "打开厨房的", "打开厨房的灯。", language=language) == [
        "",
        "打开厨",
        "房的",
    ]


def test_a_shorter_partial_text_takes_nothing_back() -> None:
    agreement = LocalAgreement()
    for partial in ("Turn on the light", "Turn on the light", "Turn", ""):
        last = agreement.add(partial, "en")
        assert last in {"", "Turn on the light"}
    assert agreement.finish("Turn on the light now.", "en") == " now."


def test_the_end_gives_the_rest() -> None:
    agreement = LocalAgreement()
    agreement.add("Turn on the", "en")
    assert agreement.add("Turn on the", "en") == "Turn on the"
    assert agreement.finish("Turn on the light.", "en") == " light."


def test_the_end_gives_all_if_nothing_was_returned() -> None:
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
def test_each_place_in_the_text_is_sent_once(partials: list[str], final: str) -> None:
    agreement = LocalAgreement()
    sent = [agreement.add(partial, "en") for partial in partials]
    stable = "".join(sent)
    whole = stable + agreement.finish(final, "en")
    assert whole == " ".join(whole.split())
    assert len(whole.split()) == max(len(stable.split()), len(final.split()))
    assert whole.split()[len(stable.split()) :] == final.split()[len(stable.split()) :]


@given(texts, st.lists(st.integers(0, 8), max_size=8))
def test_growing_partial_texts_make_up_the_text(text: str, lengths: list[int]) -> None:
    agreement = LocalAgreement()
    partials = [" ".join(text.split()[:length]) for length in sorted(lengths)]
    sent = [agreement.add(partial, "en") for partial in partials]
    assert "".join([*sent, agreement.finish(text, "en")]) == text
