"""Numbers and ranges with a unit."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.grammatical_case import (
    between_numbers,
    case_of_number,
    case_of_range_end,
)
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import AFTER, MINUS, RANGE, WrittenNumber
from wyoming_voice_stack.tts.normalization.units.denominators import (
    DENOMINATOR,
    verbalize_denominator,
    verbalize_unit_after_per,
)
from wyoming_voice_stack.tts.normalization.units.symbols import (
    FRACTION_ONLY,
    INCH_MARKS,
    LARGE_ONLY,
    PER,
    SMALLEST_ATTACHED,
    SMALLEST_LARGE,
    SPACED,
    UNSPACED,
    alternatives,
)

_BITS = re.compile(r"(?<=[\d ])([KkMG])bps\b")
_FEET = re.compile(
    r"(?<![\w.,'\u2019])(?P<ft>\d{1,2})['\u2032\u2019]\s?(?P<in>1[01]|\d)(?:[\"\u2033\u201d]|(?![\w'\"\u2019]))"
)
_FEET_AND_INCHES = re.compile(
    r"(?<![\w.,'\u2019-])(?P<ft>\d{1,2})\s?(?:ft\.?|feet|foot),?\s?(?P<in>1[01]|\d)\s?(?:inches\b|inch\b|in\.(?!\w)|in(?=\W?$|[^\w\s]|\s(?:tall|high|wide|long|deep|thick|by|x|and|or|of|from|above|below|for)\b))"
)
"""`5 ft 10 in`, where the second unit alone may be a word: `a wall of 6 ft 4 in the hall`."""
_ANGLE = re.compile(
    r"(?<![\w.,])(?P<d>\d{1,3})\u00b0\s?(?P<m>[0-5]?\d)['\u2032\u2019](?:\s?(?P<s>[0-5]?\d)(?:\"|\u2033|\u201d|''))?"
    r"(?:\s?(?P<side>[NSEWO])\b)?"
)
_WORD_BACK = re.compile(r"([^\W\d_]+)\s$")
_CODE_BACK = re.compile(r"[A-Za-z]\d{1,4}-$")
"""The first part of a code: `i7-12700K`."""
_LONGEST_WORD = 24
_NEAR = 40
_ELECTRICAL = re.compile(
    r"\d\s?(?:[km]?V|[km]?W|kWh|Hz|m?Ah|\u0412\u0442?|\u043a\u0412\u0442)(?!\w)|[Vv]olts?\b|[Ww]att|[Ff]use|[Ss]icherung"
)
_POSTCODE = re.compile(r"[1-9]\d{3} [A-Z]{2} [A-Z][a-z]")
"""A Dutch postcode and a place: `1071 VA Amsterdam`."""
_PER_HUNDRED = re.compile(r"10{2,3}\b")
_NOUN_AFTER = re.compile(r" (?:[^\W\d_]{3,}|[A-Z] [A-Z]\b)")


def verbalize_units(text: str, locale: LocaleRules) -> str:
    """Verbalize units by name, in the plural form for the number."""
    # Turkish puts the percent sign first.
    if "%" in text:
        space = r"\s?" if locale.language == "tr" else ""
        text = re.sub(rf"(?<!\S)%{space}(\d+(?:[.,]\d+)?)", r"\1%", text)
    text = _BITS.sub(lambda match: f"{match[1].replace('K', 'k')}bit/s", text)
    text = _ANGLE.sub(lambda match: _angle(match, locale), text)
    if locale.language == "en":
        text = _FEET_AND_INCHES.sub(lambda match: _feet(match, locale), text)
    text = _FEET.sub(lambda match: _feet(match, locale), text)
    if locale.lexicon.hyphenated_units:
        text = _hyphenated_pattern(locale).sub(lambda match: _compound(match, locale), text)
    text = _pattern(locale).sub(lambda match: _verbalize(match, locale), text)
    return verbalize_unit_after_per(text, locale)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _hyphenated_pattern(locale: LocaleRules) -> re.Pattern[str]:
    units = alternatives((*UNSPACED, *SPACED, *locale.lexicon.unit_symbols))
    return re.compile(
        rf"(?<!-){locale.before}(?P<n>{locale.number_pattern})-(?P<unit>{units})(?=[ -][^\W\d_])"
    )


def _compound(match: re.Match[str], locale: LocaleRules) -> str:
    written = match["unit"]
    unit = locale.lexicon.unit_symbols.get(written) or {**SPACED, **UNSPACED}[written]
    measure = locale.measure(locale.parse(match["n"]), unit, singular=locale.language != "de")
    return match[0] if measure is None else measure.replace(" ", "-")


@functools.lru_cache(maxsize=MAX_LOCALES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    words = locale.lexicon
    sticky = alternatives((*UNSPACED, *INCH_MARKS, *words.unit_symbols))
    spaced = alternatives((*SPACED, *FRACTION_ONLY))
    attached = alternatives(words.attached_units) or "(?!)"
    number = rf"(?P<n>{locale.number_pattern}){AFTER}"
    first_unit = rf"(?:\s?(?:{sticky}|{attached}))?"
    last = rf"(?:{first_unit}{RANGE}(?P<minus2>[-\u2212](?=\d))?(?P<last>{locale.number_pattern}){AFTER})?"
    unit = (
        rf"(?:\s?(?P<unit>{sticky})|\s?(?P<large>{alternatives(LARGE_ONLY)})|(?P<attached>{attached})"
        rf"|(?:\s|(?<=[.,]\d)(?=[AgLl](?!\w)))(?P<spaced>{spaced}))(?:/(?P<per>{alternatives(PER)})(?![^\W\d_]))?"
    )
    minus = rf"(?P<minus>{locale.before_sign}{MINUS}(?:(?<![\w)%\u00b0] .)\s)?)?"
    by = rf"{DENOMINATOR}|(?P<next>\s?/\s?(?=[-\u2212]?\d))" if words.per else "(?!)"
    after = r"(?:(?<=\.)|(?<=[%\u066a\u2030\u00b0])(?!\w)|" + locale.after + "(?!['\u2019/]\\w))"
    return re.compile(
        rf"{minus}{locale.before}{number}{last}{unit}(?:{by}|{after}(?:\.(?=\s+[a-z]))?)"
    )


def _verbalize(match: re.Match[str], locale: LocaleRules) -> str:
    number = locale.parse(match["n"])
    is_postcode = locale.language == "nl" and _POSTCODE.match(match.string, match.start())
    unit = None if is_postcode else _unit(match, locale, number)
    if unit is None:
        return match[0]
    before = _word_before(match)
    case = case_of_number(match.string, match.start(), match.end(), locale)
    minus = f"{locale.lexicon.minus}{locale.separator}"
    first = minus if match["minus"] else ""
    if match["last"]:
        form = locale.gender(unit) + locale.case_of_measure(case)
        pattern = locale.names.unit(unit, number.value) or ""
        whole = None if pattern.startswith("{0}") else locale.measure(number, unit)
        first += whole or locale.numerals.number(number, form)
        first += between_numbers(match.string, match.start(), locale)
        first += minus if match["minus2"] else ""
        case = case_of_range_end(locale) or case
        number = locale.parse(match["last"])
    per = match["per"]
    singular = before in locale.lexicon.singular_after and _NOUN_AFTER.match(
        match.string, match.end()
    )
    measure = locale.measure(number, unit, PER.get(per or ""), case=case, singular=bool(singular))
    if measure is None and per:
        measure = locale.measure(number, unit, case=case)
        measure = measure and measure + verbalize_denominator(per, locale)
    return match[0] if measure is None else first + measure + _denominator(match, locale)


def _denominator(match: re.Match[str], locale: LocaleRules) -> str:
    """Return the words for the slash after the unit, or ``""``."""
    found = match.groupdict()
    if found.get("by"):
        return verbalize_denominator(found["by"], locale)
    if found.get("next"):
        whole = _PER_HUNDRED.match(match.string, match.end())
        return f" {locale.lexicon.per} " if whole else ", "
    return ""


def _unit(match: re.Match[str], locale: LocaleRules, number: WrittenNumber) -> str | None:
    if written := match["unit"]:
        if written in INCH_MARKS:
            return None if _closes_quotation(match) else INCH_MARKS[written]
        return locale.lexicon.unit_symbols.get(written) or UNSPACED[written]
    if written := match["attached"]:
        known = locale.lexicon.attached_units[written]
        names_place = _word_before(match) in locale.lexicon.place_words
        is_certain = number.value >= SMALLEST_ATTACHED or match["minus"] or match["last"]
        return known if is_certain and not names_place else None
    if written := match["large"]:
        is_code = (
            _CODE_BACK.search(match.string, max(match.start() - _LONGEST_WORD, 0), match.start())
            is not None
        )
        return LARGE_ONLY[written] if number.value >= SMALLEST_LARGE and not is_code else None
    written = match["spaced"]
    if written in FRACTION_ONLY:
        before = _word_before(match)
        is_name = before in (
            *map(str.lower, locale.lexicon.version_words),
            *locale.lexicon.place_words,
        )
        is_certain = not is_name and (number.fraction or _is_electrical(match))
        return FRACTION_ONLY[written] if is_certain else None
    return SPACED[written]


def _is_electrical(match: re.Match[str]) -> bool:
    """Return whether a voltage or power stands near the match."""
    begin, end = max(match.start() - _NEAR, 0), match.end() + _NEAR
    return _ELECTRICAL.search(match.string, begin, end) is not None


def _word_before(match: re.Match[str]) -> str:
    start = match.start()
    word = _WORD_BACK.search(match.string, max(start - _LONGEST_WORD, 0), start)
    return word[1].lower() if word else ""


def _closes_quotation(match: re.Match[str]) -> bool:
    """Return whether the inch mark closes a quotation: one is open in front of it.

    After a digit, a quotation mark only closes a quotation.
    """
    is_open = False
    text, place = match.string, match.string.find('"')
    while 0 <= place < match.end("unit") - 1:
        is_open = not is_open and not text[place - 1 : place].isdigit()
        place = text.find('"', place + 1)
    return is_open


def _angle(match: re.Match[str], locale: LocaleRules) -> str:
    """Verbalize an angle in degrees, minutes and seconds: `48°51'30" N`."""
    units = {"d": "angle-degree", "m": "angle-arc-minute", "s": "angle-arc-second"}
    parts = [
        locale.measure(WrittenNumber(str(int(match[name]))), unit)
        for name, unit in units.items()
        if match[name]
    ]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return match[0]
    side = f"{locale.separator or ' '}{match['side']}" if match["side"] else ""
    return (locale.separator or "").join(known) + side


def _feet(match: re.Match[str], locale: LocaleRules) -> str:
    """Verbalize a height in feet and inches: `6'2"`."""
    feet = locale.measure(WrittenNumber(match["ft"]), "length-foot")
    inches = locale.measure(WrittenNumber(match["in"]), "length-inch") if int(match["in"]) else ""
    return match[0] if feet is None or inches is None else f"{feet} {inches}".rstrip()
