from __future__ import annotations

import logging
import unicodedata
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voice_stack.tts.engines.espeak import espeak_phonemes
from wyoming_voice_stack.tts.engines.kokoro.text import phonemes as module
from wyoming_voice_stack.tts.engines.kokoro.text.alphabet import TOKENS
from wyoming_voice_stack.tts.engines.kokoro.text.phonemes import (
    ESPEAK_VOICES,
    NEAREST,
    phonemes,
    tokens,
)

CORPUS: Mapping[str, tuple[str, ...]] = {
    "en-US": (
        "The washing machine is finished, and the dryer needs another twenty minutes.",
        '“Hello,” she said — and left… (quietly), twice; really? "Yes!" Well: okay.',
        "I'd rather not; it's the neighbours' naïve café owner, Zoë, and her fiancé.",
        "Thirty-three and a third, 42, 1,000,000, 3.5 and 1984.",
        "Play Für Elise, Così fan tutte, Pelléas et Mélisande and Jalapeño by Dvořák.",
        "Привет means hello; 你好, こんにちは, नमस्ते, שלום and مرحبا do, too.",
        "IPA: /ɓ ɗ ɬ ʙ ɦ ʜ ɺ ɶ ʘ ǃ ɧ ʡ/ and [ˈtɛst].",
    ),
    "en-GB": (
        "Where is the near air, later? The squirrel sat there, bare and square.",
        "The colour of the theatre's grey tyre: aluminium.",
        "'Right,' he said. \"Goodbye\" (at half past eight)!",
        "Eine kleine Nachtmusik, déjà vu and a piñata.",
        "Her bottle of water is a little better; 12 and 13 are later.",
    ),
    "es": (
        "El niño dijo: «¡hola!» ¿Qué tal está usted, señor Núñez?",
        "La lavadora ha terminado — quedan 21 grados y llueve en Málaga…",
        "El fin de semana escuchamos software, rock, jazz, Shakespeare y Beyoncé en YouTube.",
        "Vergüenza, pingüino, pizza, aire, causa, reino, hoy, yo, llave, guerra, examen.",
    ),
    "fr": (
        "Ça va bien ; un bon vin blanc, s'il vous plaît !",
        "L'été, le week-end, un smartphone, du marketing, Müller — là-bas…",
        "« Où est l'œuf ? » demanda-t-elle (doucement), le onze novembre 1984.",
        "Aujourd'hui, il fait vingt et un degrés ; garçon, Noël, naïf, cœur, ouïe, œdème.",
    ),
    "hi": (
        "नमस्ते, आप कैसे हैं? घर का तापमान इक्कीस डिग्री है।",
        'WhatsApp खोलो और "गाना" बजाओ — ज़रा ज़ोर से!',
        "ऋषि, ज्ञान, क्षमा, श्री, ढाई, ठंडा, ङ, ञ, ळ, ॠ और १२३ किताबें।",
    ),
    "it": (
        "Gli gnocchi, la pizza, lo zucchero, la città, perché, più, così.",
        "Il weekend, lo smartphone, il computer e Schwarzenegger: «va bene», disse.",
        "Sono le 12 e 30; l'acqua è fredda… (forse)!",
    ),
    "pt-BR": (
        "Não, são João, muito bem, ação, coração, pães, põe, mãe.",
        "Rio, carro, dia, tia, gente, quente, linguiça, avô, avó, às 21 horas.",
        "O smartphone, o software e o show — “está pronto” — disse ele…",
    ),
}
MARKS = '—…"“”()'


def unknown(text: str, language: str) -> set[str]:
    return set(phonemes(text, language)) - TOKENS.keys()


class TestCorpus:
    def test_is_in_every_language(self) -> None:
        assert CORPUS.keys() == ESPEAK_VOICES.keys()

    @pytest.mark.parametrize(
        ("language", "text"),
        [(language, text) for language, texts in CORPUS.items() for text in texts],
    )
    def test_loses_no_character(self, language: str, text: str) -> None:
        said = phonemes(text, language)
        assert not set(said) - TOKENS.keys()
        assert len(tokens(text, language)) == len(said)
        # The switches of language that espeak-ng writes around foreign words, such as "(en)".
        assert "(en)" not in said

    @pytest.mark.parametrize("language", CORPUS)
    def test_every_word_has_a_sound(self, language: str) -> None:
        words = {word for text in CORPUS[language] for word in text.split()}
        with_letters = {word for word in words if any(map(str.isalnum, word))}
        # espeak-ng knows no name for these letters of the phonetic alphabet.
        silent = {word for word in with_letters if not tokens(word, language)}
        assert silent <= {"ʘ", "ǃ", "ʡ/"}

    @pytest.mark.parametrize("language", CORPUS)
    def test_keeps_the_sounds_of_espeak(self, language: str) -> None:
        """Each letter of IPA becomes at least one character, where the rules do not merge two."""
        for text in CORPUS[language]:
            heard = espeak_phonemes(text, ESPEAK_VOICES[language])
            letters = sum(map(str.isalpha, unicodedata.normalize("NFC", heard)))
            written = sum(map(str.isalpha, phonemes(text, language)))
            merged = sum(heard.count(pair) for pair in ("aɪ", "aʊ", "eɪ", "ɔɪ", "oʊ", "əʊ"))
            merged += sum(heard.count(pair) for pair in ("dʒ", "tʃ", "dz", "ts", "ː", "ʲ", "ɚɹ"))
            assert written >= letters - merged


