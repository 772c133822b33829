from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voice_stack.tts.engines.kokoro.text.alphabet import (
    MAX_TOKENS,
    TOKENS,
    divide_tokens,
    token_ids,
)

SPACE, COMMA = TOKENS[" "], TOKENS[","]
A = TOKENS["a"]


class TestTokens:
    def test_has_the_vocabulary_of_the_model(self) -> None:
        # Characters from all parts of the table, as the model's tokenizer.json numbers them.
        known = {";": 1, "?": 6, "—": 9, "”": 15, " ": 16, "ᵝ": 22, "A": 24, "I": 25, "O": 31}
        known |= {"Q": 33, "S": 35, "T": 36, "W": 39, "Y": 41, "f": 48, "h": 50, "z": 68}
        known |= {"æ": 72, "ç": 78, "ə": 83, "ɜ": 87, "ɟ": 90, "ɡ": 92, "ɥ": 99, "ʝ": 103}
        known |= {"ø": 116, "œ": 120, "ɹ": 123, "ɻ": 126, "ʧ": 133, "ʋ": 136, "ɤ": 140}
        known |= {"ʎ": 143, "ʔ": 148, "ː": 158, "ʰ": 162, "ʲ": 164, "↓": 169, "↘": 173, "ᵻ": 177}
        assert known.items() <= TOKENS.items()
        assert len(TOKENS) == len(set(TOKENS.values())) == 114

    def test_gives_each_character_its_token(self) -> None:
        assert token_ids("a, b") == (A, COMMA, SPACE, TOKENS["b"])

    def test_reports_a_character_without_a_token_once(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        # ꙮ is in no language's pronunciation, so no other test can have had it reported.
        with caplog.at_level(logging.WARNING):
            assert token_ids("aꙮa") == token_ids("ꙮaa") == (A, A)
        lines = [record.message for record in caplog.records]
        assert lines == ["Kokoro has no token for the phoneme 'ꙮ' (U+A66E); it is not spoken."]


class TestDivideTokens:
    def test_leaves_a_short_text_whole(self) -> None:
        ids = (A,) * MAX_TOKENS
        assert list(divide_tokens(ids)) == [ids]
        assert list(divide_tokens(())) == []

    def test_ends_after_a_pause_rather_than_a_word(self) -> None:
        ids = (A, A, COMMA, SPACE, A, SPACE, A, A)
        assert list(divide_tokens(ids, 7)) == [(A, A, COMMA), (A, SPACE, A, A)]

    def test_ends_after_a_word_if_there_is_no_pause(self) -> None:
        assert list(divide_tokens((A, A, SPACE, A, A), 4)) == [(A, A), (A, A)]

    def test_ends_before_a_space_that_follows_a_full_part(self) -> None:
        assert list(divide_tokens((A, A, SPACE, A), 2)) == [(A, A), (A,)]

    def test_divides_a_word_that_is_too_long(self) -> None:
        assert list(divide_tokens((A,) * 7, 3)) == [(A,) * 3, (A,) * 3, (A,)]

    @given(st.lists(st.sampled_from([A, SPACE, COMMA])).map(tuple), st.integers(1, 9))
    def test_loses_nothing_but_spaces(self, ids: tuple[int, ...], limit: int) -> None:
        parts = list(divide_tokens(ids, limit))
        assert all(0 < len(part) <= limit for part in parts)
        said = [token for part in parts for token in part if token != SPACE]
        assert said == [token for token in ids if token != SPACE]
