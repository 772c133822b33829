"""Abbreviations: written out in full, or spelled letter by letter."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.identifiers.declined_abbreviations import (
    expand_declined_abbreviations,
)
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules

_NUMBER_BACK = re.compile(r"[\d½¼¾⅓⅔⅛]\s?$")
_NUMBER_CHARACTERS = 2
_INITIAL_CHARACTERS = 2
_LEAST = "min."
"""Minutes behind a number, and a minimum before one."""
_NAME = "Max."
"""A maximum before a number or at the beginning of a label; else a first name at the end of a sentence."""
_SIGN = "[-\u2212\u2013+~\u2248]"
_NUMBER_NEXT = re.compile(rf":?\s?{_SIGN}?\s?\d")
_NEXT_WORD = re.compile(r"\s+([^\W\d_])")
_CAPITALS = re.compile(r"[^\W\d_]{2,}")
_CAPITAL = r"(?P<capital>[^\W\d_])"
_INITIALS = re.compile(
    r"(?:\b(?P<before>[^\W\d_]{1,20})\s)?(?<![\w.'\u2019])(?P<letters>(?:[^\W\d_]\.[ -]?){1,4}) ?"
    r"(?=(?P<next>[^\W\d_])[^\W\d_'\u2019])"
)
"""Letters with full stops in front of a name: `J. R. R. Tolkien`, `U.S. Senate`."""
_WORDS = {"en": "AI"}
"""Letters that are words too; behind a name, they are initials: `George I. Smith`."""
_LIKE_NUMERALS: dict[str, tuple[str, ...]] = {"en": ("V", "X"), "ru": ()}
"""Initials that are also Roman numerals. Russian names have no Latin letters."""
_WORDS_BEFORE_LETTERS = """
    is was are be got get letter grade size ist war sind die der das est sont la le lettre es era letra è
    lettera taglia talla taille
"""
_LETTERED = frozenset(_WORDS_BEFORE_LETTERS.split())
"""Words before a letter that may end the sentence: `The answer is B. Nobody knew.`"""
_NEXT_NAME = re.compile(r"[^\W\d_]+\.?")
_HOUSE = re.compile(r"\d{1,5}[A-Za-z]? (?:[A-Z][^\W\d_]*\.? ){1,3}$")
"""A house number and the name of its street."""
_WORDS_BEFORE_SAINTS = """
    Mount Mt. Port Fort East Lake Point January February March April May June July August September October
    November December