class TestAnyText:
    @pytest.mark.parametrize("language", ESPEAK_VOICES)
    @given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
    def test_has_a_token_for_each_phoneme(self, language: str, text: str) -> None:
        assert not unknown(text, language)

    @pytest.mark.parametrize("language", ESPEAK_VOICES)
    def test_has_a_token_for_the_letters_of_all_scripts(self, language: str) -> None:
        # Every seventh character from Latin to Korean: 0.3 ms each.
        letters = [chr(code) for code in range(0xA1, 0x3400, 7)]
        lost = {letter: unknown(letter, language) for letter in letters}
        assert not {letter: characters for letter, characters in lost.items() if characters}


class TestAmericanEnglish:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Hello, world.", "həlˈO, wˈɜɹld."),
            ("The boy may cry now.", "ðə bˈY mˈA kɹˈI nˈW."),
            ("judge, church", "ʤˈʌʤ, ʧˈɜɹʧ"),
            ("water bottle", "wˈɔTəɹ bˈɑTᵊl"),
            ("button", "bˈʌtᵊn"),
            ("finally alone", "fˈInəli əlˈOn"),
            ("better is", "bˈɛTəɹ ɪz"),
            ("I turned it off.", "ˌI tˈɜɹnd ɪT ˈɔf."),
            ("Sorry, I'm late (I know).", "sˈɑɹi, ˌIm lˈAt (ˌI nˈO)."),
            ("I'll say I've been", "ˌIl sˈA ˌIv bˌɪn"),
            ("my ice", "mI ˈIs"),
        ],
    )
    def test_is_written_as_kokoro_writes_it(self, text: str, expected: str) -> None:
        assert phonemes(text, "en-US") == expected


class TestBritishEnglish:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("No bird", "nˈQ bˈɜːd"),
            ("square", "skwˈɛː"),
            ("theatre", "θˈɪətə"),
            ("I'd know", "ˌId nˈQ"),
        ],
    )
    def test_is_written_as_kokoro_writes_it(self, text: str, expected: str) -> None:
        assert phonemes(text, "en-GB") == expected


class TestOtherLanguages:
    @pytest.mark.parametrize(
        ("language", "text", "expected"),
        [
            ("es", "¿Qué noche?", "kˈe nˈoʧe?"),
            ("es", "pizza", "pˈiʦa"),
            ("fr", "un bon vin blanc", "œ̃ bˈɔ̃ vˈɛ̃ blˈɑ̃"),
            ("fr", "le week-end", "lə wˈiːkˈɛnd"),
            ("it", "lo zucchero", "lo ʣˈukːeɾo"),
            ("pt-BR", "São João", "sɐ̃ʊ̃ ʒoˈɐ̃ʊ̃"),
            ("hi", "नमस्ते।", "nəmˈʌsteː."),
        ],
    )
    def test_is_written_as_kokoro_writes_it(self, language: str, text: str, expected: str) -> None:
        assert phonemes(text, language) == expected

    def test_c_with_cedilla_is_one_character(self, monkeypatch: pytest.MonkeyPatch) -> None:
        decomposed = unicodedata.normalize("NFD", "ɪç")
        monkeypatch.setattr(module, "espeak_phonemes", lambda text, voice: decomposed)
        assert phonemes("ich", "es") == "ɪç"

    def test_syllabic_consonants_get_a_vowel(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "espeak_phonemes", lambda text, voice: "vl\u0329k")
        assert phonemes("vlk", "es") == "vəlk"
        assert phonemes("vlk", "en-US") == "vᵊlk"


class TestPunctuation:
    def test_keeps_what_espeak_omits(self) -> None:
        said = phonemes('“Cats” (dogs) — birds… "four"', "en-US")
        assert [mark for mark in said if mark in MARKS] == list('“”()—…""')

    def test_keeps_the_pause_after_a_mark(self) -> None:
        assert phonemes("(cats), dogs; “birds”!", "en-US") == "(kˈæts), dˈɑɡz; “bˈɜɹdz”!"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("cats -- dogs", "kˈæts — dˈɑɡz"),
            ("cats - dogs", "kˈæts — dˈɑɡz"),
            ("cats – dogs", "kˈæts — dˈɑɡz"),
            ("cats... dogs", "kˈæts… dˈɑɡz"),
            ("«cats» dogs", "“kˈæts” dˈɑɡz"),
            ("[cats] dogs", "(kˈæts) dˈɑɡz"),
            ("cats，dogs。", "kˈæts, dˈɑɡz."),
            ("  cats \n dogs ", "kˈæts dˈɑɡz"),
        ],
    )
    def test_writes_it_as_kokoro_knows_it(self, text: str, expected: str) -> None:
        assert phonemes(text, "en-US") == expected

    @pytest.mark.parametrize("text", ["", " ", "…", "?!", "()", "—", "\u200b"])
    def test_alone_is_nothing_to_speak(self, text: str) -> None:
        assert tokens(text, "en-US") == ()


class TestNearestSounds:
    def test_have_tokens(self) -> None:
        assert {each for each in NEAREST.values() if each} <= TOKENS.keys()

    def test_are_needed(self) -> None:
        assert not {chr(code) for code in NEAREST} & TOKENS.keys()


def test_an_unknown_language_is_an_error() -> None:
    with pytest.raises(KeyError):
        tokens("Hallo", "de")


def test_the_text_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        tokens("The secret is Привет", "en-US")
    assert not caplog.records
