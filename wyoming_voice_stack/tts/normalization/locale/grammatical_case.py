"""The grammatical case that the words around a number require."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules

_LONGEST_CONTEXT = 48
"""Characters before a number that are searched for a preposition."""
_NOUN = re.compile(r" ([^\W\d_]+)")


def case_of_number(text: str, start: int, end: int, locale: LocaleRules) -> str:
    """Return the suffix of the form for the number at `text[start:end]`, or ``""``.

    The suffix is a hyphen and the case, such as `-genitive`.
    """
    cases = locale.lexicon.numbers.cases
    if not cases:
        return ""
    governor = word_before_number(text, start, locale)
    after = _NOUN.match(text, end)
    noun = after[1].lower() if after else ""
    for case in cases:
        governed = not case.after or governor in case.after
        fits = not case.before or noun in case.before
        if governed and fits and (not case.nouns or noun.endswith(case.nouns)):
            return f"-{case.case}"
    return ""


def case_of_range_end(locale: LocaleRules) -> str:
    """Return the suffix that the word between the ends of a range requires, or ``""``."""
    to = locale.lexicon.to
    cases = locale.lexicon.numbers.cases
    if locale.lexicon.numbers.hyphenated_ranges:
        return ""
    return next((f"-{case.case}" for case in cases if to in case.after and not case.nouns), "")


def between_numbers(text: str, start: int, locale: LocaleRules) -> str:
    """Return what is spoken between the ends of a range that begins at `start`.

    A hyphen, if the word before the range is already the one that would stand between.
    """
    to = locale.lexicon.to
    if locale.lexicon.numbers.hyphenated_ranges:
        return "-"
    repeated = case_of_range_end(locale) and word_before_number(text, start, locale) == to
    return "-" if repeated else f" {to} "


def word_before_number(text: str, start: int, locale: LocaleRules) -> str:
    """Return the word before a number in lower case, or ``""``.

    Before the second of two numbers, it is the word before both: `between 5 and 10`.
    """
    found = _word_pattern(locale).search(text, max(start - _LONGEST_CONTEXT, 0), start)
    return found[1].lower() if found else ""


@functools.lru_cache(maxsize=MAX_LOCALES)
def _word_pattern(locale: LocaleRules) -> re.Pattern[str]:
    joints = "|".join(map(re.escape, locale.lexicon.numbers.joints))
    unit = r"(?:\s?(?:\u00b0?[^\W\d_]{1,5}\.?|[%$\u20ac\u20bd\u00a3]))?"
    first = rf"(?:[\d.,:]+(?:{unit}\s(?:{joints})\s|\s?[-\u2013]\s?))?" if joints else ""
    plus = rf"(?:{locale.sign('plus') or '(?!)'}\s+)?" if joints else ""
    return re.compile(rf"(?<![\w/])([^\W\d_]+)\W{{1,3}}{first}{plus}$")
