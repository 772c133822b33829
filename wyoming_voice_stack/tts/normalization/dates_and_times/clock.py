"""Verbalizes times of day: `21:45`, `9 pm` and ranges of them."""

from __future__ import annotations

import functools
import re
from decimal import Decimal

from wyoming_voice_stack.tts.normalization.locale.grammatical_case import word_before_number
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import RANGE, WrittenNumber

_HOURS = 24
_NOON = 12
_TEN = 10
_MERIDIEM = re.compile(
    r"(?<![\w:.,])(?P<h>0?\d|1[0-2])(?:[:.](?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?)?"
    rf"(?:(?:{RANGE}| to )(?P<h2>0?\d|1[0-2])(?:[:.](?P<m2>[0-5]\d))?)?"
    r"\s?(?P<half>[ap])\.?\s?m\b\.?",
    re.IGNORECASE,
)
_HALF_DAY = re.compile(
    r"(?<![\w:.,])(?P<h>0?[1-9]|1[0-2])(?:[:.](?P<m>[0-5]\d))?\s?(?:AM|(?P<pm>PM|p\.\s?m\.)|a\.\s?m\.)(?!\w)"
)
"""A time on the 12-hour clock in another language; lower-case `am` is a German word."""
NO_QUANTITY = r"(?! ?(?:[%\u00b0\u20ac$\u00a3]|(?:z\u0142|[kcm]?m|[km]?g|m?l|mln|tys)\b|(?i:euro|punkt|procent)))"
"""A number with a decimal point stands before a unit, also behind a word that is said before times."""
_TWO_STOPS = re.compile(r"(?<=\b[ap]\.m\.)\.(?!\.)")
_HALF_TO = re.compile(rf"(?<=\b[ap]\.m\.){RANGE}(?=\w)")


def verbalize_times(text: str, locale: LocaleRules) -> str:
    """Verbalize times of day and ranges of them."""
    if locale.lexicon.clock.twelve_hours:
        text = _MERIDIEM.sub(lambda match: _meridiem(match, locale), text)
    elif locale.lexicon.clock.converts_half_days:
        text = _HALF_DAY.sub(_on_24_hours, text)
    for pattern in _patterns(locale):
        text = pattern.sub(lambda match: _range(match, locale), text)
    if locale.lexicon.clock.twelve_hours:
        text = _TWO_STOPS.sub("", _HALF_TO.sub(f" {locale.lexicon.to} ", text))
    return text


def _on_24_hours(match: re.Match[str]) -> str:
    hour = int(match["h"]) % _NOON + (_NOON if match["pm"] else 0)
    ends = "." if match.end() == len(match.string) and match[0][-1] == "." else ""
    return f"{hour}:{match['m'] or '00'}{ends}"


def _meridiem(match: re.Match[str], locale: LocaleRules) -> str:
    ends = [(match["h"], match["m"])]
    if match["h2"]:
        ends.append((match["h2"], match["m2"]))
    times = [
        _twelve_hour_time(int(hour) or _NOON, int(minute or 0), locale) for hour, minute in ends
    ]
    spoken = f" {locale.lexicon.to} ".join(times)
    return f"{spoken} {match['half'].lower()}.m.{_seconds(match['s'], locale)}"


def _twelve_hour_time(hour: int, minute: int, locale: LocaleRules) -> str:
    """Verbalize a time on the 12-hour clock, without a.m. or p.m."""
    clock = locale.lexicon.clock
    spoken = locale.numerals.cardinal(hour)
    if not minute:
        return spoken
    template = (
        clock.single_digit_minute if minute < _TEN and clock.single_digit_minute else clock.full
    )
    return template.format(hour=spoken, minute=locale.numerals.cardinal(minute))


def _range(match: re.Match[str], locale: LocaleRules) -> str:
    found = match.groupdict()
    before = match.string[: match.start("h")]
    ends = [(found["h"], found.get("m"), found.get("s"))]
    if found.get("h2"):
        ends.append((found["h2"], found.get("m2"), None))
    lead = found.get("lead") or _range_lead(ends, before, locale)
    contexts = (f"{before}{lead}", f"{before}{_to(locale)} ")
    spoken = [
        time_of_day(*end, context, locale) for end, context in zip(ends, contexts, strict=False)
    ]
    if None in spoken:
        return match[0]
    return lead + _joined(list(filter(None, spoken)), match.string[match.end() :], locale)


def _range_lead(
    ends: list[tuple[str, str | None, str | None]], before: str, locale: LocaleRules
) -> str:
    """Return the word before a range, such as Polish `od`, if the text has none."""
    lead = locale.lexicon.clock.range_lead
    if not lead or len(ends) == 1:
        return ""
    word = word_before_number(before, len(before), locale)
    is_led = any(word in words for words in locale.lexicon.clock.after.values())
    return "" if is_led else f"{lead} "


def _joined(times: list[str], after: str, locale: LocaleRules) -> str:
    """Return one time, or two with the words of a range."""
    clock = locale.lexicon.clock
    is_between = after.strip().startswith(clock.range_between) if clock.range_between else False
    if len(times) > 1 and clock.range and not is_between:
        return clock.range.format(first=times[0], last=times[1])
    if clock.joins_hours and all(time.endswith(clock.consumed_words) for time in times):
        times = [*(time.rpartition(" ")[0] for time in times[:-1]), times[-1]]
    return f" {_to(locale)} ".join(times)


def _to(locale: LocaleRules) -> str:
    return locale.lexicon.clock.range_to or locale.lexicon.to


