"""Roman numerals with the full stop of an ordinal, or behind a name in the genitive."""

from __future__ import annotations

import functools
import re
import unicodedata

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import parse_roman

_CHARACTERS_AND_ENDING = re.compile("(?<!\\w)[\u2160-\u217f]{1,15}(?=[a-z\u00e8])")
_FOLLOWED_CHARACTERS = re.compile("(?<!\\w)[\u2160-\u217f]{1,15}(?=[a-z\u00e8]|\\.\\s)")
"""Roman numerals with the ending or the full stop of an ordinal."""
_FEMALE_NAMES = ("Katharinas", "Elisabeths")


def restore_dotted_numerals(text: str, locale: LocaleRules) -> str:
    """Rewrite German `im XXI. Jahrhundert` as `im 21. Jahrhundert`."""
    if not text.isascii():
        is_dotted = locale.lexicon.dotted_ordinals or locale.lexicon.agreeing_ordinals
        followed = _FOLLOWED_CHARACTERS if is_dotted else _CHARACTERS_AND_ENDING
        text = followed.sub(lambda match: _as_letters(match[0]), text)
    if locale.lexicon.roman.genitives and "s " in text:
        text = _genitive(locale).sub(lambda match: _in_genitive(match, locale), text)
    pattern = _dotted(locale) if "." in text else None
    if pattern is None:
        return text
    text = pattern.sub(lambda match: f"{match[1]}{parse_roman(match[2]) or match[2]}.", text)
    return _series(locale).sub(
        lambda match: f"{match[1]}{parse_roman(match[2]) or match[2]}.", text
    )


def _as_letters(characters: str) -> str:
    return unicodedata.normalize("NFKC", characters).upper()


@functools.lru_cache(maxsize=MAX_LOCALES)
def _dotted(locale: LocaleRules) -> re.Pattern[str] | None:
    contexts = [word for words in locale.lexicon.dotted_ordinals.values() for word in words]
    if not contexts:
        return None
    return re.compile(rf"(?<!\w)((?i:{'|'.join(contexts)}) )([IVXL]{{2,8}}|[VX])\.(?=\s+[^\W\d_])")


@functools.lru_cache(maxsize=MAX_LOCALES)
def _series(locale: LocaleRules) -> re.Pattern[str]:
    """Match a numeral behind one that is rewritten already: `im 19. und XX. Jahrhundert`."""
    joints = "|".join(locale.lexicon.series) or "(?!)"
    return re.compile(
        rf"((?<!\w)\d{{1,2}}\.,? (?:{joints}) )([IVXL]{{2,8}}|[IVX])\.(?=\s+[^\W\d_])"
    )


@functools.lru_cache(maxsize=MAX_LOCALES)
def _genitive(locale: LocaleRules) -> re.Pattern[str]:
    names = "|".join(map(str.capitalize, locale.lexicon.roman.genitives))
    return re.compile(rf"(?<!\w)(?P<name>{names}) (?P<roman>[IVX]{{1,6}})(?:\.|(?![\w-]))")


def _in_genitive(match: re.Match[str], locale: LocaleRules) -> str:
    number = parse_roman(match["roman"])
    if not number:
        return match[0]
    article = "der" if match["name"] in _FEMALE_NAMES else "des"
    return f"{match['name']} {article} {locale.numerals.ordinal(number, 'ordinal-n')}"
