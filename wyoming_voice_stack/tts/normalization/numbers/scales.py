"""Large numbers that are cut short: `1 Mio.`, `8.3M`, `2-3 Millionen`."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_TONGUES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import AFTER, RANGE, Figure
from wyoming_voice_stack.tts.normalization.units.symbols import alternatives


def say_scales(text: str, locale: LocaleRules) -> str:
    """Say the whole number, or a fraction with the name of its scale."""
    return _pattern(locale).sub(lambda match: _said(match, locale), text)


@functools.lru_cache(maxsize=MAX_TONGUES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    words = locale.lexicon
    bare = alternatives(words.bare_scales) or "(?!)"
    attached = alternatives(words.attached_scales) or "(?!)"
    first = rf"(?:(?P<first>{locale.figure}){RANGE})?"
    number = rf"(?P<n>{locale.figure}){AFTER}"
    fraction = r"(?<=[.,]\d)|(?<=[.,]\d\d)"
    many = r"(?=[kMB] [^\W\d_]{2,}s\b)(?<![.,]\d{3})"
    after = f"{locale.after}(?!['\u2019/&-]\\w)"
    return re.compile(
        rf"{locale.before}{first}{number}(?:\s?(?P<bare>{bare})|(?:{fraction}|{many})(?P<attached>{attached})){after}"
    )


def _said(match: re.Match[str], locale: LocaleRules) -> str:
    scale = locale.lexicon.scales[match["bare"] or match["attached"]]
    figure = locale.read(match["n"])
    if figure.is_long:
        return match[0]
    first = ""
    if match["first"]:
        first = f"{locale.numerals.figure(locale.read(match['first']))} {locale.lexicon.to} "
    if figure.fraction:
        return f"{first}{locale.numerals.figure(figure)} {scale.word}"
    return first + locale.numerals.figure(Figure(figure.whole + "0" * scale.power))
