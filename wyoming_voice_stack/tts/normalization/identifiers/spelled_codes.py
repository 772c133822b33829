"""Codes of letters and digits that are spelled: UUIDs, MAC and IPv6 addresses, hashes, serial numbers."""

from __future__ import annotations

import functools
import ipaddress
import re
from itertools import pairwise

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules

_HEX = "[0-9A-Fa-f]"
_BEGIN = r"(?<![A-Za-z0-9_.:@/-])"
_END = r"(?![A-Za-z0-9_:@/-]|\.[A-Za-z0-9])"
_DECIMALS = re.compile(r"(?<![\w.,])-?\d{1,3}\.\d{1,9}(?:,-?\d{1,3}\.\d{1,9})+(?![\w,]|\.\d)")
"""Decimal numbers without a space between them, such as coordinates."""
_TELEPHONE = re.compile(r"\u260f(?P<plus>\+?)(?P<number>[\d(](?:[ ()/.-]{0,2}\d){1,20})?")
"""The sign that cleaning puts in front of a telephone number."""
_UUID = re.compile(
    rf"(?<![A-Za-z0-9_.@/-])\{{?({_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}})\}}?{_END}"
)
_URN = re.compile(rf"(?<!\w)urn:uuid:(?={_HEX}{{8}}-)", re.IGNORECASE)
_MAC = re.compile(
    rf"(?:{_BEGIN}|(?<=[A-Za-z]{{2}}:))({_HEX}{{2}}(?:(?::{_HEX}{{2}}){{5,31}}|(?:-{_HEX}{{2}}){{5,7}})"
    rf"|{_HEX}{{4}}(?:\.{_HEX}{{4}}){{2}}){_END}"
)
_IPV6 = re.compile(
    rf"(?<![A-Za-z0-9_.:@-])\[?(?P<address>(?:{_HEX}{{0,4}}:){{2,8}}(?:\d{{1,3}}(?:\.\d{{1,3}}){{3}}|{_HEX}{{0,4}}))"
    r"(?:%(?P<zone>\w{1,15}))?\]?(?:(?P<sign>(?<=\]):|/)(?P<more>\d{1,5}))?(?![A-Za-z0-9_:])"
)
_HASH = re.compile(
    rf"{_BEGIN}(?:(?P<kind>sha|md)(?P<size>\d{{1,3}}):)?(?P<digest>(?:0x)?{_HEX}{{7,128}}){_END}"
)
_HEX_NUMBER = re.compile(rf"{_BEGIN}0x({_HEX}{{4,32}}){_END}")
_BOOK = re.compile(
    rf"{_BEGIN}(97[89](?:[- ]\d{{1,7}}){{4}}|97[89]\d{{10}}|(?<=ISBN )\d{{1,5}}(?:[- ]\d{{1,7}}){{2}}[- ][\dX]"
    rf"|(?<=ISBN )\d{{9}}[\dX]|(?<=ISSN )\d{{4}}-\d{{3}}[\dX]){_END}"
)
_GROUPED = re.compile(
    rf"{_BEGIN}((?:420 \d{{5}} )?\d{{4}}(?:([ -])\d{{4}})(?:\2\d{{4}}){{1,5}}(?:\2\d{{1,4}})?){_END}"
)
"""Card numbers, and tracking numbers in groups of four."""
_PARCEL = re.compile(rf"{_BEGIN}(1Z(?: [A-Z0-9]{{2,4}}){{4,8}}){_END}")
_COLOUR = re.compile(r"(?<![\w&#/])#((?:[0-9A-Fa-f]{2}){3,4})(?!\w)")
_HYPHENATED = re.compile(
    rf"{_BEGIN}(?<!\+)(?<!\+\d )(?<!\+\d\d )(?<!\+\d{{3}} )(\d{{1,12}}(?:-\d{{1,12}}){{2,6}}|[1-9]\d{{0,5}}-(?!\d+000(?!\d))\d{{7,12}}){_END}"
)
_SHORTEST_HYPHENATED = 9
"""A date has eight digits."""
_YEARS = re.compile(r"(?:(?:19|20)\d\d[ -]?)+")
_IBAN = re.compile(
    rf"{_BEGIN}([A-Z]{{2}}\d{{2}}(?: [A-Z0-9]{{4}}){{2,8}}(?: [A-Z0-9]{{1,4}})?){_END}"
)
_SERIAL = re.compile(rf"{_BEGIN}([A-Z0-9]{{1,40}}(?:-[A-Z0-9]{{1,40}}){{0,8}}){_END}")
_NO_CODE = re.compile(r"\d+X\d+|\d{1,6}[A-Z]{1,4}|S\d+E\d+|[A-Z]{1,3}-\d+|[A-Z]{2,}-\d{1,4}")
"""Sizes, units, episodes, and what `verbalize_codes` reads."""
_RUN = re.compile(r"[A-Z]+|\d+")
_MANY_RUNS = 4
_SHORTEST_MIXED = 6
_SHORTEST_SERIAL = 8
_MANY_DIGITS = 5
_SHORTEST_NAMED = 4
_CHUNK = 4
_LONGEST_CHUNK = 6
_PAIR = 2


