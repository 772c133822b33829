"""Year ranges such as `1914-1918`, and seasons such as `2020/21`."""

from __future__ import annotations

import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import LocaleRules

_YEAR = r"(?:1[1-9]\d\d|20\d\d)"
_SPAN = re.compile(
    rf"(?<![\w.,:/+-])(?P<first>{_YEAR})\s?[-\u2013\u2014]\s?(?P<last>{_YEAR})(?=$|[)!?;:]|[.,](?!\d))"
)
_SEASON = re.compile(
    r"(?<![\w.,:/+-])(?P<y>(?:19|20)\d\d)[/\u2013-](?P<next>\d\d|20\d\d)(?![\w/-]|[.,]\d)"
)
_CENTURY = 100
_YEAR_DIGITS = 4


def verbalize_year_ranges(text: str, locale: LocaleRules) -> str:
    """Verbalize year ranges and seasons where no other reading is possible."""
    text = _SPAN.sub(lambda match: _span(match, locale), text)
    return _SEASON.sub(lambda match: _season(match, locale), text)


def _span(match: re.Match[str], locale: LocaleRules) -> str:
    first, last = int(match["first"]), int(match["last"])
    if first >= last:
        return match[0]
    return f"{locale.numerals.year(first)} {locale.lexicon.to} {locale.numerals.year(last)}"


def _season(match: re.Match[str], locale: LocaleRules) -> str:
    year, following = int(match["y"]), match["next"]
    if int(following) % _CENTURY != (year + 1) % _CENTURY or "-" in match[0]:
        return match[0]
    is_full_year = len(following) == _YEAR_DIGITS
    spell = locale.numerals.year if is_full_year else locale.numerals.cardinal
    return f"{locale.numerals.year(year)} {spell(int(following))}"
