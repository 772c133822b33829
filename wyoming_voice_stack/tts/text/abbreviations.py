"""Full stops that do not end a sentence: abbreviations, initials and ordinal numbers."""

from __future__ import annotations

import re

_NAME_ABBREVIATIONS = """
    dr mr mrs ms sr prof st ste mt gen sgt capt lt rev hon vs approx resp fig vol et
    hr fr frl dipl bzw bspw ca vgl sog inkl zzgl ggf evtl
    mme mlle cf sra srta dra exmo exma sig dott avv ing
    mio mrd tsd bzgl med phil
    dhr mevr mw drs bijv np tzw ul mgr tj tzv např tis mld bkz sn doç yrd ún özv
    ul inż św ok temp pow rozdz tel prof
    ул им проф акад тов напр тел
"""
"""Abbreviations before a name or a noun: a capital letter after them does not begin a sentence.

In this order: English; German; French, Spanish, Portuguese and Italian; Dutch, Polish, Czech,
Turkish and Hungarian; Russian.
"""

_NUMBER_ABBREVIATIONS = """
    no nr nos p pp fig vol art ch chap sec abb abs kap tel bd bl str max min mind
    std sek godz ext apt ep eps gl hausnr kb kap
    núm pág pag cap č čl poz стр рис гл табл ст кв пл д эт
    jan feb apr jun jul aug sept dec okt dez nov oct janv févr juil déc ene abr dic gen mag giu lug ago ott
    mon tue wed thu fri sat sun lun mié jue vie sáb dom jeu ven dim gio
"""
"""Abbreviations only before a number; otherwise a word that may end a sentence."""

_BEFORE_NAMES = frozenset(_NAME_ABBREVIATIONS.split())
_BEFORE_NUMBERS = frozenset(_NUMBER_ABBREVIATIONS.split())

_CLOSING = frozenset({"a.m", "p.m", "u.s.w", "т.д", "т.п"})
"""Abbreviations that usually end the sentence when a capital letter follows."""

_ORDINAL_CONTEXT = frozenset(
    {"der", "die", "das", "dem", "den", "des", "am", "im", "vom", "zum", "zur", "beim", "bis"},
)
_MONTHS = ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez")
_MONTH_LETTERS = 3

_NUMBERED = ("str", "nr")
"""Endings of words before a number, such as "Hauptstr."."""
_SERIES = re.compile(r"(?<!\w)\d{1,2}\.(?:,? (?:und|oder|sowie|bis)|,)\s*$")
"""The previous ordinal of a list of ordinals."""
_LISTED = (":", ",", ";", "(")

_LAST_WORD = re.compile(r"(?<![^\W_])(?<!\w\.)(?<![\u00b0\u00ba/\\@=&])[^\W\d_]+(?:\.[^\W\d_]+)*$")
"""The letters behind a degree sign or a digit are a unit, those behind a slash a part of an address."""
_UNIT = re.compile(r"(?:^|[^\w.,])(?:\d+(?:[.,]\d+)?\s[mglsht]|(?:\d{1,3}|\d+[.,]\d+)\s[VWAKJL])$")
"""A number and a unit of one letter; a capital letter behind a year is an initial."""
_AND_SO_ON = re.compile(r"(?<!\w)т\.\s[дп]$", re.IGNORECASE)
_LAST_NUMBER = re.compile(r"(?<![\w.,:])\d{1,2}$")
_ROMAN = re.compile(r"[IVXL]{2,8}")
_LONGEST_INITIAL = 2
_LONGEST_WORD = 40
_CONTEXT_CHARACTERS = 120
"""Characters before a full stop that say what it means; more would be searched again at each full stop."""


def full_stop_ends_sentence(before: str, after: str) -> bool | None:
    """Return whether the full stop at the end of `before` ends a sentence.

    `after` is the text after the white space, from its first letter, digit or currency sign on.
    Returns None if more of it must be seen.
    """
    stem = before[-_CONTEXT_CHARACTERS:-1]
    if number := _LAST_NUMBER.search(stem):
        return _number_is_end(stem[: number.start()], after)
    end = stem[-_LONGEST_WORD:]
    word = _LAST_WORD.search(end)
    if word is None or _UNIT.search(end) or _AND_SO_ON.search(end):
        return True
    if _ROMAN.fullmatch(word[0]) and _begins_or_follows_context(end[: word.start()]):
        return False
    return not _is_abbreviation(word[0], followed_by_letter=after[0].isalpha())


def _begins_or_follows_context(before: str) -> bool:
    words = before.split()
    return not words or words[-1].lower() in _ORDINAL_CONTEXT


def _is_abbreviation(word: str, *, followed_by_letter: bool) -> bool:
    lowered = word.lower()
    if lowered in _CLOSING:
        return False
    parts = word.split(".")
    if len(parts) > 1:
        return all(len(part) <= _LONGEST_INITIAL for part in parts)
    if len(word) == 1:
        return word.lower() != word.upper()
    if len(word) == _LONGEST_INITIAL and word[0] == word[1] and word.isupper():
        return True  # Spanish plurals: "EE. UU."
    if lowered in _BEFORE_NAMES:
        return True
    return not followed_by_letter and (lowered in _BEFORE_NUMBERS or lowered.endswith(_NUMBERED))


def _number_is_end(before_number: str, after: str) -> bool | None:
    words = before_number.split()
    if _SERIES.search(before_number) or before_number.rstrip().endswith(_LISTED):
        return False
    if not words or after[0].isdigit() or words[-1].lower() in _ORDINAL_CONTEXT:
        return False
    start = after[:_MONTH_LETTERS].lower()
    if start in _MONTHS:
        return False
    return None if any(month.startswith(start) for month in _MONTHS) else True
