"""Numbers with a unit, a range of numbers with a unit among them."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.spoken.notation import AFTER, MINUS, RANGE, Figure
from wyoming_voice_stack.tts.spoken.symbols import (
    FRACTION_ONLY,
    LARGE_ONLY,
    PER,
    SMALLEST_LARGE,
    SPACED,
    STICKY,
    alternatives,
)
from wyoming_voice_stack.tts.spoken.tongue import MAX_TONGUES, Tongue

_DECADE = re.compile(
    r"(?<![\w.,])(?P<century>(?:1[89]|20)[1-9]0)s\b|(?<=\b(?i:the) )['\u2019]?(?P<short>[2-9]0)s\b"
)
_DECADES = {"y": "ies"}


def say_units(text: str, tongue: Tongue) -> str:
    """Say units by their names, in the plural that goes with the number."""
    if tongue.lexicon.decades:
        text = _DECADE.sub(lambda match: _decade(match, tongue), text)
    # Turkish writes the percent sign first.
    text = re.sub(r"(?<!\S)%(\d+(?:[.,]\d+)?)", r"\1%", text) if "%" in text else text
    return _pattern(tongue).sub(lambda match: _said(match, tongue), text)


@functools.lru_cache(maxsize=MAX_TONGUES)
def _pattern(tongue: Tongue) -> re.Pattern[str]:
    sticky = alternatives((*STICKY, *tongue.lexicon.unit_symbols))
    spaced = alternatives((*SPACED, *LARGE_ONLY, *FRACTION_ONLY))
    number = rf"(?P<n>{tongue.figure}){AFTER}"
    first_unit = rf"(?:\s?(?:{sticky}))?"
    last = rf"(?:{first_unit}{RANGE}(?P<minus2>[-\u2212](?=\d))?(?P<last>{tongue.figure}){AFTER})?"
    unit = rf"(?:\s?(?P<unit>{sticky})|\s(?P<spaced>{spaced}))(?:/(?P<per>{alternatives(PER)}))?"
    minus = rf"(?P<minus>{tongue.before_sign}{MINUS}\s?)?"
    after = r"(?:(?<=\.)|(?<=[%\u066a\u2030\u00b0])(?!\w)|" + tongue.after + "(?!['\u2019/]\\w))"
    return re.compile(rf"{minus}{tongue.before}{number}{last}{unit}{after}(?:\.(?=\s+[a-z]))?")


def _said(match: re.Match[str], tongue: Tongue) -> str:
    figure = tongue.read(match["n"])
    unit = _unit(match, tongue, figure)
    if unit is None:
        return match[0]
    minus = f"{tongue.lexicon.minus}{tongue.space}"
    first = minus if match["minus"] else ""
    if match["last"]:
        first += f"{tongue.numerals.figure(figure, tongue.gender(unit))} {tongue.lexicon.to} "
        first += minus if match["minus2"] else ""
        figure = tongue.read(match["last"])
    per = PER.get(match["per"] or "")
    counted = tongue.counted(figure, unit, per)
    return match[0] if counted is None else first + counted


def _unit(match: re.Match[str], tongue: Tongue, figure: Figure) -> str | None:
    if written := match["unit"]:
        return tongue.lexicon.unit_symbols.get(written) or STICKY[written]
    written = match["spaced"]
    if written in LARGE_ONLY:
        return LARGE_ONLY[written] if figure.value >= SMALLEST_LARGE else None
    if written in FRACTION_ONLY:
        return FRACTION_ONLY[written] if figure.fraction else None
    return SPACED[written]


def _decade(match: re.Match[str], tongue: Tongue) -> str:
    said = tongue.numerals.year(int(match["century"] or match["short"]))
    for ending, plural in _DECADES.items():
        if said.endswith(ending):
            return said.removesuffix(ending) + plural
    return f"{said}s"