"""
_NO_STREETS = tuple(f"{word} " for word in _WORDS_BEFORE_SAINTS.split())
"""Words that no street is named after: `in 1980 Mount St. Helens erupted`."""
_HOUSE_CHARACTERS = 60


def verbalize_abbreviations(text: str, locale: LocaleRules) -> str:
    """Verbalize the abbreviations of the lexicon.

    In a text that is all capitals, acronyms cannot be distinguished from words and stay.
    """
    for written, full in locale.lexicon.expansions.items():
        text = re.sub(written, full, text)
    if "." in text or "-" in text:
        text = _expand_by_place(text, locale)
    if pattern := _spellings(locale):
        text = pattern.sub(lambda match: _expanded(match, locale), text)
    if "." in text:
        text = _INITIALS.sub(lambda match: _without_stops(match, locale), text)
    if (pattern := _letters(locale)) and not _is_all_capitals(text):
        text = pattern.sub(lambda match: " ".join(match[1]) + ("'s" if match[2] else ""), text)
    return text


def _expand_by_place(text: str, locale: LocaleRules) -> str:
    """Expand the ends of words, and the abbreviations in front of a capital letter or a number."""
    text = expand_declined_abbreviations(text, locale)
    for short, full in locale.lexicon.before_numbers.items():
        written = re.escape(short).replace(r"\ ", r"\s?")
        text = re.sub(rf"(?<![\w.])(?<!\d ){written}(?=\s(?:{_SIGN}?\d|[IVXLC]+\b))", full, text)
    for short, full in locale.lexicon.word_endings.items():
        text = re.sub(rf"(?<=[^\W\d_]{{3}}){re.escape(short)}(?!\w)", full, text)
    if pattern := _before_names(locale):
        text = pattern.sub(lambda match: _before_name(match, locale), text)
    return text


@functools.lru_cache(maxsize=MAX_LOCALES)
def _before_names(locale: LocaleRules) -> re.Pattern[str] | None:
    if not locale.lexicon.before_names:
        return None
    short = "|".join(map(re.escape, locale.lexicon.before_names))
    return re.compile(
        rf"(?P<initial>[^\W\d_]+ )?{locale.before}(?<![-\u2013])(?P<short>{short}) (?={_CAPITAL})"
    )


def _before_name(match: re.Match[str], locale: LocaleRules) -> str:
    """Return the full form; behind another name, a single letter is an initial."""
    before, short = match["initial"] or "", match["short"]
    name = _NEXT_NAME.match(match.string, match.end())
    following = name[0] if name else ""
    is_behind_name = before[:1].isupper() and len(before) > _INITIAL_CHARACTERS
    is_before_initial = len(following) == _INITIAL_CHARACTERS and following.endswith(".")
    is_initial = len(short) == _INITIAL_CHARACTERS and (is_behind_name or is_before_initial)
    is_name = match["capital"].isupper() and following.rstrip(".") not in locale.lexicon.no_names
    if is_initial or not is_name or _is_something_else(match, locale):
        return match[0]
    return f"{before}{locale.lexicon.before_names[short]} "


def _is_something_else(match: re.Match[str], locale: LocaleRules) -> bool:
    """Return whether it is a unit or a year, or behind a house number, where it has a full form of its own."""
    short, begin = match["short"], match.start("short")
    if short[0].islower() and _NUMBER_BACK.search(match.string[:begin][-_NUMBER_CHARACTERS:]):
        return True
    address = match.string[max(0, begin - _HOUSE_CHARACTERS) : begin]
    is_street = _HOUSE.search(address) is not None and not address.endswith(_NO_STREETS)
    return is_street and short in locale.lexicon.spellings


def _without_stops(match: re.Match[str], locale: LocaleRules) -> str:
    """Return the letters without their full stops, which engines read as the end of a sentence."""
    letters = [letter for letter in match["letters"] if letter not in ". -"]
    before = match["before"] or ""
    is_word = len(letters) == 1 and (
        (letters[0] in _WORDS.get(locale.language, "") and not before[:1].isupper())
        or before.lower() in _LETTERED
    )
    is_king = before.lower() in locale.lexicon.roman.ordinal_after
    if is_king and "".join(letters) in _LIKE_NUMERALS.get(locale.language, ("I", "V", "X")):
        # With its full stop, `verbalize_roman_numerals` can tell it from a number.
        return match[0]
    if is_word or not match["next"].isupper() or not _are_capitals(letters):
        return match[0]
    return match[0][: match.start("letters") - match.start()] + " ".join(letters) + " "


def _are_capitals(letters: list[str]) -> bool:
    return all(letter.isalpha() and letter.isupper() for letter in letters)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _spellings(locale: LocaleRules) -> re.Pattern[str] | None:
    if not locale.lexicon.spellings:
        return None
    short = "|".join(map(re.escape, sorted(_full_forms(locale), key=len, reverse=True)))
    return re.compile(rf"{locale.before}(?<!\b\w\.)(?:{short}){locale.after}")


def _expanded(match: re.Match[str], locale: LocaleRules) -> str:
    """Return the full form; a unit behind a number stays, as its form depends on the number.

    A single letter stays where no number follows: it is an initial.
    """
    words, short = locale.lexicon, match[0]
    is_unit = short in words.unit_symbols or short.lower() == _LEAST
    if is_unit and _NUMBER_BACK.search(match.string[: match.start()][-_NUMBER_CHARACTERS:]):
        return short
    is_label = match.start() == 0 and match.end() < len(match.string)
    is_limit = (short.lower() == _LEAST or short == _NAME) and not is_label
    if is_limit and not _NUMBER_NEXT.match(match.string, match.end()):
        return short
    is_letter = len(short) == _INITIAL_CHARACTERS and short.endswith(".")
    if is_letter and not _NUMBER_NEXT.match(match.string, match.end()):
        return short
    is_closing = _without_spaces(short) in map(_without_spaces, words.closing_abbreviations)
    next_word = _NEXT_WORD.match(match.string, match.end()) if is_closing else None
    ends_sentence = next_word is not None and next_word[1].isupper()
    return _full_forms(locale)[short] + ("." if ends_sentence else "")


def is_spelled(short: str, locale: LocaleRules) -> bool:
    """Return whether the lexicon has the full form of an abbreviation."""
    pattern = _spellings(locale)
    return pattern is not None and pattern.fullmatch(short) is not None


@functools.lru_cache(maxsize=MAX_LOCALES)
def _full_forms(locale: LocaleRules) -> dict[str, str]:
    """Return the full form of each abbreviation, also with a capital letter and without spaces."""
    forms = dict(locale.lexicon.spellings)
    for short, full in locale.lexicon.spellings.items():
        for written in (short, short.replace(". ", ".")):
            if short not in locale.lexicon.lowercase_abbreviations:
                forms.setdefault(_capitalized(written), _capitalized(full))
            forms.setdefault(written, full)
    return forms


def _without_spaces(short: str) -> str:
    return short.replace(" ", "").lower()


def _capitalized(text: str) -> str:
    """Capitalize the first letter, as at the beginning of a sentence."""
    return text[:1].upper() + text[1:]


@functools.lru_cache(maxsize=MAX_LOCALES)
def _letters(locale: LocaleRules) -> re.Pattern[str] | None:
    if not locale.lexicon.letters:
        return None
    known = "|".join(map(re.escape, locale.lexicon.letters))
    return re.compile(rf"{locale.before}({known})(s?){locale.after}(?![$\u20ac\u00a3\u00a5])")


def _is_all_capitals(text: str) -> bool:
    words = _CAPITALS.findall(text)
    return len(words) > 1 and all(word.isupper() for word in words)
