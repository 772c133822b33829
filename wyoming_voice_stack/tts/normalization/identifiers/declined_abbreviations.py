"""Abbreviations before a name in the case that the preposition requires: Polish `na ul. Długiej`."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.number_context import (
    AbbreviatedTitle,
    DeclinedAbbreviations,
)

_CONTEXT_CHARACTERS = 32
"""Characters before the preposition that are searched for a verb of motion."""

_CLAUSE = re.compile(r"[,;:!?]\s|(?<=\w{3})\.\s")


def expand_declined_abbreviations(text: str, locale: LocaleRules) -> str:
    """Write out the abbreviations of the lexicon that a name follows."""
    if locale.lexicon.declined_abbreviations is None:
        return text
    return _pattern(locale).sub(lambda match: _expanded(match, locale), text)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    rules = locale.lexicon.declined_abbreviations
    known = sorted(rules.words if rules else (), key=len, reverse=True)
    short = "|".join(f"(?i:{re.escape(one[0])}){re.escape(one[1:])}" for one in known) or "(?!)"
    return re.compile(
        rf"(?:(?<![\w.-])(?P<before>[^\W\d_]+(?:-[^\W\d_]+)?) )?(?<![\w.-])(?<!\d )(?<!\d \u0442\u044b\u0441\. )(?P<short>{short}) (?=(?P<name>[^\W\d_a-z](?:[\w-]+|\.?)))"
    )


def _expanded(match: re.Match[str], locale: LocaleRules) -> str:
    rules, short = locale.lexicon.declined_abbreviations, match["short"]
    before = match["before"] or ""
    is_initial = len(short) == len("M.") and (short[0].isupper() or match["name"].endswith("."))
    if rules is None or not match["name"][0].isupper() or is_initial:
        return match[0]
    title = rules.titles.get(short.lower())
    if title is not None and _names_person(match["name"], before.lower(), title):
        return f"{before} {_title(short, match['name'], title)} ".lstrip()
    forms = rules.words[short.lower()]
    context = match.string[max(match.start() - _CONTEXT_CHARACTERS, 0) : match.start()]
    words = _CLAUSE.split(context)[-1]
    case = _case(before.lower(), match["name"], words, rules)
    if case == "nominative":
        case = _case(short.lower(), match["name"], words, rules)
    word = forms.get(case) or forms["nominative"]
    return f"{before} {_as_written(word, short)} ".lstrip()


def _as_written(word: str, short: str) -> str:
    """Return the full form with a capital letter if the abbreviation has one."""
    return word[0].upper() + word[1:] if short[0].isupper() else word


def _names_person(name: str, preposition: str, title: AbbreviatedTitle) -> bool:
    is_place = re.fullmatch(title.not_names, name) is not None or preposition in title.not_after
    return not is_place and re.fullmatch(title.names, name) is not None


def _title(short: str, name: str, title: AbbreviatedTitle) -> str:
    """Return the title in the case that the ending of the name shows."""
    cases = title.cases_by_ending.items()
    case = next((case for case, endings in cases if name.endswith(endings)), "nominative")
    return _as_written(title.words[case], short)


def _case(preposition: str, name: str, before: str, rules: DeclinedAbbreviations) -> str:
    """Return the case that the preposition requires, `before` being the words in front of it."""
    for case, endings in rules.cases_by_name.get(preposition, {}).items():
        if name.endswith(endings):
            return case
    if preposition in rules.places and rules.motion and re.search(rules.motion, before.lower()):
        return "accusative"
    return next((case for case, words in rules.cases.items() if preposition in words), "nominative")
