"""Large numbers that are cut short: `1 Mio.`, `8.3M`, `2-3 Millionen`."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_TONGUES, Tongue
from wyoming_voice_stack.tts.normalization.locale.notation import AFTER, RANGE, Figure
from wyoming_voice_stack.tts.normalization.units.symbols import alternatives


def say_scales(text: str, tongue: Tongue) -> str:
    """Say the whole number, or a fraction with the name of its scale."""
    return _pattern(tongue).sub(lambda match: _said(match, tongue), text)


@functools.lru_cache(maxsize=MAX_TONGUES)
def _pattern(tongue: Tongue) -> re.Pattern[str]:
    words = tongue.lexicon
    bare = alternatives(words.bare_scales) or "(?!)"
    attached = alternatives(words.attached_scales) or "(?!)"
    first = rf"(?:(?P<first>{tongue.figure}){RANGE})?"
    number = rf"(?P<n>{tongue.figure}){AFTER}"
    fraction = r"(?<=[.,]\d)|(?<=[.,]\d\d)"
    many = r"(?=[kMB] [^\W\d_]{2,}s\b)(?<![.,]\d{3})"
    after = f"{tongue.after}(?!['\u2019/&-]\\w)"
    return re.compile(
        rf"{tongue.before}{first}{number}(?:\s?(?P<bare>{bare})|(?:{fraction}|{many})(?P<attached>{attached})){after}"
    )


def _said(match: re.Match[str], tongue: Tongue) -> str:
    scale = tongue.lexicon.scales[match["bare"] or match["attached"]]
    figure = tongue.read(match["n"])
    if figure.is_long:
        return match[0]
    first = ""
    if match["first"]:
        first = f"{tongue.numerals.figure(tongue.read(match['first']))} {tongue.lexicon.to} "
    if figure.fraction:
        return f"{first}{tongue.numerals.figure(figure)} {scale.word}"
    return first + tongue.numerals.figure(Figure(figure.whole + "0" * scale.power))
