"""Numbers with a unit, a range of numbers with a unit among them."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_TONGUES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import AFTER, MINUS, RANGE, Figure
from wyoming_voice_stack.tts.normalization.units.per import STROKE, per_each
from wyoming_voice_stack.tts.normalization.units.symbols import (
    FRACTION_ONLY,
    INCH_MARKS,
    LARGE_ONLY,
    PER,
    SMALLEST_ATTACHED,
    SMALLEST_LARGE,
    SPACED,
    STICKY,
    alternatives,
)

_BITS = re.compile(r"(?<=[\d ])([KkMG])bps\b")
_FEET = re.compile(
    r"(?<![\w.,'\u2019])(?P<ft>\d{1,2})['\u2032\u2019]\s?(?P<in>1[01]|\d)(?:[\"\u2033\u201d]|(?![\w'\"\u2019]))"
)
_WORD_BACK = re.compile(r"([^\W\d_]+)\s$")
_LONGEST_WORD = 24
_PER_HUNDRED = re.compile(r"10{2,3}\b")
_NOUN_AFTER = re.compile(r" (?:[^\W\d_]{3,}|[A-Z] [A-Z]\b)")


def say_units(text: str, locale: LocaleRules) -> str:
    """Say units by their names, in the plural that goes with the number."""
    # Turkish writes the percent sign first.
    text = re.sub(r"(?<!\S)%(\d+(?:[.,]\d+)?)", r"\1%", text) if "%" in text else text
    text = _BITS.sub(lambda match: f"{match[1].replace('K', 'k')}bit/s", text)
    text = _FEET.sub(lambda match: _feet(match, locale), text)
    if locale.lexicon.hyphened_units:
        text = _hyphened(locale).sub(lambda match: _compound(match, locale), text)
    return _pattern(locale).sub(lambda match: _said(match, locale), text)


@functools.lru_cache(maxsize=MAX_TONGUES)
def _hyphened(locale: LocaleRules) -> re.Pattern[str]:
    units = alternatives((*STICKY, *SPACED, *locale.lexicon.unit_symbols))
    return re.compile(
        rf"(?<!-){locale.before}(?P<n>{locale.figure})-(?P<unit>{units})(?=[ -][^\W\d_])"
    )


def _compound(match: re.Match[str], locale: LocaleRules) -> str:
    written = match["unit"]
    unit = locale.lexicon.unit_symbols.get(written) or {**SPACED, **STICKY}[written]
    counted = locale.counted(locale.read(match["n"]), unit, singular=locale.language != "de")
    return match[0] if counted is None else counted.replace(" ", "-")


@functools.lru_cache(maxsize=MAX_TONGUES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    words = locale.lexicon
    sticky = alternatives((*STICKY, *INCH_MARKS, *words.unit_symbols))
    spaced = alternatives((*SPACED, *FRACTION_ONLY))
    attached = alternatives(words.attached_units) or "(?!)"
    number = rf"(?P<n>{locale.figure}){AFTER}"
    first_unit = rf"(?:\s?(?:{sticky}|{attached}))?"
    last = rf"(?:{first_unit}{RANGE}(?P<minus2>[-\u2212](?=\d))?(?P<last>{locale.figure}){AFTER})?"
    unit = (
        rf"(?:\s?(?P<unit>{sticky})|\s?(?P<large>{alternatives(LARGE_ONLY)})|(?P<attached>{attached})"
        rf"|\s(?P<spaced>{spaced}))(?:/(?P<per>{alternatives(PER)})(?![^\W\d_]))?"
    )
    minus = rf"(?P<minus>{locale.before_sign}{MINUS}\s?)?"
    by = rf"{STROKE}|(?P<next>\s?/\s?(?=[-\u2212]?\d))" if words.per else "(?!)"
    after = r"(?:(?<=\.)|(?<=[%\u066a\u2030\u00b0])(?!\w)|" + locale.after + "(?!['\u2019/]\\w))"
    return re.compile(
        rf"{minus}{locale.before}{number}{last}{unit}(?:{by}|{after}(?:\.(?=\s+[a-z]))?)"
    )


def _said(match: re.Match[str], locale: LocaleRules) -> str:
    figure = locale.read(match["n"])
    unit = _unit(match, locale, figure)
    if unit is None:
        return match[0]
    before = _word_before(match)
    case = locale.case_after(before)
    minus = f"{locale.lexicon.minus}{locale.space}"
    first = minus if match["minus"] else ""
    if match["last"]:
        first += f"{locale.numerals.figure(figure, locale.gender(unit))} {locale.lexicon.to} "
        first += minus if match["minus2"] else ""
        figure = locale.read(match["last"])
    per = match["per"]
    singular = before in locale.lexicon.singular_after and _NOUN_AFTER.match(
        match.string, match.end()
    )
    counted = locale.counted(figure, unit, PER.get(per or ""), case=case, singular=bool(singular))
    if counted is None and per:
        counted = locale.counted(figure, unit, case=case)
        counted = counted and counted + per_each(per, locale)
    return match[0] if counted is None else first + counted + _stroke(match, locale)


def _stroke(match: re.Match[str], locale: LocaleRules) -> str:
    """What is said for the stroke after the unit."""
    found = match.groupdict()
    if found.get("by"):
        return per_each(found["by"], locale)
    if found.get("next"):
        whole = _PER_HUNDRED.match(match.string, match.end())
        return f" {locale.lexicon.per} " if whole else ", "
    return ""


def _unit(match: re.Match[str], locale: LocaleRules, figure: Figure) -> str | None:
    if written := match["unit"]:
        if written in INCH_MARKS:
            return None if _closes_quotation(match) else INCH_MARKS[written]
        return locale.lexicon.unit_symbols.get(written) or STICKY[written]
    if written := match["attached"]:
        known = locale.lexicon.attached_units[written]
        lettered = _word_before(match) in locale.lexicon.lettered
        sure = figure.value >= SMALLEST_ATTACHED or match["minus"] or match["last"]
        return known if sure and not lettered else None
    if written := match["large"]:
        return LARGE_ONLY[written] if figure.value >= SMALLEST_LARGE else None
    written = match["spaced"]
    if written in FRACTION_ONLY:
        return FRACTION_ONLY[written] if figure.fraction else None
    return SPACED[written]


def _word_before(match: re.Match[str]) -> str:
    start = match.start()
    word = _WORD_BACK.search(match.string, max(start - _LONGEST_WORD, 0), start)
    return word[1].lower() if word else ""


def _closes_quotation(match: re.Match[str]) -> bool:
    """Whether a quotation is open; a mark after a digit only closes one."""
    is_open = False
    text, place = match.string, match.string.find('"')
    while 0 <= place < match.end("unit") - 1:
        is_open = not is_open and not text[place - 1 : place].isdigit()
        place = text.find('"', place + 1)
    return is_open


def _feet(match: re.Match[str], locale: LocaleRules) -> str:
    """`6'2"` is a height."""
    feet = locale.counted(Figure(match["ft"]), "length-foot")
    inches = locale.counted(Figure(match["in"]), "length-inch") if int(match["in"]) else ""
    return match[0] if feet is None or inches is None else f"{feet} {inches}".rstrip()
