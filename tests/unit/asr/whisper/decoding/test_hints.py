from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from wyoming_voice_stack.asr.engine import Speech, TranscriptionRequest
from wyoming_voice_stack.asr.whisper.decoding.hints import (
    MAX_HINT_TOKENS,
    MAX_PROMPT_TOKENS,
    MAX_TOKEN_CHARACTERS,
    compose_hints,
    with_only_names,
)

WHISPER_PROMPT_TOKENS = 223


@pytest.fixture(scope="session")
def tokenizer(tiny_en: Path) -> Tokenizer:
    return Tokenizer.from_file(str(tiny_en / "tokenizer.json"))


def count(text: str, tokenizer: Tokenizer) -> int:
    return len(tokenizer.encode(" " + text, add_special_tokens=False).ids)


class CountingTokenizer:
    """Counts the characters that it is given."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.characters = 0

    def encode(self, text: str, *, add_special_tokens: bool) -> Any:
        self.characters += len(text)
        return self._tokenizer.encode(text, add_special_tokens=add_special_tokens)


def test_only_the_end_of_a_prompt_is_looked_at(tokenizer: Tokenizer) -> None:
    counting = CountingTokenizer(tokenizer)
    hints = compose_hints(TranscriptionRequest(initial_prompt="a1! " * 16_000), counting)
    assert hints is not None
    assert count(hints, tokenizer) <= MAX_HINT_TOKENS
    assert counting.characters < 3 * MAX_HINT_TOKENS * MAX_TOKEN_CHARACTERS


def test_no_hints(tokenizer: Tokenizer) -> None:
    assert compose_hints(TranscriptionRequest(), tokenizer) is None
    empty = TranscriptionRequest(names=(" ", ""), terms=("\n",), initial_prompt=" ")
    assert compose_hints(empty, tokenizer) is None


def test_names_go_first_then_terms_then_the_prompt(tokenizer: Tokenizer) -> None:
    request = TranscriptionRequest(
        names=("Катарина", "Ансельм"), terms=("Зигби", "Ансельм"), initial_prompt="At home."
    )
    assert compose_hints(request, tokenizer) == "Катарина, Ансельм, Зигби. At home."


def test_the_first_names_stay_and_the_prompt_is_not_pushed_out(tokenizer: Tokenizer) -> None:
    request = TranscriptionRequest(
        names=tuple(f"Имя{index}" for index in range(2_000)), initial_prompt="At home."
    )
    hints = compose_hints(request, tokenizer)
    assert hints is not None
    assert hints.startswith("Имя0, Имя1, Имя2, ")
    assert hints.endswith(". At home.")
    assert MAX_HINT_TOKENS - 10 <= count(hints, tokenizer) <= MAX_HINT_TOKENS


def test_the_end_of_a_long_prompt_stays_and_leaves_room_for_names(tokenizer: Tokenizer) -> None:
    prompt = " ".join(f"Sentence {index}." for index in range(400))
    hints = compose_hints(
        TranscriptionRequest(names=("Ансельм",), initial_prompt=prompt), tokenizer
    )
    alone = compose_hints(TranscriptionRequest(initial_prompt=prompt), tokenizer)
    assert hints is not None
    assert alone is not None
    assert hints.startswith("Ансельм. ")
    assert hints.endswith("Sentence 399.")
    assert count(hints, tokenizer) <= MAX_PROMPT_TOKENS + 10
    assert MAX_PROMPT_TOKENS < count(alone, tokenizer) <= MAX_HINT_TOKENS


def test_names_in_latin_letters_are_left_to_correction(tokenizer: Tokenizer) -> None:
    request = TranscriptionRequest(
        names=("Katharyn", "Катарина", "Zoë"), terms=("Zigbee",), initial_prompt="At home."
    )
    assert compose_hints(request, tokenizer) == "Катарина. At home."


def test_only_given_names_end_the_prompt(tokenizer: Tokenizer) -> None:
    request = TranscriptionRequest(
        names=("Катарина",), terms=("Zigbee",), initial_prompt="At home. " * 400
    )
    speech = Speech(np.zeros(160, np.float32), request)
    hinted = with_only_names(("Katharyn", "<|de|>"), speech)
    assert hinted.samples is speech.samples
    hints = compose_hints(hinted.request, tokenizer)
    assert hints is not None
    assert hints.endswith("At home. Katharyn, < de >.")
    bare = with_only_names(("Katharyn",), Speech(speech.samples, TranscriptionRequest()))
    assert compose_hints(bare.request, tokenizer) == "Katharyn."


def test_all_names_are_correctable() -> None:
    request = TranscriptionRequest(names=("A",), terms=("B",), household_names=("C", "D"))
    assert request.known_names == ("A", "B", "C", "D")


def test_a_name_of_absurd_length_does_not_keep_the_others_out(tokenizer: Tokenizer) -> None:
    request = TranscriptionRequest(names=("я" * 100_000, "Ансельм"))
    assert compose_hints(request, tokenizer) == "Ансельм."


def test_no_hint_contains_control_tokens(tokenizer: Tokenizer) -> None:
    request = TranscriptionRequest(
        names=("<|endoftext|>",), initial_prompt="<|startoftranscript|><|de|> <<||en|>|>"
    )
    hints = compose_hints(request, tokenizer)
    assert hints is not None
    tokens = tokenizer.encode(hints, add_special_tokens=False).ids
    end = tokenizer.token_to_id("<|endoftext|>")
    assert end is not None
    assert max(tokens) < end


@settings(deadline=None, max_examples=100)
@given(
    names=st.lists(st.text(max_size=70), max_size=60),
    terms=st.lists(st.text(max_size=20), max_size=60),
    prompt=st.text(max_size=2_000),
)
def test_hints_never_exceed_their_limit(
    tokenizer: Tokenizer, names: list[str], terms: list[str], prompt: str
) -> None:
    request = TranscriptionRequest(names=tuple(names), terms=tuple(terms), initial_prompt=prompt)
    hints = compose_hints(request, tokenizer)
    assert hints is None or count(hints, tokenizer) <= WHISPER_PROMPT_TOKENS
