"""Digits that are not a quantity: telephone numbers, codes, serial numbers and versions."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules

LONG_DIGITS = 7
"""Numbers of this length or more, without thousands separators, are read digit by digit."""
MAX_PHONE_DIGITS = 15
MIN_PHONE_DIGITS = 6
_GROUP = 3
_LONGEST_GROUP = 4
_JOINING = "is|ist|lautet|est|es|è|é|jest|to|je|number|nummer|no\\.|numéro|número|numero|of|at|on|al|au|pod|para o"
"""Words allowed between a word such as "code" and the digits."""
_NO_CJK = r"[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
"""Letters and digits, except for those of languages without spaces."""
_COUNTER = " ?[元円圓圆원人名个個次回米件台万萬亿億명개만笔筆单單份部点點]"
"""What counts the number before it in languages without spaces: money, people, pieces."""
_NUMBERED = "(?:(?<=订单)|(?<=訂單)|(?<=单号)|(?<=單號)|(?<=编号)|(?<=編號)|(?<=号码)|(?<=號碼)|(?<=番号)|(?<=番号は)|(?<=번호)|(?<=번호는 )|(?<=电话)|(?<=電話)|(?<=전화)|(?<=拨打))"
"""Words of these languages in front of a number that is no quantity."""
_INTERNATIONAL = re.compile(
    rf"(?<![.,])(?<!{_NO_CJK})\+(?=(?:[ ()-]{{0,2}}\d){{10,15}}(?!\d))\d{{1,3}}(?:[ ()-]{{0,2}}\d{{1,12}}){{1,7}}(?!{_NO_CJK}|-|[.,]\d|{_COUNTER})"
    r"|(?<![\w.,])\+\d{1,3}(?:[ ()/.-]{0,2}\d{1,12}){1,7}(?!\w|[.,]\d)"
)
_NATIONAL = re.compile(
    rf"(?<![.,+/-])(?<!{_NO_CJK})"
    r"(?:\(0\d{1,5}\)[ ]?|0\d{1,5}[ /-])\d{2,8}(?:[ -]\d{2,8}){0,4}"
    rf"(?!{_NO_CJK}|[:/]|[.,-]\d| ?[%°])"
    r"|(?<![\w.,+/-])(?:8[ -]?)?\(?\d{3}\)?[ -]\d{3}-\d{2}-\d{2}(?![\w:/-]|[.,]\d)"
    r"|(?<![\w.,+/-])\(\d{2}\) ?9?\d{4}-\d{4}(?![\w:/-]|[.,]\d)"
    r"|(?<![\w.,+/-])06 1 \d{3} \d{4}(?![\w:/-]|[.,]\d)"
    r"|(?<![\w.,+/-])0\d(?:\.\d{2}){4}(?![\w:/-]|[.,]\d)"
    r"|(?<![\w.,+/-])(?!\d00 \d00 \d+00(?!\d))\d{3} \d{3} \d{4}(?![\w:/-]|[.,]\d| ?[%\u00b0])"
    r"|(?<![\w.,+/-])\d{3}-\d{2}-\d{2}(?![\w:/-]|[.,]\d)"
    rf"|(?<![.,+/-])(?<!{_NO_CJK})1[3-9]\d[ -]\d{{4}}[ -]\d{{4}}(?!{_NO_CJK}|[:/-]|[.,]\d)"
    r"|(?<![\w.,+/-])(?:1-)?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4}(?![\w:/]|[.,-]\d)"
)
_LONG = re.compile(
    rf"(?<![\w.,:/])(?<![\w]-)(?<!\d['\u2019])(?:0\d+|\d{{{LONG_DIGITS},}})(?![\w:]|[.,]\d)"
    rf"|{_NUMBERED}\d{{{LONG_DIGITS},}}(?!{_NO_CJK}|:|[.,]\d|{_COUNTER})"
)
_NUMBER_SIGN = re.compile(rf"(?<![\w#&])#(?=\d{{{LONG_DIGITS},}}(?!\w))")
_THOUSANDS = re.compile(r"(?<![\w.,+/-])[1-9]\d{0,2}(?: \d{3}){0,2} $")
_VERSION = re.compile(
    rf"(?<![.,])(?<!{_NO_CJK})(?P<numbers>[vV]\d{{1,6}}(?:\.\d{{1,6}}){{1,5}}|\d{{1,6}}(?:\.\d{{1,6}}){{2,5}})(?:-?(?P<stage>alpha|beta|rc|a|b)[.-]?(?P<trial>\d{{0,3}}))?"
    rf"(?!{_NO_CJK}|[.,]\d)"
)
_VERSIONED = "TLS|Bluetooth|Zigbee|HDMI|USB|Python|Node|iOS|iPadOS|macOS|Android|Ubuntu|Debian|Fedora|Alpine|HAOS|ESPHome"
"""Software whose name is followed by a version, not a decimal number: 3.11 is later than 3.9."""
_YEAR_VERSION = re.compile(r"(?<![\w.,+-])(20\d\d)\.(\d{1,2})(?![\w%°€$]|[.,]\d| ?[%°€$])")

_NO_NOUN = (
    r"\w+ly\b|(?:from|when|right|straight|again|with|please|then|were|have|will|works?|both)\b"
)
"""Words of four letters or more that are not nouns, and so not what the number counts."""


def verbalize_codes(text: str, locale: LocaleRules) -> str:
    """Verbalize codes digit by digit in groups, and versions number by number."""
    if "#" in text and (number := locale.sign("number")):
        text = _NUMBER_SIGN.sub(f"{number} ", text)
    text = _INTERNATIONAL.sub(lambda match: _phone(match[0], locale), text)
    text = _NATIONAL.sub(
        lambda match: match[0] if _in_group(match, locale) else _phone(match[0], locale), text
    )
    text = _code_pattern(locale).sub(lambda match: match[1] + _phone(match[2], locale), text)
    if locale.lexicon.dial_words:
        text = _dial_pattern(locale).sub(lambda match: _short_number(match, locale), text)
    text = _VERSION.sub(lambda match: _dotted_version(match, locale), text)
    text = _YEAR_VERSION.sub(lambda match: _version(match[0], locale), text)
    text = _version_pattern(locale).sub(lambda match: match[1] + _version(match[2], locale), text)
    return _LONG.sub(
        lambda match: match[0] if _in_group(match, locale) else _long(match[0], locale), text
    )


def _in_group(match: re.Match[str], locale: LocaleRules) -> bool:
    """Return whether the digits continue a number with spaces for thousands separators: `3 000`."""
    before = match.string[max(match.start() - MAX_PHONE_DIGITS, 0) : match.start()]
    return (
        " " in locale.lexicon.numbers.groups
        and _THOUSANDS.search(before) is not None
        and re.match(r"\d{3}(?!\d)", match[0]) is not None
    )


def verbalize_digits(digits: str, locale: LocaleRules) -> str:
    """Spell digits in groups of three or four, with a comma between two groups for a pause."""
    if len(digits) <= _LONGEST_GROUP:
        return locale.numerals.digits(digits)
    groups = [digits[begin : begin + _GROUP] for begin in range(0, len(digits), _GROUP)]
    if len(groups[-1]) == 1:
        groups[-2:] = [groups[-2] + groups[-1]]
    return ", ".join(map(locale.numerals.digits, groups))


def _phone(written: str, locale: LocaleRules) -> str:
    groups = re.findall(r"\d+", written)
    if not MIN_PHONE_DIGITS - 2 <= sum(map(len, groups)) <= MAX_PHONE_DIGITS:
        return (
            ", ".join(_phone(one, locale) for one in written.split(", "))
            if ", " in written
            else written
        )
    plus = f"{locale.sign('plus') or '+'} " if written.startswith("+") else ""
    return plus + ", ".join(verbalize_digits(group, locale) for group in groups)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _dial_pattern(locale: LocaleRules) -> re.Pattern[str]:
    """Match one to four three-digit numbers after a word such as "dial"."""
    words = "|".join(locale.lexicon.dial_words)
    joint = rf"(?:, | {locale.sign('and')} | {locale.lexicon.or_word} )"
    return re.compile(
        rf"(?P<lead>(?<!\w)(?i:{words}) )(?P<numbers>\d{{3}}(?:{joint}\d{{3}}){{0,3}})(?![\w:/-]|[.,]\d|{_counted(locale)}| ?[%\u00b0\u20ac$])"
    )


def _counted(locale: LocaleRules) -> str:
    """Return a regular expression for a noun that the number before it counts."""
    capital = locale.lexicon.numbers.capitalized_nouns
    return r" [A-Z\u00c4\u00d6\u00dc]" if capital else rf" (?!{_NO_NOUN})[^\W\d_]{{4,}}"


def _short_number(match: re.Match[str], locale: LocaleRules) -> str:
    spoken = re.sub(r"\d+", lambda digits: locale.numerals.digits(digits[0]), match["numbers"])
    return match["lead"] + spoken


def _long(digits: str, locale: LocaleRules) -> str:
    if digits.endswith("000") and not digits.startswith("0"):
        return digits
    return verbalize_digits(digits, locale) if len(digits) > 1 else digits


def _dotted_version(match: re.Match[str], locale: LocaleRules) -> str:
    """Verbalize a version, unless its full stops are thousands separators."""
    if re.fullmatch(locale.number_pattern, match[0]):
        return match[0]
    before = match.string[: match.start()].rstrip().lower()
    words = tuple(word.lower() for word in locale.lexicon.version_words)
    is_named = before.endswith(words) or match.string[match.end() :].lower().startswith(words)
    spoken = [_version(match["numbers"].lstrip("vV") if is_named else match["numbers"], locale)]
    if match["stage"]:
        spoken.append(match["stage"])
    if match["trial"]:
        spoken.append(locale.numerals.cardinal(int(match["trial"])))
    return " ".join(spoken)


def _version(written: str, locale: LocaleRules) -> str:
    words = locale.lexicon
    name = f"{words.version_words[0]} " if written[0] in "vV" else ""
    point = f" {words.version_dot or words.dot} "
    numbers = written.lstrip("vV").split(".")
    spoken = [_part(number, first=not place, locale=locale) for place, number in enumerate(numbers)]
    return name + point.join(spoken)


def _part(number: str, *, first: bool, locale: LocaleRules) -> str:
    if len(number) > 1 and number.startswith("0"):
        return locale.numerals.digits(number)
    if first and re.fullmatch(r"20\d\d", number):
        return locale.numerals.year(int(number))
    return locale.numerals.cardinal(int(number))


@functools.lru_cache(maxsize=MAX_LOCALES)
def _code_pattern(locale: LocaleRules) -> re.Pattern[str]:
    """Match digits after a word such as "code", with at most one word between."""
    words = "|".join(map(re.escape, (*locale.lexicon.code_words, *locale.lexicon.phone_words)))
    gap = rf"\.?(?: ?[:=#] ?| (?:(?:{_JOINING}) )?)" if locale.lexicon.spaced else r"[^\d\n]{0,3}"
    begin = r"(?<!\w)" if locale.lexicon.spaced else ""
    gap += r"(?:[A-Z]{1,3}-)?"
    number = r"(?:\d{4,12}|\d{2,3}(?:[- ]\d{2,4}){2,4}|\d{3}[- ]\d{2,4}|\d{2,4}\.\d{6,8})"
    digits = rf"{number}(?:, {number}(?!\w|{_counted(locale)}))*"
    return re.compile(rf"({begin}(?i:{words}){gap})({digits})(?![\w:]|[.,-]\d| ?[%°€$])")


@functools.lru_cache(maxsize=MAX_LOCALES)
def _version_pattern(locale: LocaleRules) -> re.Pattern[str]:
    words = "|".join(map(re.escape, locale.lexicon.version_words))
    return re.compile(
        rf"((?<!\w)(?:(?i:{words})[ .]?|(?:{_VERSIONED}) ))(\d{{1,6}}(?:\.\d{{1,6}})+)(?!\w|[.,]\d)"
    )
