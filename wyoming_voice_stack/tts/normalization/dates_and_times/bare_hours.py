"""Hours without minutes, recognized by the words around them: Polish `o godz. 17`, `o 17`."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.dates_and_times.clock import time_of_day
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import RANGE

_HOUR = r"(?:1?\d|2[0-4])"
_END = r"(?![\w:/%\u00b0]|[.,]\d|\s?[-\u2013]\s?\d)"


def verbalize_bare_hours(text: str, locale: LocaleRules) -> str:
    """Verbalize hours after a word such as `godzina`, and after a preposition of time."""
    hours = locale.lexicon.bare_hours
    if hours is None or not any(character.isdigit() for character in text):
        return text
    for short, full in hours.leads.items():
        text = re.sub(short, full, text)
    text = _named(locale).sub(lambda match: _verbalize(match, locale), text)
    if not _matches(hours.not_in, text):
        text = _after(hours.after, locale).sub(lambda match: _verbalize(match, locale), text)
    if _matches(hours.context, text):
        text = _after(hours.after_in_context, locale).sub(
            lambda match: _verbalize(match, locale), text
        )
    return text


def _matches(stems: tuple[str, ...], text: str) -> bool:
    return re.search(rf"(?<!\w)(?i:{'|'.join(stems)})", text) is not None


def _pattern(words: tuple[str, ...], end: str, locale: LocaleRules) -> re.Pattern[str]:
    hours = locale.lexicon.bare_hours
    nouns = "|".join(hours.nouns) if hours else ""
    joints = "|".join((*locale.lexicon.numbers.joints, locale.lexicon.to))
    joint = rf"(?P<joint>{RANGE}| (?:{joints}) (?:(?:{nouns}) )?)"
    return re.compile(
        rf"(?<!\w)(?P<lead>(?i:{'|'.join(words)}) )(?P<h>{_HOUR})"
        rf"(?:{joint}(?P<h2>{_HOUR}))?{end}"
    )


@functools.lru_cache(maxsize=MAX_LOCALES)
def _named(locale: LocaleRules) -> re.Pattern[str]:
    hours = locale.lexicon.bare_hours
    return _pattern(hours.nouns if hours else ("(?!)",), _END, locale)


@functools.lru_cache(maxsize=2 * MAX_LOCALES)
def _after(words: tuple[str, ...], locale: LocaleRules) -> re.Pattern[str]:
    hours = locale.lexicon.bare_hours
    following = "|".join(hours.before) if hours else ""
    end = rf"{_END}(?=\W*$|[.,;:!?)]| (?i:{following})(?!\w))"
    return _pattern(words, end, locale)


def _verbalize(match: re.Match[str], locale: LocaleRules) -> str:
    lead, joint = match["lead"], match["joint"]
    first = time_of_day(match["h"], None, None, lead, locale)
    if not joint:
        return f"{lead}{first}"
    word = joint.strip()
    if not word[0].isalpha():
        joint, word = f" {locale.lexicon.to} ", locale.lexicon.to
    governs = any(word.rpartition(" ")[2] in words for words in locale.lexicon.clock.after.values())
    second = time_of_day(match["h2"], None, None, joint if governs else lead, locale)
    return f"{lead}{first}{joint}{second}"
