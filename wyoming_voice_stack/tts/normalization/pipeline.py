"""The order in which a sentence's writings are said.

Each step leaves words behind in which no later step finds anything. What is ambiguous is left for
later, and in the end only as a number: `3-4` may be a score, `1/2` a house.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from wyoming_voice_stack.tts.normalization.dates.calendar_dates import say_dates
from wyoming_voice_stack.tts.normalization.dates.clock import say_times
from wyoming_voice_stack.tts.normalization.dates.durations import say_durations
from wyoming_voice_stack.tts.normalization.dates.timestamps import say_timestamps
from wyoming_voice_stack.tts.normalization.dates.years import say_spans_of_years
from wyoming_voice_stack.tts.normalization.identifiers.codes import say_codes
from wyoming_voice_stack.tts.normalization.identifiers.letters import say_abbreviations
from wyoming_voice_stack.tts.normalization.identifiers.variable_names import say_identifiers
from wyoming_voice_stack.tts.normalization.identifiers.web_addresses import say_addresses
from wyoming_voice_stack.tts.normalization.locale.locale_rules import LocaleRules, locale
from wyoming_voice_stack.tts.normalization.numbers.fractions import say_fractions
from wyoming_voice_stack.tts.normalization.numbers.ordinals import (
    say_ordinals,
    say_series,
    whole_ordinals,
)
from wyoming_voice_stack.tts.normalization.numbers.quantities import say_quantities, whole_fractions
from wyoming_voice_stack.tts.normalization.numbers.scales import say_scales
from wyoming_voice_stack.tts.normalization.numbers.shares import say_shares
from wyoming_voice_stack.tts.normalization.numbers.signs import say_powers, say_signs
from wyoming_voice_stack.tts.normalization.numbers.suffixes import say_suffixes
from wyoming_voice_stack.tts.normalization.units.measurements import say_units
from wyoming_voice_stack.tts.normalization.units.money import say_money

_STEPS: tuple[Callable[[str, LocaleRules], str], ...] = (
    whole_fractions,
    whole_ordinals,
    say_addresses,
    say_abbreviations,
    say_timestamps,
    say_series,
    say_dates,
    say_durations,
    say_times,
    say_codes,
    say_spans_of_years,
    say_shares,
    say_signs,
    say_money,
    say_fractions,
    say_suffixes,
    say_units,
    say_powers,
    say_scales,
    say_ordinals,
    say_quantities,
)
_TWO_SPACES = re.compile(r" {2,}")
_SPACE_BEFORE_MARK = re.compile(r" +(?=[,.;!?](?:\s|$))")


def spoken(text: str, language: str) -> str:
    """Return a cleaned sentence as it is said in `language`, a BCP 47 tag.

    Of a language without a lexicon only names of programs are changed. Words stay as they are.
    """
    said = say_identifiers(text)
    known = locale(language)
    if known is not None:
        for step in _STEPS:
            said = step(said, known)
    if said == text:
        return text
    if known is not None:
        for pattern, joined in known.lexicon.joins.items():
            said = re.sub(pattern, joined, said)
    said = _SPACE_BEFORE_MARK.sub("", _TWO_SPACES.sub(" ", said)).strip()
    if text.endswith(".") and said[-1:].isalnum():
        said += "."  # That of an abbreviation was the sentence's as well.
    return said
