"""Abbreviations: some are said in full, some letter by letter."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_TONGUES, Tongue

_CAPITALS = re.compile(r"[^\W\d_]{2,}")


def say_abbreviations(text: str, tongue: Tongue) -> str:
    """Say the abbreviations that the lexicon knows.

    In a text that is all in capitals none can be told from words.
    """
    if pattern := _spellings(tongue):
        text = pattern.sub(lambda match: _spelled(match[0], tongue), text)
    if (pattern := _letters(tongue)) and not _shouts(text):
        text = pattern.sub(lambda match: " ".join(match[1]) + ("'s" if match[2] else ""), text)
    return text


@functools.lru_cache(maxsize=MAX_TONGUES)
def _spellings(tongue: Tongue) -> re.Pattern[str] | None:
    if not tongue.lexicon.spellings:
        return None
    spellings = tongue.lexicon.spellings
    known = {*spellings, *(_begun(short) for short in spellings)}
    short = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
    return re.compile(rf"{tongue.before}(?:{short}){tongue.after}")


def _spelled(short: str, tongue: Tongue) -> str:
    spellings = tongue.lexicon.spellings
    if short in spellings:
        return spellings[short]
    return _begun(next(full for known, full in spellings.items() if _begun(known) == short))


def _begun(text: str) -> str:
    """The same at the beginning of a sentence."""
    return text[:1].upper() + text[1:]


@functools.lru_cache(maxsize=MAX_TONGUES)
def _letters(tongue: Tongue) -> re.Pattern[str] | None:
    if not tongue.lexicon.letters:
        return None
    known = "|".join(map(re.escape, tongue.lexicon.letters))
    return re.compile(rf"{tongue.before}({known})(s?){tongue.after}")


def _shouts(text: str) -> bool:
    words = _CAPITALS.findall(text)
    return len(words) > 1 and all(word.isupper() for word in words)
