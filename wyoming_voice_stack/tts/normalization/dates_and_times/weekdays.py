"""Abbreviated weekdays: in ranges, and before a date or a time of day."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import RANGE

_UNTIL = "t/m"
_CERTAIN_JOINTS = frozenset({_UNTIL, "tot en met"})
"""Between two weekdays also in lower case."""


def verbalize_weekdays(text: str, locale: LocaleRules) -> str:
    """Write out `Mon-Fri`, and abbreviated weekdays before a date or a time of day."""
    text = _weekday_range_pattern(locale).sub(
        lambda match: _expand_weekday_range(match, locale), text
    )
    if locale.lexicon.calendar.weekday_joints:
        text = _listed_pattern(locale).sub(lambda match: _expand_listed(match, locale), text)
        text = _joined_pattern(locale).sub(lambda match: _expand_joined(match, locale), text)
    if locale.lexicon.calendar.weekday_leads and "." in text:
        text = _led_pattern(locale).sub(
            lambda match: match[1] + locale.names.weekdays[match[2].lower()], text
        )
    if any(character.isdecimal() for character in text):
        text = _weekday_pattern(locale).sub(lambda match: _expand_weekday(match, locale), text)
    return text


def _expand_weekday(match: re.Match[str], locale: LocaleRules) -> str:
    short = match[1] or match[3]
    if match[3] and not short[0].isupper():
        return match[0]  # In lower case before a time, it may be another word.
    return locale.names.weekdays.get(short.lower().rstrip("."), short) + (match[2] or match[4])


def _expand_weekday_range(match: re.Match[str], locale: LocaleRules) -> str:
    if " " in match[0] and (match[1][0].islower() or match[2][0].islower()):
        return match[0]  # With a space, `zo - ma` are words.
    first, last = (locale.names.weekdays.get(match[group].lower()) for group in (1, 2))
    return f"{first} {locale.lexicon.to} {last}" if first and last and first != last else match[0]


def _expand_joined(match: re.Match[str], locale: LocaleRules) -> str:
    are_names = match["first"][0].isupper() and match["last"][0].isupper()
    is_range = are_names and match["joint"] != locale.sign("and")
    if not (match["stop"] or is_range or match["joint"] in _CERTAIN_JOINTS):
        return match[0]  # Without a full stop, `so und so` are words, and `Do und Mi` notes.
    first, last = (locale.names.weekdays[match[group].lower()] for group in ("first", "last"))
    return f"{first} {match['joint']} {last}"


def _expand_listed(match: re.Match[str], locale: LocaleRules) -> str:
    known = re.compile(rf"(?<!\w)(?i:{_known(locale)})(?!\w)\.?")
    return known.sub(lambda day: locale.names.weekdays[day[0].lower().rstrip(".")], match[0])


def _known(locale: LocaleRules) -> str:
    return "|".join(map(re.escape, locale.names.weekdays))


@functools.lru_cache(maxsize=MAX_LOCALES)
def _listed_pattern(locale: LocaleRules) -> re.Pattern[str]:
    """Match three or more abbreviated weekdays, such as `Mo, Mi und Fr`."""
    titled = "|".join(re.escape(name.title()) for name in locale.names.weekdays)
    day = rf"(?:(?:{titled})(?!\w)\.?|(?i:{_known(locale)})\.)"
    joints = "|".join(map(re.escape, locale.lexicon.calendar.weekday_joints))
    last = rf"(?:{titled}|(?i:{_known(locale)})(?=\.))(?![\w-])(?:\.(?=\s+[^\W\d_A-Z\u00c0-\u00de]|[,;:!?)]|\s\d))?"
    return re.compile(rf"(?<![\w.-])(?:{day}, )+{day},? (?:{joints}) {last}")


@functools.lru_cache(maxsize=MAX_LOCALES)
def _joined_pattern(locale: LocaleRules) -> re.Pattern[str]:
    """Match two abbreviated weekdays with words between them."""
    known = _known(locale)
    joints = "|".join(map(re.escape, locale.lexicon.calendar.weekday_joints))
    stop = r"(?:\.(?=\s+[^\W\d_A-Z\u00c0-\u00de]|[,;:!?)]|\s\d))?"
    return re.compile(
        rf"(?<![\w.-])(?P<first>(?i:{known}))(?P<stop>\.?) (?P<joint>{joints}) (?P<last>(?i:{known}))(?![\w-]){stop}"
    )


@functools.lru_cache(maxsize=MAX_LOCALES)
def _led_pattern(locale: LocaleRules) -> re.Pattern[str]:
    leads = "|".join(locale.lexicon.calendar.weekday_leads)
    known = "|".join(map(str.title, locale.names.weekdays))
    return re.compile(rf"((?<!\w)(?i:{leads}) )({known})\.(?=\s[^\W\d_A-Z\u00c0-\u00de]|,)")


@functools.lru_cache(maxsize=MAX_LOCALES)
def _weekday_range_pattern(locale: LocaleRules) -> re.Pattern[str]:
    calendar = locale.lexicon.calendar
    if not calendar.unambiguous_abbreviations and not calendar.weekday_joints:
        return re.compile("(?!)()()")
    known = "|".join(re.escape(name.title()) for name in locale.names.weekdays)
    # Dutch and Romance languages write them in lower case too.
    flags = re.NOFLAG if calendar.unambiguous_abbreviations else re.IGNORECASE
    stop = r"(?:\.(?=\s[^\W\d_A-Z]|\s\d|,))?"
    return re.compile(
        rf"(?<![\w-])({known})\.?{RANGE}({known})(?![\w-]){stop}",
        flags,
    )


@functools.lru_cache(maxsize=MAX_LOCALES)
def _weekday_pattern(locale: LocaleRules) -> re.Pattern[str]:
    if not locale.lexicon.spaced:
        return re.compile(r"(?!)()()()()")
    short = sorted((name for name in locale.names.weekdays), key=len, reverse=True)
    hours = (
        "|".join((*locale.lexicon.clock.hour_words, *locale.lexicon.clock.consumed_words)) or "(?!)"
    )
    known = "|".join(map(re.escape, short))
    titled = (
        known if locale.lexicon.calendar.unambiguous_abbreviations else rf"(?:{known})(?=\. | \d+:)"
    )
    months = "|".join(map(re.escape, sorted(locale.names.month_numbers, key=len, reverse=True)))
    return re.compile(
        rf"(?<![-\u2013]){locale.before}({known})\.?(,? )"
        rf"(?=(?:den |the )?(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}-\d{{1,2}}-\d{{4}}|\d{{1,2}}[./]\s?\d{{1,2}}[./]|\d{{1,2}}\S{{0,2}} (?:of |de )?(?:{months})\b"
        rf"|(?:{months})\.? \d{{1,2}}\b))"
        rf"|(?<![-\u2013]){locale.before}({titled})\.?(,? )(?=\d{{1,2}}(?:[:h]\d\d| ?[ap]\.?m\b"
        rf"| ?(?:{hours})\b|{RANGE}\d))",
        re.IGNORECASE,
    )
