"""Random texts in which no sentence comes twice."""

from __future__ import annotations

import pytest

from benchmarks.common.errors import BenchmarkError
from benchmarks.tts.generated_texts import LENGTHS, Texts


def test_no_sentence_comes_twice_and_all_have_their_length() -> None:
    texts = Texts()
    taken = [texts.take(length) for length in LENGTHS for _ in range(100)]
    sentences = [sentence for text in taken for sentence in text.sentences]
    assert len(set(sentences)) == len(sentences)
    words = [[len(sentence.split()) for sentence in text.sentences] for text in taken]
    assert {tuple(counts) for counts in words[:100]} == {(4,), (5,)}
    assert words[100:200] == [[15]] * 100
    assert {len(counts) for counts in words[200:]} == {5, 6}
    assert {count for counts in words[200:] for count in counts} == {15}
    again = Texts()
    assert [again.take("short") for _ in range(100)] == taken[:100]
    assert [Texts(1).take("short") for _ in range(100)] != taken[:100]


def test_texts_end_with_an_error_and_no_repetition() -> None:
    texts = Texts()
    with pytest.raises(BenchmarkError, match="--limit"):
        _ = [texts.take("short") for _ in range(10_000)]
