"""What an amount is counted by, after a stroke: `$5/lb`, `0,32 €/kWh`, `5 kWh/day`."""

from __future__ import annotations

from decimal import Decimal

from wyoming_voice_stack.tts.normalization.locale.locale_rules import LocaleRules
from wyoming_voice_stack.tts.normalization.units.symbols import SPACED, STICKY

STROKE = r"/(?P<by>[^\W\d_]{1,16}[\u00b2\u00b3]?)(?![\w/])"
"""The word or the unit's sign with the stroke before it."""


def per_each(written: str, locale: LocaleRules) -> str:
    """Say the stroke and what follows it, a word or the sign of a unit."""
    return f" {locale.lexicon.per} {_unit_name(written, locale) or written}"


def _unit_name(symbol: str, locale: LocaleRules) -> str | None:
    known = {**SPACED, **STICKY, **locale.lexicon.unit_symbols}
    pattern = locale.names.unit(known[symbol], Decimal(1)) if symbol in known else None
    return pattern.replace("{0}", "").strip() if pattern and "{0}" in pattern else None
