"""Denominators after a slash: `$5/lb`, `0,32 €/kWh`, `5 kWh/day`."""

from __future__ import annotations

from decimal import Decimal

from wyoming_voice_stack.tts.normalization.locale.locale_rules import LocaleRules
from wyoming_voice_stack.tts.normalization.units.symbols import SPACED, UNSPACED

DENOMINATOR = r"/(?P<by>[^\W\d_]{1,16}[\u00b2\u00b3]?)(?![\w/])"
"""Regular expression for a slash with the word or unit symbol after it."""


def verbalize_denominator(written: str, locale: LocaleRules) -> str:
    """Return the words for a slash and the word or unit symbol after it."""
    return f" {locale.lexicon.per} {_unit_name(written, locale) or written}"


def _unit_name(symbol: str, locale: LocaleRules) -> str | None:
    known = {**SPACED, **UNSPACED, **locale.lexicon.unit_symbols}
    pattern = locale.names.unit(known[symbol], Decimal(1)) if symbol in known else None
    return pattern.replace("{0}", "").strip() if pattern and "{0}" in pattern else None