def verbalize_spelled_codes(text: str, locale: LocaleRules | None) -> str:
    """Spell codes character by character, with a comma between two groups for a pause.

    Without a locale, the digits stay, and a space separates them.
    """
    if not any(map(text.__contains__, ":-.")) and not any(map(str.isdigit, text)):
        return text
    if "\u260f" in text:
        text = _TELEPHONE.sub(lambda match: _telephone(match, locale), text)
    text = _DECIMALS.sub(lambda match: match[0].replace(",", ", "), text)
    text = _UUID.sub(lambda match: _groups(match[1], "-", locale), _URN.sub("UUID ", text))
    if ":" in text:
        text = _IPV6.sub(lambda match: _ipv6(match, locale), text)
    text = _MAC.sub(lambda match: _mac(match[1], locale), text)
    text = _BOOK.sub(lambda match: _groups(match[1], "- ", locale), text)
    text = _IBAN.sub(lambda match: _groups(match[1], " ", locale), text)
    text = _GROUPED.sub(lambda match: _digit_groups(match[1], locale), text)
    text = _PARCEL.sub(lambda match: _groups(match[1], " ", locale), text)
    text = _COLOUR.sub(lambda match: _colour(match, locale), text)
    text = _HYPHENATED.sub(lambda match: _digit_groups(match[1], locale), text)
    text = _HASH.sub(lambda match: _hash(match, locale), text)
    text = _HEX_NUMBER.sub(
        lambda match: f"{_spell('0x', locale)}, {_spell(match[1], locale)}", text
    )
    if locale:
        text = _named_pattern(locale).sub(lambda match: _named(match, locale), text)
    return _SERIAL.sub(lambda match: _serial(match, locale), text)


