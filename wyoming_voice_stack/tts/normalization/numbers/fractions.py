"""Vulgar fractions that are one character, alone or with a unit."""

from __future__ import annotations

import functools
import re
from decimal import Decimal

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_TONGUES, LocaleRules
from wyoming_voice_stack.tts.normalization.units.symbols import SPACED, STICKY, alternatives

_HALF = "\u00bd"
_SLAVIC = frozenset({"cs", "pl", "ru"})
"""Here what is halved stands in the genitive; elsewhere in the singular."""


def say_fractions(text: str, locale: LocaleRules) -> str:
    """Say `1\u00bd` as a person does."""
    return text if text.isascii() else _pattern(locale).sub(lambda m: _said(m, locale), text)


@functools.lru_cache(maxsize=MAX_TONGUES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    known = "".join(locale.lexicon.fractions)
    if not known:
        return re.compile("(?!)")
    units = alternatives((*STICKY, *SPACED, *locale.lexicon.unit_symbols))
    return re.compile(
        rf"(?:(?P<whole>\d{{1,9}})\s?)?(?P<sign>[{known}])(?:\s?(?P<unit>{units}){locale.after})?"
    )


def _said(match: re.Match[str], locale: LocaleRules) -> str:
    text = match.string
    said = _mixed(match, locale)
    if match["unit"]:
        said = _with_unit(match, said, locale)
    after = " " if text[match.end() : match.end() + 1].isalnum() else ""
    before = " " if match.start() and text[match.start() - 1].isalnum() else ""
    return before + said + after


def _mixed(match: re.Match[str], locale: LocaleRules) -> str:
    words = locale.lexicon
    part = words.fractions[match["sign"]]
    if not match["whole"]:
        article, _, rest = part.partition(" ")
        # "a 1/4 inch gap" has its article already.
        return rest if rest and _ends_in(match.string[: match.start()], article) else part
    template = (words.mixed_half if match["sign"] == _HALF else "") or words.mixed
    number = locale.numerals.cardinal(int(match["whole"]), "masculine")
    return template.format(whole=number, part=part)


def _ends_in(text: str, word: str) -> bool:
    return text[-len(word) - 2 :].lower().split()[-1:] == [word] and text.endswith(" ")


def _with_unit(match: re.Match[str], number: str, locale: LocaleRules) -> str:
    symbol = match["unit"]
    unit = locale.lexicon.unit_symbols.get(symbol) or {**SPACED, **STICKY}[symbol]
    whole = Decimal(match["whole"] or 0)
    one = not whole and locale.language not in _SLAVIC
    name = locale.names.unit(unit, Decimal(1)) if one else None
    if name is None or "{0}" not in name:
        name = locale.names.unit(unit, whole + Decimal("0.5"))
    return f"{number} {symbol}" if name is None else name.replace("{0}", number)
