"""Remaining numbers: alone, before a noun, or within a word."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.identifiers.codes import verbalize_digits
from wyoming_voice_stack.tts.normalization.locale.grammatical_case import (
    case_of_number,
    word_before_number,
)
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import (
    AFTER,
    MAX_DIGITS,
    MINUS,
    WrittenNumber,
)

_LONGEST_WORD = 24
_CENTURY = 100

_YEAR = re.compile(r"1[1-9]\d\d|20\d\d")
_SURE_YEAR = re.compile(r"19\d\d|20\d\d")
_WORD_BACK = re.compile(r"([^\W\d_]+)\W{1,2}$")
_NOUN = re.compile(r" ([^\W\d_]{3,40})")
_CAPITAL_NOUN = re.compile(r" (?:[^\W\d_]+-)*([^\W\d_]{2,40})(?![\w-])")
_TWO_NUMBERS = re.compile(r"(?![1-9]\d{0,2},\d{3}$)\d+,\d+")
"""A comma that does not separate thousands, where it is not the decimal mark either."""
_UNIT_OR_WORD = re.compile(r" ?[^\W\d_]| ?[%\u00b0]")
_POINT = re.compile(r"\d\.\d")
_SHORTEST_LIST = len("1,2")
_ADJOINS = re.compile(r"[^\W\d_]\Z|\w[.,]\Z")
_PART_OF_CODE = re.compile(r"[A-Z]$|\d-$")
"""In front of the digits of `IB3456`, and of the second number of a score."""
_DURATION = re.compile(r" (?:Sekunde|Minute|Stunde|Tag|Woche|Monat|Jahr)(?!\w)")
"""Counted behind a noun that may be numbered: `auf Schritt 1 Minute warten`."""
_BARE_FRACTION = re.compile(r"(?<![\w.,])\.(?=\d)")
_NO_LEADING_ZERO = frozenset({"ja", "ko"})
_LEADING_ZERO = re.compile(
    r"(?<!\d)0(?=[1-9]\s?[\u6642\u5206\u79d2\u6708\u65e5\uc2dc\ubd84\ucd08\uc6d4\uc77c])"
)
_DIGITS = re.compile(r"\d+")
_RANGE = re.compile(
    r"(?<![\w.,:/+-])(?P<first>[1-9]\d{0,3}) ?[-\u2013] ?(?P<last>[1-9]\d{0,3})(?= [^\W\d_])"
)
"""A range before a noun. An ascending pair is seldom a score, and a score read as a range is not wrong."""
_RANGE_UNSPACED = re.compile(
    r"(?<![A-Za-z0-9.,:/+-])(?P<first>[1-9]\d{0,3})[-\u2013~](?P<last>[1-9]\d{0,3})(?=[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3])"
)
_RANGE_LANGUAGES = frozenset({"de", "en", "es", "fr", "it", "nl", "pl", "pt"})
"""In other languages the range word is a suffix, or has another position."""
_CAPITAL_AFTER_ADJECTIVE = re.compile(r" [a-zäöüß]{2,}(er|es|e|en) (?=[A-ZÄÖÜ])")
_GENDERS = {"e": "feminine", "en": "masculine-accusative"}


def add_leading_zeros(text: str, locale: LocaleRules) -> str:
    """Rewrite `.5` as `0.5`, and Japanese and Korean `05` before a unit of time as `5`."""
    if locale.language in _NO_LEADING_ZERO:
        text = _LEADING_ZERO.sub("", text)
    return _BARE_FRACTION.sub("0.", text) if locale.lexicon.numbers.decimal == "." else text


def verbalize_cardinals(text: str, locale: LocaleRules) -> str:
    """Spell out every number that the other steps left."""
    if not locale.lexicon.spaced or locale.language == "ko":
        text = _RANGE_UNSPACED.sub(lambda match: _range(match, locale), text)
    if locale.language in _RANGE_LANGUAGES:
        text = _RANGE.sub(lambda match: _range(match, locale), text)
        if locale.lexicon.range_lead_words:
            text = _lead_word_range_pattern(locale).sub(lambda match: _range(match, locale), text)
    text = _pattern(locale).sub(lambda match: _verbalize(match, locale), text)
    return _DIGITS.sub(lambda match: _with_spaces(match, _spell(match[0], locale), locale), text)


def _range(match: re.Match[str], locale: LocaleRules) -> str:
    first, last = match["first"], match["last"]
    lead = match.groupdict().get("lead") or ""
    if int(first) >= int(last):
        return match[0]
    gap = locale.separator
    return f"{lead}{first}{gap}{locale.lexicon.to}{gap}{last}"


@functools.lru_cache(maxsize=MAX_LOCALES)
def _lead_word_range_pattern(locale: LocaleRules) -> re.Pattern[str]:
    """Match a range after a word such as "pages"; no noun need follow."""
    words = "|".join(locale.lexicon.range_lead_words)
    return re.compile(
        rf"(?P<lead>(?<!\w)(?i:{words})\.? )(?P<first>\d{{1,4}})-(?P<last>\d{{1,4}})(?![\w-]|[.,]\d)"
    )


@functools.lru_cache(maxsize=MAX_LOCALES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    counters = "|".join(locale.lexicon.numbers.counters)
    counter = rf"(?=\s?(?P<counter>{counters}))?" if counters else "(?P<counter>(?!))?"
    begin = r"(?<!\d)(?<!\d[.,:/])"
    return re.compile(
        rf"(?P<minus>{locale.before_sign}{MINUS})?{begin}(?P<n>{locale.number_pattern}){AFTER}{counter}"
    )


def _verbalize(match: re.Match[str], locale: LocaleRules) -> str:
    written = match["n"]
    may_be_list = locale.lexicon.numbers.decimal == "." and _TWO_NUMBERS.fullmatch(written)
    if may_be_list and _is_list(match, locale):
        return match[0]
    number = locale.parse(written)
    spoken = _spell_number(number, match, locale)
    if match["minus"]:
        spoken = f"{locale.lexicon.minus}{locale.separator}{spoken}"
    return _with_spaces(match, spoken, locale)


def _is_list(match: re.Match[str], locale: LocaleRules) -> bool:
    """Return whether the comma separates two numbers: `pages 3,5`, `3,5 and 7`, or `0.5 and 1,2`."""
    before = _WORD_BACK.search(match.string[max(match.start() - _LONGEST_WORD, 0) : match.start()])
    if before is not None and before[1].lower() in locale.lexicon.range_lead_words:
        return True
    is_alone = not _UNIT_OR_WORD.match(match.string, match.end())
    if is_alone and len(match["n"]) == _SHORTEST_LIST and _POINT.search(match.string):
        return True  # the decimal mark of this text is the full stop
    return _list_end_pattern(locale).match(match.string, match.end()) is not None


@functools.lru_cache(maxsize=MAX_LOCALES)
def _list_end_pattern(locale: LocaleRules) -> re.Pattern[str]:
    return re.compile(
        rf",? (?:{locale.sign('and') or '&'}|{locale.lexicon.or_word}|&) \d+(?![,\d])"
    )


def _spell_number(number: WrittenNumber, match: re.Match[str], locale: LocaleRules) -> str:
    numerals = locale.numerals
    if number.fraction or len(number.whole) > MAX_DIGITS:
        return numerals.number(number, _form(match, locale))
    value = int(number.whole)
    if match["n"] == number.whole and _is_year(match, locale):
        return _year(value, match, locale)
    if match["counter"] and value <= locale.lexicon.numbers.counted_up_to:
        return numerals.cardinal(value, "counted")
    return numerals.number(number, _form(match, locale))


def _is_year(match: re.Match[str], locale: LocaleRules) -> bool:
    if _SURE_YEAR.fullmatch(match["n"]):
        return True
    before = _WORD_BACK.search(match.string[max(match.start() - _LONGEST_WORD, 0) : match.start()])
    return (
        before is not None
        and before[1].lower() in locale.lexicon.calendar.year_words
        and _YEAR.fullmatch(match["n"]) is not None
    )


def _year(year: int, match: re.Match[str], locale: LocaleRules) -> str:
    """Spell a year, or a count if a noun follows a round one: `about 2000 people`."""
    numbers, forms = locale.lexicon.numbers, locale.lexicon.calendar.year_forms
    before = word_before_number(match.string, match.start(), locale)
    form = next((form for form, words in forms.items() if before in words), "")
    is_counted = not year % _CENTURY and _NOUN.match(match.string, match.end())
    if form and not is_counted:
        return locale.numerals.ordinal(year, form)
    if numbers.case_counts and _form(match, locale) != "plain" and (is_counted or not form):
        return locale.numerals.cardinal(year, _form(match, locale))
    return locale.numerals.year(year)


def _form(match: re.Match[str], locale: LocaleRules) -> str:
    """Return the grammatical form for the words around the number."""
    numbers = locale.lexicon.numbers
    if not numbers.feminine_endings:
        return "plain"
    case = case_of_number(match.string, match.start(), match.end(), locale)
    if numbers.capitalized_nouns:
        return "plain" if match["minus"] else _form_before_capital(match, case, locale)
    is_part = _PART_OF_CODE.search(match.string, max(match.start() - 2, 0), match.start())
    noun = None if match["minus"] or is_part else _NOUN.match(match.string, match.end())
    if noun is None:
        return f"masculine{case}" if case else "plain"
    endings = numbers.feminine_by_case.get(case.removeprefix("-"), ())
    if endings and noun[1].endswith(endings):
        return f"feminine{case}"
    gender = gender_of(noun[1].lower(), locale)
    if gender != "masculine" or case:
        return gender + case
    gender = _agreement(match["n"], noun[1].lower(), locale)
    is_adjective = gender == "masculine" and noun[1].endswith(numbers.adjective_endings)
    return _gender_behind_adjective(match, noun, locale) if is_adjective else gender


def _gender_behind_adjective(
    match: re.Match[str], adjective: re.Match[str], locale: LocaleRules
) -> str:
    """Return the gender of the noun behind an adjective that does not show it: `2 nowe wiadomości`."""
    noun = _NOUN.match(match.string, adjective.end())
    if noun is None:
        return "masculine"
    gender = gender_of(noun[1].lower(), locale)
    return gender if gender == "feminine" else _agreement(match["n"], noun[1].lower(), locale)


def _form_before_capital(match: re.Match[str], case: str, locale: LocaleRules) -> str:
    """Return the form for a noun that begins with a capital letter, or for its adjective."""
    before = _WORD_BACK.search(match.string[max(match.start() - _LONGEST_WORD, 0) : match.start()])
    place = match.end()
    is_numbered = before is not None and before[1].lower() in locale.lexicon.roman.cardinal_after
    if is_numbered and not _DURATION.match(match.string, place):
        return "plain"
    if adjective := _CAPITAL_AFTER_ADJECTIVE.match(match.string, place):
        place = adjective.end() - 1
        if not case or adjective[1] != "en":
            return _GENDERS.get(adjective[1], "masculine")
    noun = _CAPITAL_NOUN.match(match.string, place)
    if noun is None or not match.string[place + 1].isupper():
        return "plain"
    return gender_of(noun[1].lower(), locale) + case


def gender_of(noun: str, locale: LocaleRules) -> str:
    """Return the gender that the ending of a noun in lower case shows; `masculine` if it shows none."""
    numbers = locale.lexicon.numbers
    if noun in numbers.masculine_nouns:
        return "masculine"
    forms = (noun, noun.removesuffix("s"))
    if any(
        form in numbers.feminine_nouns or form.endswith(numbers.feminine_endings) for form in forms
    ):
        return "feminine"
    return "masculine"


def _agreement(number: str, noun: str, locale: LocaleRules) -> str:
    """Return the gender that the word behind the number shows."""
    for rule in locale.lexicon.numbers.agreements:
        is_digit = number.endswith(rule.digit) and not number.endswith(f"1{rule.digit}")
        if is_digit and noun.endswith(rule.words) and noun not in rule.except_for:
            return rule.gender
    return "masculine"


def _spell(digits: str, locale: LocaleRules) -> str:
    if len(digits) > MAX_DIGITS or (len(digits) > 1 and digits.startswith("0")):
        return verbalize_digits(digits, locale)
    return locale.numerals.cardinal(int(digits))


def _with_spaces(match: re.Match[str], spoken: str, locale: LocaleRules) -> str:
    """Add spaces between the number's words and adjacent letters."""
    if not locale.lexicon.spaced:
        return spoken
    before = " " if _ADJOINS.search(match.string[max(match.start() - 2, 0) : match.start()]) else ""
    after = " " if match.string[match.end() : match.end() + 1].isalpha() else ""
    return before + spoken + after
