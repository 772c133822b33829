"""Denominators after a slash: `$5/lb`, `0,32 €/kWh`, `5 kWh/day`."""

from __future__ import annotations

import functools
import re
from decimal import Decimal

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.units.symbols import SPACED, UNSPACED

DENOMINATOR = r"/(?P<by>[^\W\d_]{1,16}(?:[\u00b2\u00b3]|\u00b7\u0447)?)(?![\w/])"
"""Regular expression for a slash with the word or unit symbol after it."""
_ALONE = "kWh|MWh|km|kg|km\u00b2|m\u00b2|m\u00b3|\u043a\u0412\u0442\u00b7?\u0447|\u043a\u043c|\u043a\u0433|\u043c\u00b2|\u043c\u00b3"
"""Symbols that are units without a number too."""


def verbalize_denominator(written: str, locale: LocaleRules) -> str:
    """Return the words for a slash and the word or unit symbol after it."""
    return f" {locale.lexicon.per} {_unit_name(written, locale) or written}"


def verbalize_unit_after_per(text: str, locale: LocaleRules) -> str:
    """Write out a unit symbol without a number: `per kWh`."""
    if not locale.lexicon.per:
        return text
    return _after_per(locale).sub(
        lambda match: match["per"] + (_unit_name(match["unit"], locale) or match["unit"]), text
    )


@functools.lru_cache(maxsize=MAX_LOCALES)
def _after_per(locale: LocaleRules) -> re.Pattern[str]:
    words = "|".join(map(re.escape, (locale.lexicon.per, *locale.lexicon.per_words)))
    return re.compile(rf"(?<!\w)(?P<per>(?i:{words}) )(?P<unit>{_ALONE})(?![\w\u00b7/])")


def _unit_name(symbol: str, locale: LocaleRules) -> str | None:
    known = {**SPACED, **UNSPACED, **locale.lexicon.unit_symbols}
    if symbol not in known:
        return None
    if name := locale.lexicon.denominators.get(known[symbol]):
        return name
    pattern = locale.names.unit(known[symbol], Decimal(1))
    return pattern.replace("{0}", "").strip() if pattern and "{0}" in pattern else None
