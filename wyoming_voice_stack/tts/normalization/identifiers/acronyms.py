"""Abbreviations: written out in full, or spelled letter by letter."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules

_CAPITALS = re.compile(r"[^\W\d_]{2,}")


def verbalize_abbreviations(text: str, locale: LocaleRules) -> str:
    """Verbalize the abbreviations of the lexicon.

    In a text that is all capitals, acronyms cannot be distinguished from words and stay.
    """
    if pattern := _spellings(locale):
        text = pattern.sub(lambda match: _expand(match[0], locale), text)
    if (pattern := _letters(locale)) and not _is_all_capitals(text):
        text = pattern.sub(lambda match: " ".join(match[1]) + ("'s" if match[2] else ""), text)
    return text


@functools.lru_cache(maxsize=MAX_LOCALES)
def _spellings(locale: LocaleRules) -> re.Pattern[str] | None:
    if not locale.lexicon.spellings:
        return None
    spellings = locale.lexicon.spellings
    known = {*spellings, *(_capitalized(short) for short in spellings)}
    short = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    return re.compile(rf"{locale.before}(?:{short}){locale.after}")


def _expand(short: str, locale: LocaleRules) -> str:
    spellings = locale.lexicon.spellings
    if short in spellings:
        return spellings[short]
    return _capitalized(
        next(full for known, full in spellings.items() if _capitalized(known) == short)
    )


def _capitalized(text: str) -> str:
    """Capitalize the first letter, as at the beginning of a sentence."""
    return text[:1].upper() + text[1:]


@functools.lru_cache(maxsize=MAX_LOCALES)
def _letters(locale: LocaleRules) -> re.Pattern[str] | None:
    if not locale.lexicon.letters:
        return None
    known = "|".join(map(re.escape, locale.lexicon.letters))
    return re.compile(rf"{locale.before}({known})(s?){locale.after}")


def _is_all_capitals(text: str) -> bool:
    words = _CAPITALS.findall(text)
    return len(words) > 1 and all(word.isupper() for word in words)
