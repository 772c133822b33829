"""Abbreviated large numbers: `1 Mio.`, `8.3M`, `2-3 Millionen`."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import AFTER, RANGE, WrittenNumber
from wyoming_voice_stack.tts.normalization.units.symbols import alternatives


def verbalize_scales(text: str, locale: LocaleRules) -> str:
    """Verbalize the number in full, or a decimal number with the name of its scale."""
    return _pattern(locale).sub(lambda match: _verbalize(match, locale), text)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    words = locale.lexicon
    bare = alternatives(words.bare_scales) or "(?!)"
    attached = alternatives(words.attached_scales) or "(?!)"
    first = rf"(?:(?P<first>{locale.number_pattern}){RANGE})?"
    number = rf"(?P<n>{locale.number_pattern}){AFTER}"
    fraction = r"(?<=[.,]\d)|(?<=[.,]\d\d)"
    many = r"(?=[kMB] [^\W\d_]{2,}s\b)(?<![.,]\d{3})"
    after = f"{locale.after}(?!['\u2019/&-]\\w)"
    return re.compile(
        rf"{locale.before}{first}{number}(?:\s?(?P<bare>{bare})|(?:{fraction}|{many})(?P<attached>{attached})){after}"
    )


def _verbalize(match: re.Match[str], locale: LocaleRules) -> str:
    scale = locale.lexicon.scales[match["bare"] or match["attached"]]
    number = locale.parse(match["n"])
    if number.is_too_long:
        return match[0]
    first = ""
    if match["first"]:
        first = f"{locale.numerals.number(locale.parse(match['first']))} {locale.lexicon.to} "
    if number.fraction:
        return f"{first}{locale.numerals.number(number)} {scale.word}"
    return first + locale.numerals.number(WrittenNumber(number.whole + "0" * scale.power))
