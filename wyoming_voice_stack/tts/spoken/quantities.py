"""What is left: numbers by themselves, before a noun, or within a word."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.spoken.codes import say_digits
from wyoming_voice_stack.tts.spoken.notation import AFTER, MAX_DIGITS, MINUS, Figure
from wyoming_voice_stack.tts.spoken.tongue import MAX_TONGUES, Tongue

_YEAR = re.compile(r"1[1-9]\d\d|20\d\d")
_SURE_YEAR = re.compile(r"19\d\d|20\d\d")
_WORD_BACK = re.compile(r"([^\W\d_]+)\W{1,2}$")
_NOUN = re.compile(r" ([^\W\d_]{3,40})")
_TWO_NUMBERS = re.compile(r"(?![1-9]\d{0,2},\d{3}$)\d+,\d+")
"""With a comma between, where the comma is no decimal mark."""
_RUNS_ON = re.compile(r"[^\W\d_]\Z|\w[.,]\Z")
_BARE_FRACTION = re.compile(r"(?<![\w.,])\.(?=\d)")
_DIGITS = re.compile(r"\d+")
_RANGE = re.compile(r"(?<![\w.,:/+-])([1-9]\d{0,3}) ?[-\u2013] ?([1-9]\d{0,3})(?= [^\W\d_])")
"""Of what follows; a score seldom goes up, and is not wrong as a range."""
_LONGEST_WORD = 24

_RANGE_LANGUAGES = frozenset({"de", "en", "es", "fr", "it", "nl", "pl", "pt"})
"""Elsewhere the word between the two ends is an ending, or stands in another place."""
_CAPITAL_AFTER_ADJECTIVE = re.compile(r" [a-zäöüß]+(er|es|e) [A-ZÄÖÜ]")


def whole_fractions(text: str, tongue: Tongue) -> str:
    """Write `.5` as `0.5`."""
    return _BARE_FRACTION.sub("0.", text) if tongue.lexicon.numbers.decimal == "." else text


def say_quantities(text: str, tongue: Tongue) -> str:
    """Say every number that is left in words."""
    if tongue.language in _RANGE_LANGUAGES:
        text = _RANGE.sub(lambda match: _range(match, tongue), text)
    text = _pattern(tongue).sub(lambda match: _said(match, tongue), text)
    return _DIGITS.sub(lambda match: _apart(match, _plain(match[0], tongue), tongue), text)


def _range(match: re.Match[str], tongue: Tongue) -> str:
    first, last = match[1], match[2]
    return f"{first} {tongue.lexicon.to} {last}" if int(first) < int(last) else match[0]


@functools.lru_cache(maxsize=MAX_TONGUES)
def _pattern(tongue: Tongue) -> re.Pattern[str]:
    counters = "|".join(tongue.lexicon.numbers.counters)
    counter = rf"(?=\s?(?P<counter>{counters}))?" if counters else "(?P<counter>(?!))?"
    begin = r"(?<!\d)(?<!\d[.,:/])"
    return re.compile(
        rf"(?P<minus>{tongue.before_sign}{MINUS})?{begin}(?P<n>{tongue.figure}){AFTER}{counter}"
    )


def _said(match: re.Match[str], tongue: Tongue) -> str:
    written = match["n"]
    if tongue.lexicon.numbers.decimal == "." and _TWO_NUMBERS.fullmatch(written):
        return match[0]
    figure = tongue.read(written)
    said = _number(figure, match, tongue)
    if match["minus"]:
        said = f"{tongue.lexicon.minus}{tongue.space}{said}"
    return _apart(match, said, tongue)


def _number(figure: Figure, match: re.Match[str], tongue: Tongue) -> str:
    numerals = tongue.numerals
    if figure.fraction or len(figure.whole) > MAX_DIGITS:
        return numerals.figure(figure)
    number = int(figure.whole)
    if match["n"] == figure.whole and _is_year(match, tongue):
        return numerals.year(number)
    if match["counter"] and number <= tongue.lexicon.numbers.counted_up_to:
        return numerals.cardinal(number, "counted")
    return numerals.figure(figure, _form(match, tongue))


def _is_year(match: re.Match[str], tongue: Tongue) -> bool:
    if _SURE_YEAR.fullmatch(match["n"]):
        return True
    before = _WORD_BACK.search(match.string[max(match.start() - _LONGEST_WORD, 0) : match.start()])
    return (
        before is not None
        and before[1].lower() in tongue.lexicon.calendar.year_words
        and _YEAR.fullmatch(match["n"]) is not None
    )


def _form(match: re.Match[str], tongue: Tongue) -> str:
    """The gender of the noun that follows, as far as its ending tells."""
    numbers = tongue.lexicon.numbers
    if numbers.nouns_are_capital and not match["minus"]:
        adjective = _CAPITAL_AFTER_ADJECTIVE.match(match.string, match.end())
        if adjective is not None:
            return "feminine" if adjective[1] == "e" else "masculine"
    noun = _NOUN.match(match.string, match.end())
    if noun is None or not numbers.feminine_endings or match["minus"]:
        return "plain"
    if numbers.nouns_are_capital and not noun[1][0].isupper():
        return "plain"
    word = noun[1].lower()
    forms = (word, word.removesuffix("s"))
    if word in numbers.masculine_nouns:
        return "masculine"
    if any(form.endswith(numbers.feminine_endings) for form in forms):
        return "feminine"
    return "masculine"


def _plain(digits: str, tongue: Tongue) -> str:
    if len(digits) > MAX_DIGITS or (len(digits) > 1 and digits.startswith("0")):
        return say_digits(digits, tongue)
    return tongue.numerals.cardinal(int(digits))


def _apart(match: re.Match[str], said: str, tongue: Tongue) -> str:
    """Keep the number's words from running into the letters beside them."""
    if not tongue.lexicon.spaced:
        return said
    before = " " if _RUNS_ON.search(match.string[max(match.start() - 2, 0) : match.start()]) else ""
    after = " " if match.string[match.end() : match.end() + 1].isalpha() else ""
    return before + said + after
