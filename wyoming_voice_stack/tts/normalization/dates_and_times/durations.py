"""Durations written with several units, or with colons."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.dates_and_times.clock import word_pattern
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import WrittenNumber

_UNITS = ("duration-day", "duration-hour", "duration-minute", "duration-second")
_END = r"(?![\w:]|[.,]\d)"
_BEGIN = r"(?<![\w:.,/-])"
_MIXED = (
    re.compile(
        rf"{_BEGIN}(?:(?P<d>\d{{1,3}})\s?d\s?)?(?P<h>\d{{1,3}})\s?(?:h(?:rs?)?|uur|u)\s?(?P<m>\d{{1,2}})\s?m(?:ins?)?"
        rf"(?:\s?(?P<s>\d{{1,2}})\s?s(?:ec)?)?{_END}",
    ),
    re.compile(
        rf"{_BEGIN}(?P<d>)?(?P<h>)?(?P<m>\d{{1,3}})\s?m(?:ins?)?\s?(?P<s>\d{{1,2}})\s?s(?:ec)?{_END}"
    ),
    re.compile(rf"{_BEGIN}(?P<d>\d{{1,3}})\s?d\s(?P<h>\d{{1,2}})\s?h(?P<m>)?(?P<s>)?{_END}"),
)
_HOUR_WORD = r"(?:\s?(?:h|hrs?|hours?|[Ss]td|[Ss]tunden?|uur|godz|hod|\u0447|\u0447\u0430\u0441(?:\u0430|\u043e\u0432)?)\b\.?)?"
_COLONS = rf"{_BEGIN}(?P<d>)?(?P<h>\d|00):(?P<m>[0-5]\d):(?P<s>[0-5]\d){_END}(?!\s?[ap]\.?m)"
"""With a two-digit hour it is a time of day."""
_HOURS = rf"{_BEGIN}(?P<d>)?(?P<h>\d{{1,2}}):(?P<m>[0-5]\d)(?P<s>)?"
_HOURS_AND_MINUTES = rf"{_BEGIN}(?P<d>)?(?P<h>\d{{1,2}})\s?h(?P<m>[0-5]\d)(?P<s>)?{_END}"
"""`2h30`, which is a time of day behind a word such as `at`."""
_MINUTES = re.compile(
    rf"{_BEGIN}(?P<d>)?(?P<h>)?(?P<m>\d{{1,3}}):(?P<s>[0-5]\d)\s?"
    r"(?:[Mm]in(?:s|utes?|uten|uti|utos|ut)?|\u043c\u0438\u043d(?:\u0443\u0442[\u044b\u0430]?)?|perc|dk|dakika)\b\.?"
)
"""`1:30 min`, with the symbol or the word in any language."""
_SECONDS = rf"{_BEGIN}(?P<d>)?(?P<h>)?(?P<m>00?):(?P<s>[0-5]\d)(?![\w:]|[.,]\d|\s?[-\u2013]\s?\d|\s?[ap]\.?m)"
_TIMER_MINUTES = r"(?<![\w:.,/-])\d{1,2}:[0-5]\d(?![\w:]|[.,]\d|\s?[-\u2013]\s?\d|\s?[ap]\.?m)"
_MINUTES_AND_SECONDS = re.compile(r"(?P<d>)?(?P<h>)?(?P<m>\d{1,2}):(?P<s>\d\d)")
_NEAR = 40
"""Characters between a word such as `timer` and its time."""
_LAST_WORD = re.compile(r"([^\W\d_]+) $")


def verbalize_durations(text: str, locale: LocaleRules) -> str:
    """Verbalize `1:30:00` and `2h 15min` with the names of the units."""
    for pattern in _MIXED:
        text = pattern.sub(lambda match: _verbalize(match, locale), text)
    text = _MINUTES.sub(lambda match: _verbalize(match, locale), text)
    if ":" in text and locale.lexicon.clock.timer_words:
        text = _on_timer(text, locale)
    for pattern in _with_colons(locale):
        text = pattern.sub(lambda match: _unless_of_day(match, locale), text)
    return text


@functools.lru_cache(maxsize=MAX_LOCALES)
def _with_colons(locale: LocaleRules) -> tuple[re.Pattern[str], ...]:
    clock = locale.lexicon.clock
    of_day = word_pattern((*clock.consumed_words, *clock.hour_words), locale) or "(?!)"
    patterns = [rf"{_COLONS}(?!{of_day}){_HOUR_WORD}"]
    if "h" not in clock.marks:
        patterns.append(_HOURS_AND_MINUTES)
    if clock.duration_words:
        patterns.append(f"{_HOURS}{word_pattern(clock.duration_words, locale)}{_END}")
    return tuple(re.compile(pattern) for pattern in patterns)


def _on_timer(text: str, locale: LocaleRules) -> str:
    """Verbalize `0:45` near a word such as `timer` as seconds."""
    clock = locale.lexicon.clock
    of_day = word_pattern((*clock.consumed_words, *clock.hour_words), locale) or "(?!)"
    seconds, words = _timer(of_day, clock.timer_words)
    text = seconds.sub(lambda match: _seconds(match, words, locale), text)
    return _beside(of_day, clock.timer_words).sub(lambda match: _minutes(match, locale), text)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _timer(of_day: str, timer_words: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns for the time and for the words near it."""
    words = rf"(?<!\w)(?i:{'|'.join(timer_words)})(?!\w)"
    return re.compile(rf"{_SECONDS}(?!{of_day})"), re.compile(words)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _beside(of_day: str, timer_words: tuple[str, ...]) -> re.Pattern[str]:
    """Match minutes and seconds directly beside a word such as `timer` or `left`."""
    words = rf"(?<!\w)(?i:{'|'.join(timer_words)})(?!\w)"
    return re.compile(
        rf"(?P<word>(?:{words} ?: |(?!left ){words} ))?(?P<time>{_TIMER_MINUTES})(?!{of_day})(?(word)|(?= {words}))"
    )


