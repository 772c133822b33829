"""Mathematical and other signs between and before numbers and words."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules

_ARROW = re.compile(r"\s?(?:[\u2192\u21d2]|[-=]{1,2}>)\s?(?=\w)")
_BOUNDS = re.compile(r"([\u2211\u220f\u222b] [^\u2025\u2211\u220f\u222b]{1,40})\u2025 ")
"""Between the bounds of a sum or an integral in a formula."""
_PAIR = re.compile(r"(?<![\w/.,-])(?:24/7|50/50)(?![\w/]|[.,]\d)")
"""Pairs whose slash is not spoken."""
_LETTERS = r"[^\W\d_]"
_FRACTION_SIGNS = {
    "1/2": "\u00bd",
    "1/4": "\u00bc",
    "3/4": "\u00be",
    "1/3": "\u2153",
    "2/3": "\u2154",
    "1/8": "\u215b",
    "3/8": "\u215c",
    "1/5": "\u2155",
}
_POWERS = {"squared": "\u00b2", "cubed": "\u00b3"}
_PLACE = "{n}"
"""Where the exponent stands in the words for a power, if not at their end."""
_ORDINAL_PLACE = "{ordinal}"
_SCIENTIFIC = re.compile(
    r"(?<![\w.,:/-])(?P<n>\d{1,3}(?:[.,]\d{1,8})?)[eE](?P<sign>[+-]?)(?P<power>\d{1,3})(?![\w-]|[.,]\d)"
)
"""`1e6` and `2.5e-3`."""
_CODE_CHARACTERS = 20
"""Distance at which a word such as `password` still belongs to a code."""
_POWER_OF_NUMBER = re.compile(r"(?<=[\w)])\^(?P<minus>-)?(?P<n>\d{1,3})(?!\d)")
_WORD = re.compile(r"[^\W\d_]+")
_LAST_WORD = re.compile(r"([^\W\d_]+)\W{1,2}$")
_WORD_BEFORE = re.compile(r"([^\W\d_]+) $")
_FOLD_PER = re.compile(r"(?<=\d)\s?[x\u00d7]/(?=[^\W\d_])")
_MIXED = re.compile(rf"(?<![\w/.,-])(\d{{1,3}})[ -]({'|'.join(_FRACTION_SIGNS)})(?![\w/%]|[.,]\d)")
"""`5 1/4` and `2-1/2`."""
_AREA = re.compile(
    r"(?<=\d)(\s?(?:mm|cm|dm|km|m|ft|in|\u043c\u043c|\u0441\u043c|\u043c|\u043a\u043c))\s?[x\u00d7\u0445]\s?(?=\d)"
)
"""Between two lengths: `3 m x 4 m`."""
_RULES = (
    ("plus_minus", r"\u00b1\s?(?=\d)"),
    ("times", r"(?<=\d)\s?[\u00d7*\u22c5]\s?(?=-?\d)|(?<=[\d)])\s?\u00b7\s?(?=[\d(])"),
    ("times", r"(?<=\d)\sx\s(?=\d+(?:[.,]\d+)?\s?=)"),
    ("times", r"(?<![\w\u00d7)])\u00d7(?=\d)"),
    ("by", r"(?<=\d{3})\s?x\s?(?=\d{3})"),
    ("by", r"(?<=\d)(?<!\b0)\s?[x\u0445]\s?(?=\d)(?!\s?\d+\s?[a-z]{3})"),
    ("fold", r"(?<=\d)\s?[x\u00d7](?=[\s,.!?;:)]|$)"),
    ("divided", r"(?<=\d)\s/\s(?=\d)|(?<=[\w)\u00b2\u00b3])\s?\u00f7\s?(?=[\w(\u221a])"),
    ("divided", r"(?<=\d)\s:\s(?=\d+(?:[.,]\d+)?\s=)"),
    ("power", r"(?<=[\w)])\^(?=[\w(-])"),
    ("root", r"\u221a\s?(?=[\w(])"),
    ("section", r"\u00a7{1,2}\s?(?=\d)"),
    ("plus", r"(?<=[\d\u00b2\u00b3])\s?\+\s?(?=\d)|(?<=[\u00b2\u00b3])\+(?=\w)"),
    ("plus", r"(?<![\w+])\+(?=\d)"),
    ("plus", r"(?<=\w)\s\+\s(?=\w)|(?<=\b[A-Z])\+(?=[\s,.!?;:)]|$)"),
    ("plus", r"(?<=\d)\+(?=[\s,.!?;:)%]|$)"),
    ("minus", r"(?<=\d)\s[-\u2212]\s(?=\d+(?:[.,]\d+)?\s=)"),
    ("minus", r"(?<=\d)[-\u2212](?=\d+(?:[.,]\d+)?\s?=)"),
    ("equals", r"(?<=[\w%)\u00b0\u20ac$\u00a3])\s?=\s?(?=[-\w$\u20ac\u00a3])"),
    ("not_equal", r"(?<=[\w)\u00b2\u00b3])\s?\u2260\s?(?=[-\w(\u221e])"),
    ("sum", r"\u2211"),
    ("product", r"\u220f"),
    ("integral", r"\u222b"),
    ("infinity", r"\u221e"),
    ("about", r"(?<![\w~])[~\u2248\u223c]\s?(?=\d)|(?<=\w)\s?\u2248\s?(?=\w)"),
    ("at_most", r"(?:\u2264|<=)\s?(?=-?\d)|(?<=\w)\s?\u2264\s?(?=\w)"),
    ("at_least", r"(?:\u2265|>=)\s?(?=-?\d)|(?<=\w)\s?\u2265\s?(?=\w)"),
    ("less", r"(?<![\w<])<\s?(?=-?\d)|(?<=\d)\s<\s(?=\d)"),
    ("more", r"(?<![\w>-])>\s?(?=-?\d)|(?<=\d)\s>\s(?=\d)"),
    ("number", r"(?<![\w#&])#(?=\d)|(?<!\w)No\.\s?(?=\d)|\u2116\s?(?=\w)"),
    ("number", r"(?<!\w)[Nn]\.?[\u00b0\u00ba]\.?\s?(?=\w)"),
    ("sharp", r"(?<=\b[CF])#(?!\w)"),
    ("and", rf"(?<=\S)\s&\s(?=\S)|(?<={_LETTERS})&(?={_LETTERS})"),
)


def verbalize_signs(text: str, locale: LocaleRules) -> str:
    """Replace signs with words; the numbers beside them stay."""
    text = _BOUNDS.sub(rf"\1{locale.lexicon.to} ", _ARROW.sub(", ", text))
    if locale.sign("times") and locale.sign("power"):
        text = _SCIENTIFIC.sub(lambda match: _product(match, locale), text)
    if locale.lexicon.spaced and "/" in text:
        text = _PAIR.sub(lambda match: match[0].replace("/", " "), text)
    text = _slash_fraction_pattern(locale).sub(
        lambda match: (
            match[0] if _names_part(match, locale) else (match[1] or "") + _FRACTION_SIGNS[match[2]]
        ),
        text,
    )
    if not locale.lexicon.bare_fractions and locale.lexicon.fractions:
        text = _MIXED.sub(lambda match: f"{match[1]} {_FRACTION_SIGNS[match[2]]}", text)
    if locale.lexicon.bare_fractions and "/" in text:
        text = _bare_fraction_pattern(locale).sub(lambda match: _fraction(match, locale), text)
    if length := locale.sign("by") or locale.sign("times"):
        text = _AREA.sub(rf"\g<1> {length} ", text)
    for name, pattern in _compiled():
        word = _word(name, locale)
        if name == "fold":
            text = _FOLD_PER.sub(rf" {word} {locale.lexicon.per} ", text) if word else text
        if word is not None and (_PLACE in word or _ORDINAL_PLACE in word):
            text = _POWER_OF_NUMBER.sub(lambda match: _power(match, locale), text)
        elif word is not None:
            text = pattern.sub(f" {word} ", text)
    return _signs_between(text, locale)


def _signs_between(text: str, locale: LocaleRules) -> str:
    """Replace a sign between two numbers that the rules leave."""
    if locale.lexicon.numbers.hyphenated_ranges:
        text = _between("\u2013", spaced=True).sub(r"\g<1>-", text)
    words = {":": locale.lexicon.ratio, "\u2013": locale.lexicon.to, "/": locale.lexicon.slash}
    for sign, word in words.items():
        if word and sign in text:
            between = _between(sign, spaced=locale.lexicon.spaced)
            text = between.sub(rf"\g<1>{locale.separator}{word}{locale.separator}", text)
    return text


def _product(match: re.Match[str], locale: LocaleRules) -> str:
    """Return a product with a power of ten, unless it is a code: `room 4E12`, `the password is 1e6`."""
    is_number = "e" in match[0] or bool(match["sign"]) or not match["n"].isdigit()
    before = match.string[max(0, match.start() - _CODE_CHARACTERS) : match.start()].lower()
    is_code = not set(_WORD.findall(before)).isdisjoint(map(str.lower, locale.lexicon.code_words))
    if is_code or not is_number:
        return match[0]
    return f"{match['n']} \u00d7 10^{match['sign'].replace('+', '')}{match['power']}"


def _word(name: str, locale: LocaleRules) -> str | None:
    words = locale.lexicon
    instead = {"minus": words.minus, "fold": locale.sign("times")}
    return locale.sign(name) or instead.get(name)


def _power(match: re.Match[str], locale: LocaleRules) -> str:
    minus = f"{locale.lexicon.minus}{locale.separator}" if match["minus"] else ""
    word = locale.sign("power") or ""
    if _ORDINAL_PLACE in word:
        return word.replace(_ORDINAL_PLACE, minus + locale.numerals.ordinal(int(match["n"])))
    return word.replace(_PLACE, minus + locale.numerals.cardinal(int(match["n"])))


def verbalize_powers(text: str, locale: LocaleRules) -> str:
    """Verbalize the exponents that are not part of a unit."""
    for name, exponent in _POWERS.items():
        if exponent in text and (word := locale.sign(name)):
            text = re.sub(rf"(?<=[\w)]){exponent}(?!\w)", f" {word}", text)
    return text


@functools.cache
def _compiled() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(pattern)) for name, pattern in _RULES)


@functools.cache
def _between(sign: str, *, spaced: bool) -> re.Pattern[str]:
    """Match a sign between two numbers, unless it is the colon of a time of day."""
    word = r"\w" if spaced else r"\dA-Za-z"
    one = rf"(?<![{word}.,:/\u2013-])(\d{{1,6}})"
    no_clock = r"(?!0\d)" if sign == ":" else ""
    return re.compile(rf"{one}{sign}{no_clock}(?=\d{{1,6}}(?![{word}:/\u2013-]|[.,]\d))")


@functools.lru_cache(maxsize=MAX_LOCALES)
def _slash_fraction_pattern(locale: LocaleRules) -> re.Pattern[str]:
    """Match `1/2` before a noun of `fraction_nouns`."""
    nouns = "|".join(locale.lexicon.fraction_nouns) or "(?!)"
    known = "|".join(_FRACTION_SIGNS)
    return re.compile(rf"(?<![\w/.,-])(?:(\d{{1,3}}) )?({known})(?= (?:{nouns})\b)")


@functools.lru_cache(maxsize=MAX_LOCALES)
def _bare_fraction_pattern(locale: LocaleRules) -> re.Pattern[str]:
    """Match `1/2` without a known noun."""
    known = "|".join(locale.lexicon.bare_fractions)
    return re.compile(rf"(?<![\w/.,-])(?:(?P<whole>\d{{1,3}}) )?(?P<n>{known})(?![\w/%]|[.,]\d)")


def _names_part(match: re.Match[str], locale: LocaleRules) -> bool:
    """Return whether the word before two numbers says that they are a part and the total: `page 1/2 of`."""
    before = _WORD_BEFORE.search(
        match.string, max(match.start() - _CODE_CHARACTERS, 0), match.start()
    )
    return before is not None and before[1].lower() in locale.lexicon.not_fractions_after


def _fraction(match: re.Match[str], locale: LocaleRules) -> str:
    """Verbalize the fraction unless it may be a house number, or a number and the total."""
    words = locale.lexicon
    before = _LAST_WORD.search(match.string[: match.start()])
    if before is not None:
        is_name = before.start() > 0 and before[1][0].isupper()
        if is_name or before[1].lower() in words.not_fractions_after:
            return match[0]
    if match["whole"]:
        return f"{match['whole']} {_FRACTION_SIGNS[match['n']]}"
    return words.bare_fractions[match["n"]]
