"""Dates: which writings are certainly one, and how each is said."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Literal

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_TONGUES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import RANGE

Order = Literal["day", "month"]

_MONTHS = 12
_DAYS = 31
_YEAR_DIGITS = 4
_THIS_CENTURY = 70
"""Years of two digits below it are after 2000."""
_WORDS_BACK = re.compile(r"([^\W\d_]+)\W*$")
_ISO = re.compile(r"(?<![\w.-])(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?P<t>T(?=\d\d:)|(?![\w-]))")
_CHINESE_YEAR = re.compile(r"(?<!\d)\d{4}(?=\s?\u5e74)")
_YEAR_FIRST = re.compile(
    r"(?<![\w./])(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})(?![\w/]|\.\d)",
)
_YEAR_FIRST_DOTTED = re.compile(
    r"(?<![\w./])(?P<y>\d{4})\. ?(?P<m>\d{1,2})\. ?(?P<d>\d{1,2})(?![\w/]|\.\d)\.?"
)
_NUMERIC = re.compile(
    r"(?<![\w./-])(?P<a>\d{1,2})(?P<sign>[./-])(?P<s> ?)(?P<b>\d{1,2})(?P=sign)(?P=s)(?P<y>\d{4}|\d{2})"
    r"(?![\w/-]|[.,]\d)",
)
_TO_A_DATE = re.compile(
    r"(\d\.\d{1,2}\.(?:\d{4})?|\d{4}-\d\d-\d\d)\s?[-\u2013\u2014]\s?(?=\d{1,2}\. ?\d{1,2}\.|\d{4}-\d\d-\d\d)"
)
_DOTTED_DAY = re.compile(r"(?<![\w./-])(?P<d>\d{1,2})\. ?(?P<m>\d{1,2})\.(?! ?\d|\w)")


@dataclass(frozen=True)
class _Date:
    day: int
    month: int
    year: int | None = None
    last_day: int | None = None
    order: Order = "day"


def say_dates(text: str, locale: LocaleRules) -> str:
    """Say dates in numbers or with a month's name, and weekdays in full before them."""
    text = _weekday_range(locale).sub(lambda match: _days(match, locale), text)
    if any(character.isdecimal() for character in text):
        text = _weekdays(locale).sub(lambda match: _weekday(match, locale), text)
        if locale.lexicon.calendar.year_style == "digits":
            text = _CHINESE_YEAR.sub(lambda match: _year(int(match[0]), locale), text)
        text = _TO_A_DATE.sub(rf"\1 {locale.lexicon.to} ", text)
        text = _ISO.sub(lambda match: _whole(match, locale), text)
        text = _YEAR_FIRST.sub(lambda match: _whole(match, locale), text)
        if locale.names.year_first:
            text = _YEAR_FIRST_DOTTED.sub(lambda match: _whole(match, locale), text)
        text = _NUMERIC.sub(lambda match: _numeric(match, locale), text)
        if locale.lexicon.calendar.dotted_day_month:
            text = _DOTTED_DAY.sub(lambda match: _day_and_month(match, locale), text)
        if locale.lexicon.calendar.slash_leads:
            text = _slashed(locale).sub(lambda match: _with_slash(match, locale), text)
        for pattern in _named(locale):
            text = pattern.sub(lambda match: _with_name(match, locale), text)
    return text


def _weekday(match: re.Match[str], locale: LocaleRules) -> str:
    short = match[1] or match[3]
    if match[3] and not short[0].isupper():
        return match[0]  # Before a time, it may be another word.
    return locale.names.weekdays.get(short.lower().rstrip("."), short) + (match[2] or match[4])


def _days(match: re.Match[str], locale: LocaleRules) -> str:
    first, last = (locale.names.weekdays.get(match[group].lower()) for group in (1, 2))
    return f"{first} {locale.lexicon.to} {last}" if first and last else match[0]


def _whole(match: re.Match[str], locale: LocaleRules) -> str:
    order: Order = "month" if locale.names.month_first else "day"
    date = _Date(int(match["d"]), int(match["m"]), _full_year(match["y"]), order=order)
    said = _said(date, match, locale)
    return said + (", " if match.groupdict().get("t") else "")


def _numeric(match: re.Match[str], locale: LocaleRules) -> str:
    first, second = int(match["a"]), int(match["b"])
    if match["s"] and match["sign"] != ".":
        return match[0]
    if match["sign"] == "-" and len(match["y"]) < _YEAR_DIGITS:
        return match[0]
    month_first = match["sign"] != "." and locale.names.month_first
    if match["sign"] != "." and (first > _MONTHS or second > _MONTHS):
        month_first = second > _MONTHS
    if month_first:
        first, second = second, first
    order: Order = "month" if locale.names.month_first else "day"
    return _said(_Date(first, second, _full_year(match["y"]), order=order), match, locale)