def time_of_day(
    hour: str, minute: str | None, second: str | None, before: str, locale: LocaleRules
) -> str | None:
    """Return the time of day in words, or None if the hour is above 24.

    `before` is the text in front of it, which decides the grammatical form.
    """
    hours, minutes = int(hour), int(minute or 0)
    if hours > _HOURS:
        return None
    spoken = _hour_and_minute(hours, minutes, before, locale)
    return " ".join((spoken + _seconds(second, locale)).split())


def _seconds(second: str | None, locale: LocaleRules) -> str:
    if not second or not int(second):
        return ""
    seconds = locale.measure(WrittenNumber(str(int(second))), "duration-second")
    return f" {locale.sign('and') or ''} {seconds}" if seconds else ""


def _hour_and_minute(hour: int, minute: int, before: str, locale: LocaleRules) -> str:
    clock = locale.lexicon.clock
    if clock.twelve_hours and not 1 <= hour <= _NOON:
        half = "a.m." if hour % _HOURS < _NOON else "p.m."
        return f"{_twelve_hour_time(hour % _NOON or _NOON, minute, locale)} {half}"
    template = clock.full if minute else clock.hour
    if 0 < minute < _TEN and clock.single_digit_minute:
        template = clock.single_digit_minute
    form = _form_of_hour(hour, before, locale)
    return template.format(
        hour=_hour(hour, form, locale),
        hours=_hours_in_form(hour, form, locale),
        minute=locale.numerals.cardinal(minute, form if form in clock.hour_nouns else "plain"),
    )


def _hours_in_form(hour: int, form: str, locale: LocaleRules) -> str:
    patterns = locale.lexicon.clock.hour_nouns.get(form)
    if patterns is None:
        return locale.hours(hour)
    pattern = locale.names.plural(patterns, Decimal(hour))
    return pattern.replace("{0}", _hour(hour, form, locale))


def _form_of_hour(hour: int, before: str, locale: LocaleRules) -> str:
    clock = locale.lexicon.clock
    form = clock.form if hour <= clock.form_up_to else "plain"
    word = word_before_number(before, len(before), locale)
    return next((form for form, words in clock.after.items() if word in words), form)


def _hour(hour: int, form: str, locale: LocaleRules) -> str:
    if form.startswith("ordinal") and hour:
        return locale.numerals.ordinal(hour, form)
    return locale.numerals.cardinal(hour, form)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _patterns(locale: LocaleRules) -> tuple[re.Pattern[str], ...]:
    clock = locale.lexicon.clock
    before = rf"(?<![-+\d:.,/]){locale.before}"
    words_after = word_pattern(clock.consumed_words, locale)
    no_half = r"|\s?[ap]\.?m\b" if clock.twelve_hours else ""
    no_more = rf"(?!\d|:\S|[.,]\d{no_half})"
    time = rf"(?P<h>\d{{1,2}})[{clock.marks}](?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?"
    last = rf"(?P<h2>\d{{1,2}})[{clock.marks}](?P<m2>[0-5]\d)"
    after = locale.after if locale.lexicon.spaced else ""
    patterns = [
        rf"{before}{time}(?:{words_after})?(?:{RANGE}{last})?{no_more}(?:{words_after})?{after}"
    ]
    if "h" in clock.marks:
        spaced = rf"(?P<h>\d{{1,2}}) h (?P<m>[0-5]\d){no_more}{after}"
        patterns.append(before + spaced)
        full, short = r"(?P<h{}>\d{{1,2}}) ?h ?(?P<m{}>[0-5]\d)", r"(?P<h{}>\d{{1,2}}) ?h"
        for first, second in ((full, short), (short, full)):
            ends = first.format("", "") + RANGE + second.format("2", "2")
            patterns.insert(0, f"{before}{ends}{no_more}{after}")
    if clock.dotted_marks:
        words = "|".join(clock.dotted_marks)
        leads = "|".join((*clock.dotted_marks, *clock.dotted_leads))
        dotted = r"(?P<h>\d{1,2})\.(?P<m>[0-5]\d)"
        last_dotted = rf"(?:{RANGE}(?P<h2>\d{{1,2}})\.(?P<m2>[0-5]\d))?"
        lead = rf"(?P<lead>(?<!\w)(?i:{leads})\.?\s)"
        no_counted = rf"(?! ?(?i:{'|'.join(clock.not_dotted_before) or '(?!)'}))"
        patterns.append(rf"{lead}{dotted}{last_dotted}{no_more}{after}{NO_QUANTITY}{no_counted}")
        patterns.append(rf"{before}{dotted}{last_dotted}\s(?i:{words})\b")
    if clock.hour_words:
        word = word_pattern(clock.hour_words, locale)
        hour = rf"(?P<h>\d{{1,2}})(?:(?:{word})?{RANGE}(?P<h2>\d{{1,2}}))?{word}"
        minutes = "|".join(clock.consumed_minute_words) or "(?!)"
        minute = rf"(?: (?P<m>[0-5]\d)(?: ?(?:{minutes})|{no_more}(?! ?[%°])))?"
        patterns.append(f"{before}{hour}{minute}{after}")
    if clock.hour_lead_words:
        lead = rf"(?P<lead>(?<!\w)(?i:{'|'.join(clock.hour_lead_words)})\s)"
        patterns.append(rf"{lead}(?P<h>\d{{1,2}})\s?h{after}")
    return tuple(re.compile(pattern) for pattern in patterns)


def word_pattern(known: tuple[str, ...], locale: LocaleRules) -> str:
    """Return a regular expression for one of the `known` words, with or without a space before it."""
    if not known:
        return ""
    words = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    return rf"\s?(?i:{words}){locale.after}"
