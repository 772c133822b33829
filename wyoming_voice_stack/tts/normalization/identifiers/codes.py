"""Digits that are no quantity: telephone numbers, codes, serial numbers, versions."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_TONGUES, LocaleRules

LONG_DIGITS = 7
"""From here on digits without marks between thousands are said one by one."""
MAX_PHONE_DIGITS = 15
MIN_PHONE_DIGITS = 6
_GROUP = 3
_LONGEST_GROUP = 4
_JOINING = "is|ist|lautet|est|es|è|é|jest|to|je|number|nummer|no\\.|numéro|número|numero|of|at|on"
"""Words that may stand between a word for a code and the code."""
_INTERNATIONAL = re.compile(r"(?<![\w.,])\+\d{1,3}(?:[ ()/.-]{0,2}\d{1,12}){1,7}(?!\w|[.,]\d)")
_NATIONAL = re.compile(
    r"(?<![\w.,+/-])(?:\(0\d{1,5}\)[ ]?|0\d{1,5}[ /-])\d{2,8}(?:[ -]\d{2,8}){0,4}(?![\w:/]|[.,-]\d| ?[%°])"
    r"|(?<![\w.,+/-])(?:1-)?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4}(?![\w:/]|[.,-]\d)"
)
_LONG = re.compile(rf"(?<![\w.,:/])(?<![\w]-)(?:0\d+|\d{{{LONG_DIGITS},}})(?![\w:]|[.,]\d)")
_VERSION = re.compile(
    r"(?<![\w.,])(?P<numbers>[vV]?\d{1,6}(?:\.\d{1,6}){2,5})(?:-?(?P<stage>alpha|beta|rc|a|b)[.-]?(?P<trial>\d{0,3}))?"
    r"(?![\w]|[.,]\d)"
)
_VERSIONED = "Python|Node|iOS|iPadOS|macOS|Android|Ubuntu|Debian|Fedora|Alpine|HAOS|ESPHome"
"""Programs whose name a version follows: 3.11 is later than 3.9."""
_YEAR_VERSION = re.compile(r"(?<![\w.,+-])(20\d\d)\.(\d{1,2})(?![\w%°€$]|[.,]\d| ?[%°€$])")


_NO_NOUN = r"\w+ly\b|(?:from|when|right|straight|again|with|please)\b"
"""Longer words that are not counted."""


def say_codes(text: str, locale: LocaleRules) -> str:
    """Say digits one by one in groups, and versions number by number."""
    text = _INTERNATIONAL.sub(lambda match: _phone(match[0], locale), text)
    text = _NATIONAL.sub(lambda match: _phone(match[0], locale), text)
    text = _after_word(locale).sub(lambda match: match[1] + _phone(match[2], locale), text)
    if locale.lexicon.dial_words:
        text = _dialled(locale).sub(lambda match: _short_number(match, locale), text)
    text = _VERSION.sub(lambda match: _dotted(match, locale), text)
    text = _YEAR_VERSION.sub(lambda match: _version(match[0], locale), text)
    text = _after_version(locale).sub(lambda match: match[1] + _version(match[2], locale), text)
    return _LONG.sub(lambda match: _long(match[0], locale), text)


def say_digits(digits: str, locale: LocaleRules) -> str:
    """Say digits in groups that can be followed, with a pause between two groups."""
    if len(digits) <= _LONGEST_GROUP:
        return locale.numerals.digits(digits)
    groups = [digits[begin : begin + _GROUP] for begin in range(0, len(digits), _GROUP)]
    if len(groups[-1]) == 1:
        groups[-2:] = [groups[-2] + groups[-1]]
    return ", ".join(map(locale.numerals.digits, groups))


def _phone(written: str, locale: LocaleRules) -> str:
    groups = re.findall(r"\d+", written)
    if not MIN_PHONE_DIGITS - 2 <= sum(map(len, groups)) <= MAX_PHONE_DIGITS:
        return written
    plus = f"{locale.sign('plus') or '+'} " if written.startswith("+") else ""
    return plus + ", ".join(say_digits(group, locale) for group in groups)


@functools.lru_cache(maxsize=MAX_TONGUES)
def _dialled(locale: LocaleRules) -> re.Pattern[str]:
    """Three digits, or some of them, after a word that has somebody call them."""
    words = "|".join(locale.lexicon.dial_words)
    capital = locale.lexicon.numbers.nouns_are_capital
    counted = r" [A-Z\u00c4\u00d6\u00dc]" if capital else rf" (?!{_NO_NOUN})[^\W\d_]{{4,}}"
    joint = rf"(?:, | {locale.sign('and')} | {locale.lexicon.either} )"
    return re.compile(
        rf"(?P<lead>(?<!\w)(?i:{words}) )(?P<numbers>\d{{3}}(?:{joint}\d{{3}}){{0,3}})(?![\w:/-]|[.,]\d|{counted}| ?[%\u00b0\u20ac$])"
    )


def _short_number(match: re.Match[str], locale: LocaleRules) -> str:
    said = re.sub(r"\d+", lambda digits: locale.numerals.digits(digits[0]), match["numbers"])
    return match["lead"] + said


def _long(digits: str, locale: LocaleRules) -> str:
    if digits.endswith("000") and not digits.startswith("0"):
        return digits
    return say_digits(digits, locale) if len(digits) > 1 else digits


def _dotted(match: re.Match[str], locale: LocaleRules) -> str:
    """A version, unless the full stops stand between thousands."""
    if re.fullmatch(locale.figure, match[0]):
        return match[0]
    said = [_version(match["numbers"], locale)]
    if match["stage"]:
        said.append(match["stage"])
    if match["trial"]:
        said.append(locale.numerals.cardinal(int(match["trial"])))
    return " ".join(said)


def _version(written: str, locale: LocaleRules) -> str:
    words = locale.lexicon
    name = f"{words.version_words[0]} " if written[0] in "vV" else ""
    point = f" {words.version_dot or words.dot} "
    numbers = written.lstrip("vV").split(".")
    said = [_part(number, first=not place, locale=locale) for place, number in enumerate(numbers)]
    return name + point.join(said)


def _part(number: str, *, first: bool, locale: LocaleRules) -> str:
    if len(number) > 1 and number.startswith("0"):
        return locale.numerals.digits(number)
    if first and re.fullmatch(r"20\d\d", number):
        return locale.numerals.year(int(number))
    return locale.numerals.cardinal(int(number))


@functools.lru_cache(maxsize=MAX_TONGUES)
def _after_word(locale: LocaleRules) -> re.Pattern[str]:
    """Digits after a word that tells what they are, with at most one more word between."""
    words = "|".join(map(re.escape, (*locale.lexicon.code_words, *locale.lexicon.phone_words)))
    gap = rf"\.?(?: ?[:=#] ?| (?:(?:{_JOINING}) )?)" if locale.lexicon.spaced else r"[^\d\n]{0,3}"
    begin = r"(?<!\w)" if locale.lexicon.spaced else ""
    gap += r"(?:[A-Z]{1,3}-)?"
    digits = r"\d{4,12}|\d{3}(?:[- ]\d{2,4}){1,3}"
    return re.compile(rf"({begin}(?i:{words}){gap})({digits})(?![\w:]|[.,-]\d| ?[%°€$])")


@functools.lru_cache(maxsize=MAX_TONGUES)
def _after_version(locale: LocaleRules) -> re.Pattern[str]:
    words = "|".join(map(re.escape, locale.lexicon.version_words))
    return re.compile(
        rf"((?<!\w)(?:(?i:{words})[ .]?|(?:{_VERSIONED}) ))(\d{{1,6}}(?:\.\d{{1,6}})+)(?!\w|[.,]\d)"
    )