def _day_and_month(match: re.Match[str], locale: LocaleRules) -> str:
    if match.end() == len(match.string) and not _announced(match.string[: match.start()], locale):
        return match[0]  # It may be a decimal fraction at the end of a sentence.
    return _said(_Date(int(match["d"]), int(match["m"])), match, locale)


@functools.lru_cache(maxsize=MAX_TONGUES)
def _slashed(locale: LocaleRules) -> re.Pattern[str]:
    """`11/24` after a word that tells that a date comes, or two of them with a dash between."""
    leads = "|".join((*locale.lexicon.calendar.slash_leads, *locale.names.weekdays.values()))
    nouns = "|".join(locale.lexicon.fraction_nouns) or "(?!)"
    date, last = r"(?P<a>\d{1,2})/(?P<b>\d{1,2})", r"(?P<a2>\d{1,2})/(?P<b2>\d{1,2})"
    no_more = rf"(?![\w/%-]|[.,]\d| [%\u00b0=]| (?:{nouns})\b)"
    return re.compile(
        rf"(?:(?P<lead>(?<!\w)(?i:{leads}),? ){date}(?:{RANGE}{last})?|(?<![\w.,/-])"
        rf"{date.replace('a>', 'c>').replace('b>', 'e>')}{RANGE}{last.replace('a2', 'c2').replace('b2', 'e2')}){no_more}"
    )


def _with_slash(match: re.Match[str], locale: LocaleRules) -> str:
    pairs = [match.group(*names) for names in (("a", "b"), ("a2", "b2"), ("c", "e"), ("c2", "e2"))]
    lead = match["lead"] or ""
    said = []
    for first, second in pairs:
        if first is None:
            continue
        day, month = int(first), int(second)
        if month > _MONTHS or (locale.names.month_first and day <= _MONTHS):
            day, month = month, day
        if not (1 <= month <= _MONTHS and 1 <= day <= _DAYS):
            return match[0]
        order: Order = "month" if locale.names.month_first else "day"
        said.append(_template(_Date(day, month, order=order), lead, match, locale))
    return lead + f" {locale.lexicon.to} ".join(said)


def _with_name(match: re.Match[str], locale: LocaleRules) -> str:
    found = match.groupdict()
    month = locale.names.month_numbers.get(match["month"].lower().rstrip("."))
    if month is None:
        return match[0]
    year = int(found["y"]) if found.get("y") else None
    if not match["d"]:
        return f"{locale.names.months[month - 1]} {locale.numerals.year(year or 0)}"
    last = int(found["last"]) if found.get("last") else None
    order: Order = "month" if match.start("month") < match.start("d") else "day"
    return _said(_Date(int(match["d"]), month, year, last, order), match, locale)


def _full_year(digits: str) -> int:
    if len(digits) == _YEAR_DIGITS:
        return int(digits)
    return int(digits) + (2000 if int(digits) < _THIS_CENTURY else 1900)


def _said(date: _Date, match: re.Match[str], locale: LocaleRules) -> str:
    """What is said for the date, or what was written if there is no such day."""
    days = [day for day in (date.day, date.last_day) if day is not None]
    if not (1 <= date.month <= _MONTHS and all(1 <= day <= _DAYS for day in days)):
        return match[0]
    return _template(date, match.string[: match.start()], match, locale)


def _template(date: _Date, before: str, match: re.Match[str], locale: LocaleRules) -> str:
    calendar = locale.lexicon.calendar
    days = [day for day in (date.day, date.last_day) if day is not None]
    form = _day_form(before, locale)
    said = f" {locale.lexicon.to} ".join(_day(day, form, locale) for day in days)
    template = calendar.day_month if date.year is None else calendar.date
    if calendar.day_first and date.order == "day":
        template = calendar.day_first + ("" if date.year is None else ", {year}")
        if _last_word(before) == "the" or " of " in match[0]:
            template = template.removeprefix("the ")
    return template.format(
        day=said,
        month=locale.names.months[date.month - 1],
        year="" if date.year is None else _year(date.year, locale),
    )


def _day(day: int, form: str, locale: LocaleRules) -> str:
    calendar = locale.lexicon.calendar
    if day == 1 and calendar.first:
        return calendar.first
    if calendar.day == "cardinal":
        return locale.numerals.cardinal(day, form)
    suffix = calendar.suffixes.get(str(day)) or calendar.suffixes.get(str(day % 10), "")
    return locale.numerals.ordinal(day, form) + suffix


def _year(year: int, locale: LocaleRules) -> str:
    calendar = locale.lexicon.calendar
    if calendar.year_style == "digits":
        said = locale.numerals.digits(str(year)).replace(" ", "")
    elif calendar.year_style == "ordinal":
        said = locale.numerals.ordinal(year, calendar.day_form)
    else:
        said = locale.numerals.year(year)
    return calendar.year.format(year=said)


