"""Text to Kokoro's phonemes: the pronunciation of espeak-ng, written in Kokoro's alphabet.

Kokoro writes diphthongs and affricates as one character each, and its American English differs from
IPA. espeak-ng omits quotation marks, parentheses and dashes; they are kept here, because Kokoro uses
them for pauses and melody.
"""

# ruff: noqa: RUF001 - the phonetic alphabet has letters that look like others

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from wyoming_voice_stack.tts.engines.espeak import espeak_phonemes
from wyoming_voice_stack.tts.engines.kokoro.text.alphabet import token_ids

ESPEAK_VOICES: Mapping[str, str] = {
    "en-US": "en-us",
    # The name of British English in the data that piper-tts brings.
    "en-GB": "en",
    "es": "es",
    "fr": "fr",
    "hi": "hi",
    "it": "it",
    "pt-BR": "pt-br",
}
"""The voice of espeak-ng for each language that Kokoro speaks."""

_Rules = tuple[tuple[str, str], ...]

_MARKS: Mapping[int, str] = str.maketrans(
    {
        **dict.fromkeys("«„「『《", "“"),
        **dict.fromkeys("»」』》", "”"),
        **dict.fromkeys("[{", "("),
        **dict.fromkeys("]}", ")"),
        **dict.fromkeys("‹›", '"'),
        **dict.fromkeys("―", "—"),
        **dict.fromkeys("。．।॥", ". "),
        **dict.fromkeys("，、،", ", "),
        **dict.fromkeys("；؛", "; "),
        **dict.fromkeys("！", "! "),
        **dict.fromkeys("？؟", "? "),
        **dict.fromkeys("：", ": "),
        **dict.fromkeys("¿¡", ""),
    }
)
"""Punctuation of several scripts, in the characters that Kokoro knows."""
_SPACED_DASH = re.compile(r"(?<=\s)[-–]+(?=\s)|\s*--+\s*")
_DOTS = re.compile(r"\.{3,}")
_KEPT = re.compile(r'(\s*[—…"“”()]+\s*(?:[,.;:!?]+(?=\s|$|[—…"“”()]))?\s*)')
"""Marks that espeak-ng omits, with the spaces around them and the pause that follows them."""

_COMMON: _Rules = (
    # One character, unlike the other letters with marks, which Kokoro has in two.
    ("c\N{COMBINING CEDILLA}", "ç"),
    ("aɪ", "I"),
    ("aʊ", "W"),
    ("eɪ", "A"),
    ("ɔɪ", "Y"),
    ("dʒ", "ʤ"),
    ("tʃ", "ʧ"),
)
_NOT_ENGLISH: _Rules = (("dz", "ʣ"), ("ts", "ʦ"), ("oʊ", "O"), ("əʊ", "Q"))
_ENGLISH: _Rules = (
    ("e", "A"),
    ("ʲo", "jo"),
    ("ʲə", "jə"),
    ("ʲ", ""),
    ("ɚɹ", "əɹ"),
    ("ɚ", "əɹ"),
    ("r", "ɹ"),
    ("x", "k"),
    ("ç", "k"),
    ("ɐ", "ə"),
    ("o", "ɔ"),
    ("ɾ", "T"),
    ("ʔ", "t"),
    # Nasal vowels of foreign words; English has none.
    ("\N{COMBINING TILDE}", ""),
)
_BRITISH: _Rules = (("əʊ", "Q"), ("eə", "ɛː"), ("iə", "ɪə"))
_AMERICAN_FIRST: _Rules = (("oʊ", "O"),)
_AMERICAN_LAST: _Rules = (("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"), ("ː", ""))
_RULES: Mapping[str, _Rules] = {
    "en-US": (*_COMMON, *_AMERICAN_FIRST, *_ENGLISH, *_AMERICAN_LAST),
    "en-GB": (*_COMMON, *_BRITISH, *_ENGLISH),
}
"""Replacements in their order; the other languages share theirs."""