def _spell(code: str, locale: LocaleRules | None) -> str:
    """Spell a code, in chunks of three or four characters if it is long."""
    count = -(-len(code) // _CHUNK) if len(code) > _LONGEST_CHUNK else 1
    ends = [len(code) * number // count for number in range(count + 1)]
    chunks = [code[begin:end] for begin, end in pairwise(ends)]
    return ", ".join(
        " ".join(_digits(one, locale) if one.isdigit() else one for one in chunk.upper())
        for chunk in chunks
    )


def _telephone(match: re.Match[str], locale: LocaleRules | None) -> str:
    plus = f"{locale.sign('plus') if locale else '+'} " if match["plus"] else ""
    groups = re.findall(r"\d+", match["number"] or "")
    return plus + ", ".join(_spell(group, locale) for group in groups)


def _digits(digits: str, locale: LocaleRules | None) -> str:
    """Return digits in words, or apart from each other in a language without a lexicon."""
    return locale.numerals.digits(digits) if locale else " ".join(digits)


def _groups(code: str, separators: str, locale: LocaleRules | None) -> str:
    groups = re.split(f"[{separators}]", code)
    return ", ".join(_spell(group, locale) for group in groups)


def _digit_groups(code: str, locale: LocaleRules | None) -> str:
    if sum(map(str.isdigit, code)) < _SHORTEST_HYPHENATED or _YEARS.fullmatch(code):
        return code
    return _groups(code, "- ", locale)


def _mac(address: str, locale: LocaleRules | None) -> str:
    return ", ".join(_spell(group, locale) for group in re.split("[:.-]", address))


def _ipv6(match: re.Match[str], locale: LocaleRules | None) -> str:
    address = match["address"]
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return match[0]
    if not any(map(str.isdigit, address)):
        return match[0]
    parts = [part for part in re.split("[:.]", address) if part]
    if match["zone"]:
        parts.append(match["zone"])
    spoken = ", ".join(_spell(part, locale) for part in parts)
    if not match["more"]:
        return spoken
    sign = f" {locale.lexicon.slash if locale else '/'}" if match["sign"] == "/" else ","
    return f"{spoken}{sign} {_digits(match['more'], locale)}"


def _hash(match: re.Match[str], locale: LocaleRules | None) -> str:
    digest = match["digest"].removeprefix("0x")
    letters = sum(map(str.isalpha, digest))
    if not letters or letters == len(digest) or re.fullmatch(r"\d+[eE]\d{1,3}", digest):
        return match[0]
    spoken = _spell(match["digest"], locale)
    if not match["kind"]:
        return spoken
    return f"{match['kind'].upper()} {_digits(match['size'], locale)}, {spoken}"


def _colour(match: re.Match[str], locale: LocaleRules | None) -> str:
    """Spell a colour such as `#FF8800`, unless it may be a number or a word."""
    code = match[1]
    is_plain = code.isdigit() or code.isalpha()
    return match[0] if is_plain and len(set(code)) > 1 else _spell(code, locale)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _named_pattern(locale: LocaleRules) -> re.Pattern[str]:
    """Match a code of letters and digits after a word such as "serial"."""
    words = "|".join(map(re.escape, locale.lexicon.code_words))
    begin = r"(?<!\w)" if locale.lexicon.spaced else ""
    gap = r"(?:\.?(?: ?[:=#] ?| ))(?:(?:number|no\.|nummer|is|ist|#) ?)?(?:: ?)?"
    code = r"(?=[A-Za-z-]*\d)(?=[\d-]*[A-Za-z])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
    return re.compile(rf"({begin}(?i:{words or '(?!)'}){gap})({code}){_END}")


def _named(match: re.Match[str], locale: LocaleRules) -> str:
    code = match[2]
    digits = sum(map(str.isdigit, code))
    is_code = len(code) >= _SHORTEST_NAMED and digits > 1 and len(_RUN.findall(code.upper())) > 1
    is_word = digits < _SHORTEST_SERIAL and re.search("[a-z]{3}", code) is not None
    if not is_code or is_word or _NO_CODE.fullmatch(code):
        return match[0]
    return match[1] + _groups(code, "-", locale)


def _serial(match: re.Match[str], locale: LocaleRules | None) -> str:
    code = match[1]
    runs = _RUN.findall(code)
    digits = sum(map(str.isdigit, code))
    length = sum(map(len, runs))
    if digits in {0, length} or _NO_CODE.fullmatch(code):
        return match[0]
    alternates = len(runs) >= _MANY_RUNS and length >= _SHORTEST_MIXED and digits > _PAIR
    if not alternates and (length < _SHORTEST_SERIAL or digits < _MANY_DIGITS):
        return match[0]
    return _groups(code, "-", locale)
