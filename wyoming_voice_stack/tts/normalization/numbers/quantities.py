"""What is left: numbers by themselves, before a noun, or within a word."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.identifiers.codes import say_digits
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_TONGUES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import AFTER, MAX_DIGITS, MINUS, Figure

_YEAR = re.compile(r"1[1-9]\d\d|20\d\d")
_SURE_YEAR = re.compile(r"19\d\d|20\d\d")
_WORD_BACK = re.compile(r"([^\W\d_]+)\W{1,2}$")
_NOUN = re.compile(r" ([^\W\d_]{3,40})")
_CAPITAL_NOUN = re.compile(r" (?:[^\W\d_]+-)*([^\W\d_]{2,40})(?![\w-])")
_TWO_NUMBERS = re.compile(r"(?![1-9]\d{0,2},\d{3}$)\d+,\d+")
"""With a comma between, where the comma is no decimal mark."""
_RUNS_ON = re.compile(r"[^\W\d_]\Z|\w[.,]\Z")
_BARE_FRACTION = re.compile(r"(?<![\w.,])\.(?=\d)")
_DIGITS = re.compile(r"\d+")
_RANGE = re.compile(
    r"(?<![\w.,:/+-])(?P<first>[1-9]\d{0,3}) ?[-\u2013] ?(?P<last>[1-9]\d{0,3})(?= [^\W\d_])"
)
"""Of what follows; a score seldom goes up, and is not wrong as a range."""
_LONGEST_WORD = 24

_RANGE_LANGUAGES = frozenset({"de", "en", "es", "fr", "it", "nl", "pl", "pt"})
"""Elsewhere the word between the two ends is an ending, or stands in another place."""
_CAPITAL_AFTER_ADJECTIVE = re.compile(r" [a-zäöüß]{2,}(er|es|e|en) (?=[A-ZÄÖÜ])")
_GENDERS = {"e": "feminine", "en": "masculine-accusative"}


def whole_fractions(text: str, locale: LocaleRules) -> str:
    """Write `.5` as `0.5`."""
    return _BARE_FRACTION.sub("0.", text) if locale.lexicon.numbers.decimal == "." else text


def say_quantities(text: str, locale: LocaleRules) -> str:
    """Say every number that is left in words."""
    if locale.language in _RANGE_LANGUAGES:
        text = _RANGE.sub(lambda match: _range(match, locale), text)
        if locale.lexicon.range_leads:
            text = _led_range(locale).sub(lambda match: _range(match, locale), text)
    text = _pattern(locale).sub(lambda match: _said(match, locale), text)
    return _DIGITS.sub(lambda match: _apart(match, _plain(match[0], locale), locale), text)


def _range(match: re.Match[str], locale: LocaleRules) -> str:
    first, last = match["first"], match["last"]
    lead = match.groupdict().get("lead") or ""
    return f"{lead}{first} {locale.lexicon.to} {last}" if int(first) < int(last) else match[0]


@functools.lru_cache(maxsize=MAX_TONGUES)
def _led_range(locale: LocaleRules) -> re.Pattern[str]:
    """Pages and the like, which no noun need follow."""
    words = "|".join(locale.lexicon.range_leads)
    return re.compile(
        rf"(?P<lead>(?<!\w)(?i:{words})\.? )(?P<first>\d{{1,4}})-(?P<last>\d{{1,4}})(?![\w-]|[.,]\d)"
    )


@functools.lru_cache(maxsize=MAX_TONGUES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    counters = "|".join(locale.lexicon.numbers.counters)
    counter = rf"(?=\s?(?P<counter>{counters}))?" if counters else "(?P<counter>(?!))?"
    begin = r"(?<!\d)(?<!\d[.,:/])"
    return re.compile(
        rf"(?P<minus>{locale.before_sign}{MINUS})?{begin}(?P<n>{locale.figure}){AFTER}{counter}"
    )


def _said(match: re.Match[str], locale: LocaleRules) -> str:
    written = match["n"]
    if locale.lexicon.numbers.decimal == "." and _TWO_NUMBERS.fullmatch(written):
        return match[0]
    figure = locale.read(written)
    said = _number(figure, match, locale)
    if match["minus"]:
        said = f"{locale.lexicon.minus}{locale.space}{said}"
    return _apart(match, said, locale)


def _number(figure: Figure, match: re.Match[str], locale: LocaleRules) -> str:
    numerals = locale.numerals
    if figure.fraction or len(figure.whole) > MAX_DIGITS:
        return numerals.figure(figure)
    number = int(figure.whole)
    if match["n"] == figure.whole and _is_year(match, locale):
        return numerals.year(number)
    if match["counter"] and number <= locale.lexicon.numbers.counted_up_to:
        return numerals.cardinal(number, "counted")
    return numerals.figure(figure, _form(match, locale))


def _is_year(match: re.Match[str], locale: LocaleRules) -> bool:
    if _SURE_YEAR.fullmatch(match["n"]):
        return True
    before = _WORD_BACK.search(match.string[max(match.start() - _LONGEST_WORD, 0) : match.start()])
    return (
        before is not None
        and before[1].lower() in locale.lexicon.calendar.year_words
        and _YEAR.fullmatch(match["n"]) is not None
    )


def _form(match: re.Match[str], locale: LocaleRules) -> str:
    """The gender of the noun that follows, as far as its ending tells."""
    numbers = locale.lexicon.numbers
    if not numbers.feminine_endings or match["minus"]:
        return "plain"
    place = match.end()
    if not numbers.nouns_are_capital:
        noun = _NOUN.match(match.string, place)
        return "plain" if noun is None else _gender(noun[1].lower(), locale)
    before = _WORD_BACK.search(match.string[max(match.start() - _LONGEST_WORD, 0) : match.start()])
    case = locale.case_after(before[1].lower() if before else "")
    if adjective := _CAPITAL_AFTER_ADJECTIVE.match(match.string, place):
        place = adjective.end() - 1
        if not case or adjective[1] != "en":
            return _GENDERS.get(adjective[1], "masculine")
    noun = _CAPITAL_NOUN.match(match.string, place)
    if noun is None or not match.string[place + 1].isupper():
        return "plain"
    return _gender(noun[1].lower(), locale) + case


def _gender(noun: str, locale: LocaleRules) -> str:
    numbers = locale.lexicon.numbers
    if noun in numbers.masculine_nouns:
        return "masculine"
    forms = (noun, noun.removesuffix("s"))
    if any(form.endswith(numbers.feminine_endings) for form in forms):
        return "feminine"
    return "masculine"


def _plain(digits: str, locale: LocaleRules) -> str:
    if len(digits) > MAX_DIGITS or (len(digits) > 1 and digits.startswith("0")):
        return say_digits(digits, locale)
    return locale.numerals.cardinal(int(digits))


def _apart(match: re.Match[str], said: str, locale: LocaleRules) -> str:
    """Keep the number's words from running into the letters beside them."""
    if not locale.lexicon.spaced:
        return said
    before = " " if _RUNS_ON.search(match.string[max(match.start() - 2, 0) : match.start()]) else ""
    after = " " if match.string[match.end() : match.end() + 1].isalpha() else ""
    return before + said + after