def _minutes(match: re.Match[str], locale: LocaleRules) -> str:
    """Verbalize `5:00` beside the word, unless it is a time of day."""
    time = _MINUTES_AND_SECONDS.match(match["time"])
    before = _LAST_WORD.search(match.string, max(match.start() - 12, 0), match.start("time"))
    is_of_day = before is not None and before[1].lower() in locale.lexicon.clock.lead_words
    # "The 8:30 left" is a train.
    is_train = before is not None and before[1].lower() == "the" and not match["word"]
    if is_of_day or is_train or time is None:
        return match[0]
    return (match["word"] or "") + _verbalize(time, locale)


def _seconds(match: re.Match[str], words: re.Pattern[str], locale: LocaleRules) -> str:
    begin, end = max(match.start() - _NEAR, 0), match.end() + _NEAR
    if words.search(match.string, begin, match.start()) or words.search(
        match.string, match.end(), end
    ):
        return _unless_of_day(match, locale)
    return match[0]


def _unless_of_day(match: re.Match[str], locale: LocaleRules) -> str:
    """Verbalize the match unless it is a time of day, as in `at 1:05:23`."""
    before = _LAST_WORD.search(match.string, max(match.start() - 12, 0), match.start())
    if before is not None and before[1].lower() in locale.lexicon.clock.lead_words:
        return re.sub(r"\s?h", ":", match[0]) if ":" not in match[0] else match[0]
    return _verbalize(match, locale)


def _verbalize(match: re.Match[str], locale: LocaleRules) -> str:
    spoken = []
    for unit, digits in zip(_UNITS, match.group("d", "h", "m", "s"), strict=True):
        if not digits or not int(digits):
            continue
        measure = locale.measure(WrittenNumber(str(int(digits))), unit)
        if measure is None:
            return match[0]
        spoken.append(measure)
    return " ".join(spoken) or match[0]
