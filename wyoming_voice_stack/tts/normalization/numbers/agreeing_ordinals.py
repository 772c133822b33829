"""Ordinals with a full stop before a noun they agree with: Czech `2. patro`, Turkish `1. kat`."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.grammatical_case import word_before_number
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import parse_roman

_CAPITAL = (
    "[A-Z\u00c0-\u00de\u010c\u010e\u0141\u0147\u0158\u015a\u0160\u0164\u016e\u0179\u017b\u017d]"
)

_NAME = re.compile(rf"(?<!\w){_CAPITAL}[^\W\d_]{{2,24}}[^\W\d_a] $")
"""A name in front of a number: `Karel IV. a`."""
_LONGEST_NAME = 28


def verbalize_agreeing_ordinals(text: str, locale: LocaleRules) -> str:
    """Verbalize a number with a full stop before a word, in the form that the word requires."""
    if locale.lexicon.agreeing_ordinals is None:
        return text
    if locale.lexicon.agreeing_ordinals.decades_after:
        text = _decades(locale).sub(lambda match: _decade(match, locale), text)
    return _pattern(locale).sub(lambda match: _verbalize(match, locale), text)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    rules = locale.lexicon.agreeing_ordinals
    is_before_names = rules is not None and rules.before_names
    noun = r"(?P<noun>[^\W\d_][\w-]*)"
    any_case = noun if is_before_names else rf"(?!{_CAPITAL}){noun}"
    bare = "|".join(rules.bare_before) if rules and rules.bare_before else "(?!)"
    return re.compile(
        rf"(?<![\w.,:/-])(?:(?P<n>\d{{1,3}}|[1-3]000(?=\. (?!{_CAPITAL})))|(?P<roman>[IVXL]{{2,8}}|[VX]))(?:\.|(?= (?:{bare})\b))(?= {any_case})"
    )


@functools.lru_cache(maxsize=MAX_LOCALES)
def _decades(locale: LocaleRules) -> re.Pattern[str]:
    rules = locale.lexicon.agreeing_ordinals
    words = "|".join(rules.decades_after if rules else ())
    joint = rf"(?:, ?|,? (?:{'|'.join(locale.lexicon.numbers.joints)}) )"
    return re.compile(rf"(?<!\w)(?P<word>(?i:{words})) (?P<row>\d0\.(?:{joint}\d0\.){{0,4}})")


def _decade(match: re.Match[str], locale: LocaleRules) -> str:
    rules = locale.lexicon.agreeing_ordinals
    form = rules.decades_after[match["word"].lower()] if rules else "ordinal"
    spoken = re.sub(
        r"(\d0)\.", lambda tens: locale.numerals.ordinal(int(tens[1]), form), match["row"]
    )
    return f"{match['word']} {spoken}"


def _verbalize(match: re.Match[str], locale: LocaleRules) -> str:
    number = parse_roman(match["roman"]) if match["roman"] else int(match["n"])
    rules = locale.lexicon.agreeing_ordinals
    is_list_item = match["n"] and match.start() == 0 and match["noun"][0].isupper()
    if not number or rules is None or is_list_item:
        return match[0]
    noun = match["noun"].lower()
    if (
        match["roman"]
        and not noun.startswith(rules.counted)
        and _NAME.search(match.string, max(match.start() - _LONGEST_NAME, 0), match.start())
    ):
        return locale.numerals.ordinal(number, "ordinal")
    governor = word_before_number(match.string, match.start(), locale)
    form = next(
        (
            rule.case
            for rule in rules.forms
            if (not rule.after or governor in rule.after)
            and (not rule.nouns or noun.endswith(rule.nouns))
            and (not rule.before or noun in rule.before)
        ),
        "ordinal",
    )
    return locale.numerals.ordinal(number, form)