def _day_form(before: str, locale: LocaleRules) -> str:
    """German days are inflected after an article or a preposition, also over a weekday's name."""
    word = _last_word(before)
    if word.title() in locale.names.weekdays.values():
        word = _last_word(before[: before.lower().rindex(word)])
    for form, words in locale.lexicon.dotted_ordinals.items():
        if word in words:
            return form
    return locale.lexicon.calendar.day_form


def _announced(before: str, locale: LocaleRules) -> bool:
    """Whether a word before it tells that a date comes."""
    if not before.strip() or before.rstrip().endswith((":", ",", "(")):
        return True
    word = _last_word(before)
    words = (word for words in locale.lexicon.dotted_ordinals.values() for word in words)
    return word in words or word.title() in locale.names.weekdays.values()


def _last_word(text: str) -> str:
    match = _WORDS_BACK.search(text[-24:])
    return match[1].lower() if match else ""


@functools.lru_cache(maxsize=MAX_TONGUES)
def _weekday_range(locale: LocaleRules) -> re.Pattern[str]:
    if not locale.lexicon.calendar.sure_abbreviations:
        return re.compile("(?!)()()")
    known = "|".join(re.escape(name.title()) for name in locale.names.weekdays)
    return re.compile(rf"(?<![\w-])({known})\.?{RANGE}({known})(?![\w-])")


@functools.lru_cache(maxsize=MAX_TONGUES)
def _weekdays(locale: LocaleRules) -> re.Pattern[str]:
    if not locale.lexicon.spaced:
        return re.compile(r"(?!)()()()()")
    short = sorted((name for name in locale.names.weekdays), key=len, reverse=True)
    known = "|".join(map(re.escape, short))
    hours = "|".join((*locale.lexicon.clock.hour_words, *locale.lexicon.clock.absorbs)) or "(?!)"
    some = "|".join(map(re.escape, short))
    titled = some if locale.lexicon.calendar.sure_abbreviations else rf"(?:{some})(?=\. | \d+:)"
    months = "|".join(map(re.escape, sorted(locale.names.month_numbers, key=len, reverse=True)))
    return re.compile(
        rf"{locale.before}({known})\.?(,? )"
        rf"(?=(?:den |the )?(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}[./]\s?\d{{1,2}}[./]|\d{{1,2}}\S{{0,2}} (?:of |de )?(?:{months})\b"
        rf"|(?:{months})\.? \d{{1,2}}\b))"
        rf"|{locale.before}({titled})\.?(,? )(?=\d{{1,2}}(?:[:h]\d\d| ?[ap]\.?m\b"
        rf"| ?(?:{hours})\b|{RANGE}\d))",
        re.IGNORECASE,
    )


@functools.lru_cache(maxsize=MAX_TONGUES)
def _named(locale: LocaleRules) -> tuple[re.Pattern[str], ...]:
    """Patterns for dates with the name of a month."""
    calendar = locale.lexicon.calendar
    if not locale.lexicon.spaced:
        return ()
    month = _month_pattern(locale)
    between = rf" (?:(?:{calendar.between}) )?" if calendar.between else " "
    ending = r"(?:st|nd|rd|th|er|º|°|ª|\.)?"
    year = rf"(?:,?{between}(?P<y>\d{{4}})(?![\w:]|[.,]\d)"
    if calendar.absorbs:
        year += rf"(?: (?:{'|'.join(map(re.escape, calendar.absorbs))})(?!\w))?"
    year += ")?"
    day = rf"{locale.before}(?P<d>\d{{1,2}}){ending}(?:{RANGE}(?P<last>\d{{1,2}}){ending})?"
    patterns = [rf"{day}{between}(?P<month>{month}){year}"]
    if calendar.date.startswith("{year}"):
        patterns = [rf"(?<!\w)(?P<y>\d{{4}})\.? (?P<month>{month}) (?P<d>\d{{1,2}})(?![\w-])"]
    if calendar.month_first:
        last = rf"(?:{RANGE}(?P<last>\d{{1,2}})(?:st|nd|rd|th)?(?!\w))?"
        no_more = r"(?![\w:%°]|[.,]\d|-[^\W\d])"
        patterns.append(
            rf"(?<!\w)(?P<month>{month}) (?:the )?(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.(?= ?\w))?{no_more}{last}{year}"
        )
        patterns.append(rf"(?<!\w)(?P<month>{month}) (?P<d>)?(?P<y>[12]\d{{3}}){no_more}")
    return tuple(re.compile(pattern) for pattern in patterns)


def _month_pattern(locale: LocaleRules) -> str:
    """Full names, in the case that the language writes; short ones where they are certain."""
    full = {name.lower() for name in locale.names.months}
    certain = locale.lexicon.calendar.sure_abbreviations
    names = sorted(locale.names.month_numbers, key=len, reverse=True)
    alternatives = []
    for name in names:
        written = re.escape(name.title() if certain else name)
        stop = r"\.?(?!\w)" if certain else r"\."
        alternatives.append(rf"{written}(?!\w)" if name in full else written + stop)
    pattern = "|".join(alternatives)
    return pattern if certain else f"(?i:{pattern})"
