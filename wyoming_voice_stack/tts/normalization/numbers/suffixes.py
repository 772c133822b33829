"""Numbers with a suffix: `1990s`, `in her 30s`, German `80er` and `3fach`."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.numerals import with_ending

_DECADE = r"(?<![\w.,])(?P<century>(?:1[1-9]|20)\d0)s\b"
_COUNT = r"(?<![\w.,])(?P<many>1(?:,?000)+|100|10)s(?= of\b)"
_DECADES = {"y": "ies"}
_SURE_YEAR = re.compile(r"(?:19|20)\d\d")
_PERCENT = "%"


def verbalize_suffixes(text: str, locale: LocaleRules) -> str:
    """Verbalize a number and its suffix as one word."""
    if locale.lexicon.decade_words:
        text = _decades(locale).sub(lambda match: _decade(match, locale), text)
    if locale.lexicon.number_suffixes:
        text = _suffixed(locale).sub(lambda match: _joined(match, locale), text)
    if locale.lexicon.compounds.form:
        text = _compounds(locale).sub(lambda match: _compound(match, locale), text)
    return text


@functools.lru_cache(maxsize=MAX_LOCALES)
def _decades(locale: LocaleRules) -> re.Pattern[str]:
    words = "|".join(locale.lexicon.decade_words)
    short = rf"(?P<lead>(?<!\w)(?i:{words})[ -])['\u2019]?(?P<short>[2-9]0)['\u2019]?s\b"
    bare = r"(?<!\w)['\u2019](?P<bare>[2-9]0)s\b"
    return re.compile(f"{_DECADE}|{_COUNT}|{short}|{bare}")


def _decade(match: re.Match[str], locale: LocaleRules) -> str:
    if match["many"]:
        spoken = locale.numerals.cardinal(int(match["many"].replace(",", "")))
        return f"{spoken.partition(' ')[2] or spoken}s"
    number = int(match["century"] or match["short"] or match["bare"])
    spoken = (match["lead"] or "") + locale.numerals.year(number)
    for ending, plural in _DECADES.items():
        if spoken.endswith(ending):
            return spoken.removesuffix(ending) + plural
    return f"{spoken}s"


@functools.lru_cache(maxsize=MAX_LOCALES)
def _suffixed(locale: LocaleRules) -> re.Pattern[str]:
    endings = "|".join(locale.lexicon.number_suffixes)
    return re.compile(
        rf"{locale.before}(?P<n>\d{{1,4}})(?:-?|\s(?=mal\b(?! \d)))(?P<end>{endings})(?!\w)"
    )


@functools.lru_cache(maxsize=MAX_LOCALES)
def _compounds(locale: LocaleRules) -> re.Pattern[str]:
    endings = locale.lexicon.compounds.endings
    hyphen = "-" if locale.lexicon.compounds.hyphen else "-?"
    return re.compile(
        rf"(?<![\w.,/-])(?P<n>\d{{1,4}}){hyphen}(?P<word>[^\W\d_]{{2,30}}?{endings})(?![\w-])"
    )


def _compound(match: re.Match[str], locale: LocaleRules) -> str:
    compounds, number = locale.lexicon.compounds, int(match["n"])
    spoken = compounds.irregular.get(number)
    if spoken is None:
        words = locale.numerals.cardinal(number, compounds.form).split()
        spoken = "".join(with_ending(word, compounds.parts) for word in words)
    return spoken + match["word"]


def _joined(match: re.Match[str], locale: LocaleRules) -> str:
    written, end = match["n"], match["end"]
    number = int(written)
    if end.startswith("er"):
        numerals = locale.numerals
        spoken = (
            numerals.year(number) if _SURE_YEAR.fullmatch(written) else numerals.cardinal(number)
        )
        return spoken + end
    spoken = locale.numerals.cardinal(number, "masculine")
    if end.startswith(_PERCENT):
        end = "prozent" + end.removeprefix(_PERCENT)
    return spoken + end
