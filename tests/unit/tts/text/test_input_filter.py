"""The filters for incoming characters, by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from wyoming_voice_stack.tts.text.input_filter import MAX_ADDRESS_CHARACTERS, AddressLimit


class _CountedText(str):
    """Counts the characters that are taken out of it."""

    __slots__ = ()
    taken = 0

    def __getitem__(self, place: Any) -> str:
        part = super().__getitem__(place)
        _CountedText.taken += len(part)
        return part


def kept(text: str, limit: AddressLimit) -> str:
    """Return what the limit leaves of one word."""
    shown = ""
    for character in text:
        if not limit.is_exceeded_by(character, shown):
            shown += character
    return shown


@pytest.mark.parametrize("begin", ["https://a.example/", "[x](", "www.a.example/"])
def test_an_address_ends_at_its_limit(begin: str) -> None:
    assert kept(begin + "a" * 2000, AddressLimit()) == (begin + "a" * 2000)[:MAX_ADDRESS_CHARACTERS]


def test_what_is_no_address_is_kept() -> None:
    assert kept("a" * 2000, AddressLimit()) == "a" * 2000


@pytest.mark.parametrize("mark", ["://", "]("])
def test_an_address_may_begin_late(mark: str) -> None:
    begin = "a" * (MAX_ADDRESS_CHARACTERS + 100) + mark
    assert kept(f"{begin}{'b' * 50}", AddressLimit()) == begin


def test_the_next_word_is_counted_from_its_beginning() -> None:
    limit = AddressLimit()
    kept("https://" + "a" * 1000, limit)
    limit.end_word()
    assert kept("b" * 1000, limit) == "b" * 1000
    assert kept(f"{'c' * 600})ddd", AddressLimit()) == f"{'c' * 600})ddd"


def test_a_long_word_is_looked_through_once() -> None:
    limit, word = AddressLimit(), _CountedText("a" * MAX_ADDRESS_CHARACTERS)
    _CountedText.taken = 0
    for _ in range(MAX_ADDRESS_CHARACTERS + 10_000):
        assert not limit.is_exceeded_by("a", word)
    assert _CountedText.taken == MAX_ADDRESS_CHARACTERS
