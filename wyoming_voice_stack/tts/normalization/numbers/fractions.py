"""Single-character fractions, alone or with a unit."""

from __future__ import annotations

import functools
import re
from decimal import Decimal

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.units.symbols import SPACED, UNSPACED, alternatives

_HALF = "\u00bd"
_SLAVIC = frozenset({"cs", "pl", "ru"})
"""Languages in which the noun after a fraction is in the genitive; elsewhere it is singular."""


def verbalize_fractions(text: str, locale: LocaleRules) -> str:
    """Verbalize `1\u00bd` as one and a half."""
    return text if text.isascii() else _pattern(locale).sub(lambda m: _verbalize(m, locale), text)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    known = "".join(locale.lexicon.fractions)
    if not known:
        return re.compile("(?!)")
    units = alternatives((*UNSPACED, *SPACED, *locale.lexicon.unit_symbols))
    return re.compile(
        rf"(?:(?P<whole>\d{{1,9}})\s?)?(?P<sign>[{known}])(?:\s?(?P<unit>{units}){locale.after})?"
    )


def _verbalize(match: re.Match[str], locale: LocaleRules) -> str:
    text = match.string
    spoken = _mixed(match, locale)
    if match["unit"]:
        spoken = _with_unit(match, spoken, locale)
    after = " " if text[match.end() : match.end() + 1].isalnum() else ""
    before = " " if match.start() and text[match.start() - 1].isalnum() else ""
    return before + spoken + after


def _mixed(match: re.Match[str], locale: LocaleRules) -> str:
    words = locale.lexicon
    part = words.fractions[match["sign"]]
    if not match["whole"]:
        article, _, rest = part.partition(" ")
        # "a 1/4 inch gap" already has its article.
        return rest if rest and _ends_in(match.string[: match.start()], article) else part
    template = (words.mixed_half if match["sign"] == _HALF else "") or words.mixed
    number = locale.numerals.cardinal(int(match["whole"]), "masculine")
    return template.format(whole=number, part=part)


def _ends_in(text: str, word: str) -> bool:
    return text[-len(word) - 2 :].lower().split()[-1:] == [word] and text.endswith(" ")


def _with_unit(match: re.Match[str], number: str, locale: LocaleRules) -> str:
    symbol = match["unit"]
    unit = locale.lexicon.unit_symbols.get(symbol) or {**SPACED, **UNSPACED}[symbol]
    whole = Decimal(match["whole"] or 0)
    one = not whole and locale.language not in _SLAVIC
    name = locale.names.unit(unit, Decimal(1)) if one else None
    if name is None or "{0}" not in name:
        name = locale.names.unit(unit, whole + Decimal("0.5"))
    return f"{number} {symbol}" if name is None else name.replace("{0}", number)
