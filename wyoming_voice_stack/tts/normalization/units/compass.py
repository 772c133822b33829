"""Directions of the wind: `wind 12 km/h NW`."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules

_CONTEXT_CHARACTERS = 60
"""Characters before a direction that are searched for a word such as `wind`."""
_UNIT_BACK = re.compile(r"(?:/[^\W\d_]{1,4}|mph|kn|kt|Bft)[ ,(]{1,2}$")
_PAIR = 2
_BYTES = frozenset({"GB", "KB"})
"""Turkish directions that are units behind a number."""
_WORDS = frozenset({"NO", "SO", "SE", "NE", "OSO"})
"""Directions that are words of Romance languages and German."""


def verbalize_directions(text: str, locale: LocaleRules) -> str:
    """Verbalize the letters of a direction in a text about the wind.

    A single letter, or what may be a word, needs the wind, its speed or a preposition directly before it.
    """
    if not locale.lexicon.compass:
        return text
    return _pattern(locale).sub(lambda match: _verbalize(match, locale), text)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    letters = "".join({letter for name in locale.lexicon.compass for letter in name})
    return re.compile(rf"(?<![\w.'\u2019/-])[{letters}]{{1,3}}(?![\w'\u2019-]|\.\s?\w)")


@functools.lru_cache(maxsize=MAX_LOCALES)
def _wind(locale: LocaleRules) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns for a word about the wind, and for a direction's lead at the end of a text."""
    words = "|".join(locale.lexicon.wind_words)
    leads = "|".join(locale.lexicon.wind_leads) or "(?!)"
    anywhere = rf"(?<!\w)(?i:{words})(?!\w)"
    return re.compile(anywhere), re.compile(rf"(?:{anywhere}|(?<!\w)(?:{leads}))[ :,(]{{1,2}}$")


@functools.lru_cache(maxsize=MAX_LOCALES)
def _no_direction(locale: LocaleRules) -> re.Pattern[str]:
    return re.compile("|".join(locale.lexicon.no_directions) or "(?!)")


def _verbalize(match: re.Match[str], locale: LocaleRules) -> str:
    wind, lead = _wind(locale)
    begin = match.start()
    before = match.string[max(begin - _CONTEXT_CHARACTERS, 0) : begin]
    name = _name(match[0], locale)
    if match[0] in _BYTES and before[-_PAIR:-1].isdigit():
        return match[0]
    is_certain = len(match[0]) >= _PAIR and match[0] not in _WORDS
    is_about_wind = wind.search(before) or (is_certain and _UNIT_BACK.search(before))
    if name is None or not is_about_wind or _no_direction(locale).match(match.string, begin):
        return match[0]
    if not is_certain and not (lead.search(before) or _UNIT_BACK.search(before)):
        return match[0]
    return name


def _name(letters: str, locale: LocaleRules) -> str | None:
    names = locale.lexicon.compass
    if len(letters) <= _PAIR or letters in names:
        return names.get(letters)
    first, second = names.get(letters[0]), names.get(letters[1:])
    return f"{first}-{second}" if first and second else None
