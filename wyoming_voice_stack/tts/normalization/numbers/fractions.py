"""Single-character fractions, alone or with a unit."""

from __future__ import annotations

import functools
import re
import unicodedata
from decimal import Decimal

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.units.symbols import SPACED, UNSPACED, alternatives

_HALF = "\u00bd"
_OTHERS = re.compile("(?P<whole>\\d{1,9}\\s?)?(?P<sign>[\u00bc-\u00be\u2150-\u215e\u2189])")
_ENGLISH = "en"
_DENOMINATOR_FIRST = {
    "zh": "{whole}\u5206\u4e4b{part}",
    "ja": "{whole}\u5206\u306e{part}",
    "ko": "{whole}\ubd84\uc758 {part}",
}
_AFTER_WHOLE = {"zh": "\u53c8", "ja": "\u3068", "ko": "\uacfc "}
"""Between a whole number and a fraction in these languages."""
_SLAVIC = frozenset({"cs", "pl", "ru"})
"""Languages in which the noun after a fraction is in the genitive; elsewhere it is singular."""

_COUNTED_ALONE = frozenset({"es", "it"})
"""Languages in which "one" before a fraction is not the article."""


def verbalize_fractions(text: str, locale: LocaleRules) -> str:
    """Verbalize `1\u00bd` as one and a half."""
    if text.isascii():
        return text
    text = _pattern(locale).sub(lambda match: _verbalize(match, locale), text)
    return _OTHERS.sub(lambda match: _other(match, locale), text)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    known = "".join(locale.lexicon.fractions)
    if not known:
        return re.compile("(?!)")
    units = alternatives((*UNSPACED, *SPACED, *locale.lexicon.unit_symbols))
    return re.compile(
        rf"(?:(?P<whole>\d{{1,9}})\s?)?(?P<sign>[{known}])(?:\s?(?P<unit>{units}){locale.after}(?:\.(?=\s[a-z]))?)?"
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
    form = "plain" if locale.language in _COUNTED_ALONE and not match["unit"] else "masculine"
    number = locale.numerals.cardinal(int(match["whole"]), form)
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


def _other(match: re.Match[str], locale: LocaleRules) -> str:
    """Verbalize a fraction that the lexicon lacks: in English with an ordinal, else with the slash."""
    part, _, whole = unicodedata.normalize("NFKC", match["sign"]).partition("\u2044")
    count = f"{match['whole'].strip()} " if match["whole"] else ""
    if template := _DENOMINATOR_FIRST.get(locale.language):
        joint = _AFTER_WHOLE[locale.language] if count else ""
        return count.strip() + joint + template.format(whole=whole, part=part)
    if locale.language != _ENGLISH:
        return f"{count}{part} {locale.lexicon.slash} {whole}"
    plural = "s" if int(part) != 1 else ""
    spoken = f"{locale.numerals.cardinal(int(part))} {locale.numerals.ordinal(int(whole))}{plural}"
    return f"{count}and {spoken}" if count else spoken
