"""Abbreviations: written out in full, or spelled letter by letter."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules

_NUMBER_BACK = re.compile(r"\d\s?$")
_NUMBER_CHARACTERS = 2
_NEXT_WORD = re.compile(r"\s+([^\W\d_])")
_CAPITALS = re.compile(r"[^\W\d_]{2,}")


def verbalize_abbreviations(text: str, locale: LocaleRules) -> str:
    """Verbalize the abbreviations of the lexicon.

    In a text that is all capitals, acronyms cannot be distinguished from words and stay.
    """
    if pattern := _spellings(locale):
        text = pattern.sub(lambda match: _expanded(match, locale), text)
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


def _expanded(match: re.Match[str], locale: LocaleRules) -> str:
    """Return the full form; a unit behind a number stays, as its form depends on the number."""
    words, short = locale.lexicon, match[0]
    is_unit = short in words.unit_symbols
    if is_unit and _NUMBER_BACK.search(match.string[: match.start()][-_NUMBER_CHARACTERS:]):
        return short
    is_closing = short in words.closing_abbreviations
    next_word = _NEXT_WORD.match(match.string, match.end()) if is_closing else None
    ends_sentence = next_word is not None and next_word[1].isupper()
    return _expand(short, locale) + ("." if ends_sentence else "")


def is_spelled(short: str, locale: LocaleRules) -> bool:
    """Return whether the lexicon has the full form of an abbreviation."""
    pattern = _spellings(locale)
    return pattern is not None and pattern.fullmatch(short) is not None


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
