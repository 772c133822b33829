from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.support.checkpoints.tiny_xtts import JAPANESE, LANGUAGES
from tests.support.engines import alike, spoken, xtts_source
from wyoming_voice_stack.errors import NoAudio
from wyoming_voice_stack.tts.engine import SynthesisRequest
from wyoming_voice_stack.tts.engines.xtts.engine import XttsSynthesizer
from wyoming_voice_stack.tts.engines.xtts.text_preparation import PreparedText

# Letters and symbols that these languages do not read, which is reported.
NOTHING_SAID = {
    ("zh-cn", "%"),
    *([("ja", "%"), ("ja", "\ubee0\ub3d1 ")] if JAPANESE else []),
}
JAPANESE_TEXTS = (
    "洗濯機が終わりました。",
    "おはようございます、電気がついています。",
    "今日はとても天気がいいですね、散歩に行きましょう。",
    "東京タワーの高さは三百三十三メートルです。",
)


@pytest.fixture
def always_switching() -> Iterator[None]:
    """Switch threads every 0.01 ms."""
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual_s)


class TestReading:
    @pytest.mark.parametrize("text", ["", " ", "!!!", "\u2026", '"'])
    def test_text_without_words(self, xtts: XttsSynthesizer, text: str) -> None:
        with pytest.raises(NoAudio):
            spoken(xtts, SynthesisRequest(text, "en"))

    def test_a_single_letter_gets_a_full_stop(self, xtts: XttsSynthesizer) -> None:
        read = xtts._preparer.prepare
        assert [part.spoken for part in read("A", "en")] == ["a."]
        assert [part.spoken for part in read("5", "en")] == ["five"]

    @pytest.mark.parametrize(
        ("code", "text", "spoken_form"),
        [
            ("en", "It is 21%.", "it is twenty-one percent ."),
            ("cs", "Venku je 5.", "venku je p\u011bt ."),
            ("cs", "Venku je 25.", "venku je dvacet p\u011bt ."),
            ("cs", "M\u00e1m 14%", "m\u00e1m \u010dtrn\u00e1ct procento"),
            (
                "hi",
                "25 \u0918\u0902\u091f\u0947",
                "\u0926\u094b \u092a\u093e\u0901\u091a \u0918\u0902\u091f\u0947",
            ),
            ("es", "9" * 31, " ".join(["nueve"] * 31)),
        ],
    )
    def test_numbers_that_the_tokenizer_cannot_spell(
        self, xtts: XttsSynthesizer, code: str, text: str, spoken_form: str
    ) -> None:
        parts = xtts._preparer.prepare(text, code)
        assert " ".join(part.spoken for part in parts) == spoken_form

    @pytest.mark.parametrize(
        ("code", "text"),
        [
            (code, text)
            for code in LANGUAGES
            for text in ("77 ", "%", "\ubee0\ub3d1 ", "ab, ")
            if (code, text) not in NOTHING_SAID
        ],
    )
    def test_no_part_exceeds_the_limits(self, xtts: XttsSynthesizer, code: str, text: str) -> None:
        longest = xtts_source(Path()).max_characters(code)
        full = (text * longest)[:longest]
        tokenizer = xtts._model.tokenizer
        parts = xtts._preparer.prepare(full, code)
        for part in parts:
            assert len(tokenizer.encode(part.written, code)) < 402
            assert len(part.spoken) <= 350
        seven_in_hindi = "\u0938\u093e\u0924"
        joined = "".join(part.written for part in parts).replace(seven_in_hindi, "7")
        assert joined.replace(" ", "") == full.replace(" ", "")

    @pytest.mark.parametrize(("code", "text"), sorted(NOTHING_SAID))
    def test_characters_that_a_language_does_not_read(
        self, xtts: XttsSynthesizer, code: str, text: str
    ) -> None:
        with pytest.raises(NoAudio):
            xtts._preparer.prepare(text, code)

    @pytest.mark.skipif(not JAPANESE, reason="the extra 'ja' is not installed")
    def test_parallel_texts_are_tokenized_as_alone(
        self, xtts: XttsSynthesizer, always_switching: None
    ) -> None:
        # The library of the Japanese dictionary is not thread-safe.
        def read(text: str) -> list[tuple[int, ...]]:
            return [xtts._tokens(PreparedText(text, text), "ja") for _ in range(50)]

        alone = [read(text) for text in JAPANESE_TEXTS]
        with ThreadPoolExecutor(len(JAPANESE_TEXTS)) as threads:
            assert list(threads.map(read, JAPANESE_TEXTS)) == alone

    def test_a_long_text_is_divided(self, endless_xtts: XttsSynthesizer) -> None:
        text = "7 " * 125
        parts = endless_xtts._preparer.prepare(text, "en")
        assert len(parts) > 1
        heard = spoken(endless_xtts, SynthesisRequest(text, "en"))
        alone = [spoken(endless_xtts, SynthesisRequest(part.written, "en")) for part in parts]
        assert alike(heard, np.concatenate(alone))