_SYLLABIC_L = re.compile(r"əl(?![ˈˌaeiouæɑɐɒɔəɛɜɪʊʌᵻ])")
"""The ending of "little"; not the beginning of a syllable, as in "finally"."""
_PRONOUN_I = re.compile(r"(?<![^\s“\"(])I(?=[mvdl]?(?![^\s,.;:!?…—”\")]))")
"""The words "I", "I'm", "I've", "I'd" and "I'll", which espeak-ng does not stress at all. Kokoro swallows them."""
_SYLLABIC = re.compile(r"(\S)\N{COMBINING VERTICAL LINE BELOW}")
NEAREST: Mapping[int, str] = str.maketrans(
    {
        **dict.fromkeys("ɫɭʟɬɮ", "l"),
        **dict.fromkeys("ʐʑ", "ʒ"),
        **dict.fromkeys("ħɦʜɧ", "h"),
        **dict.fromkeys("ɵɞ", "ə"),
        **dict.fromkeys("ʉʏ", "u"),
        **dict.fromkeys("ʀ", "ʁ"),
        **dict.fromkeys("ʍ", "w"),
        **dict.fromkeys("ɺ", "ɾ"),
        **dict.fromkeys("ɱᵐ", "m"),
        **dict.fromkeys("ⁿ", "n"),
        **dict.fromkeys("ᵑ", "ŋ"),
        **dict.fromkeys("ɓʙ", "b"),
        **dict.fromkeys("ɗ", "d"),
        **dict.fromkeys("gɢɠʛ", "ɡ"),
        **dict.fromkeys("ʄ", "ɟ"),
        **dict.fromkeys("ʕʡʢ", "ʔ"),
        **dict.fromkeys("ɘ", "ə"),
        **dict.fromkeys("ɝ", "ɜ"),
        **dict.fromkeys("ɶ", "œ"),
        **dict.fromkeys("ˑ", "ː"),
        **dict.fromkeys("ʷ", "w"),
        **dict.fromkeys("F", "f"),
    }
)
"""Sounds of other languages, which espeak-ng uses in foreign words, as the nearest one that Kokoro knows."""
_SILENT = re.compile("[-+0-9\u02bc\u02de\u02e0\u02e4\u02e5-\u02e9\u0300-\u0302\u0304-\u036f\u200d]")
"""What has no sound of its own: tones, details of articulation, and marks that espeak-ng leaves.

The tilde (U+0303), which stands for a nasal vowel, is not among them."""


def tokens(text: str, language: str) -> tuple[int, ...]:
    """Return a text's phonemes as tokens of Kokoro; none if it has nothing to speak.

    A long text can have more than `MAX_TOKENS`; see `divide_tokens`.

    Raises:
        KeyError: the language is not one of `ESPEAK_VOICES`.
        EngineError: piper-tts is not installed.
    """
    said = phonemes(text, language)
    return token_ids(said) if any(map(str.isalpha, said)) else ()


def phonemes(text: str, language: str) -> str:
    """Return a text's pronunciation in Kokoro's alphabet, with its punctuation."""
    said = "".join(_pronounced(_with_known_marks(text), ESPEAK_VOICES[language]))
    for old, new in _RULES.get(language, (*_COMMON, *_NOT_ENGLISH)):
        said = said.replace(old, new)
    if language in _RULES:
        said = _PRONOUN_I.sub("ˌI", _SYLLABIC_L.sub("ᵊl", said))
    said = _SYLLABIC.sub(r"ᵊ\1" if language in _RULES else r"ə\1", said).translate(NEAREST)
    return " ".join(_SILENT.sub("", said).split())


def _with_known_marks(text: str) -> str:
    text = _SPACED_DASH.sub(" — ", " ".join(text.translate(_MARKS).split()))
    return _DOTS.sub("…", text)


def _pronounced(text: str, voice: str) -> Iterator[str]:
    """Words as espeak-ng pronounces them, and between them the marks that it would omit."""
    for place, part in enumerate(_KEPT.split(text)):
        if place % 2:
            yield part
        elif part:
            yield espeak_phonemes(part, voice)
