"""The order of the normalization steps.

The output of a step contains nothing that a later step would match. Each step leaves ambiguous
text to the later ones, and the last reads only the numbers in it: `3-4` may be a score, `1/2` a
house number.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from wyoming_voice_stack.tts.normalization.dates_and_times.bare_hours import verbalize_bare_hours
from wyoming_voice_stack.tts.normalization.dates_and_times.calendar_dates import verbalize_dates
from wyoming_voice_stack.tts.normalization.dates_and_times.clock import verbalize_times
from wyoming_voice_stack.tts.normalization.dates_and_times.durations import verbalize_durations
from wyoming_voice_stack.tts.normalization.dates_and_times.short_dates import complete_dates
from wyoming_voice_stack.tts.normalization.dates_and_times.timestamps import verbalize_timestamps
from wyoming_voice_stack.tts.normalization.dates_and_times.weekdays import verbalize_weekdays
from wyoming_voice_stack.tts.normalization.dates_and_times.years import verbalize_years
from wyoming_voice_stack.tts.normalization.german_adjectives import verbalize_german_adjectives
from wyoming_voice_stack.tts.normalization.identifiers.acronyms import verbalize_abbreviations
from wyoming_voice_stack.tts.normalization.identifiers.codes import verbalize_codes
from wyoming_voice_stack.tts.normalization.identifiers.spelled_codes import (
    verbalize_spelled_codes,
)
from wyoming_voice_stack.tts.normalization.identifiers.variable_names import verbalize_identifiers
from wyoming_voice_stack.tts.normalization.identifiers.web_addresses import verbalize_addresses
from wyoming_voice_stack.tts.normalization.locale.locale_rules import LocaleRules, locale_rules
from wyoming_voice_stack.tts.normalization.numbers.agreeing_ordinals import (
    verbalize_agreeing_ordinals,
)
from wyoming_voice_stack.tts.normalization.numbers.cardinals import (
    add_leading_zeros,
    verbalize_cardinals,
)
from wyoming_voice_stack.tts.normalization.numbers.dotted_numerals import restore_dotted_numerals
from wyoming_voice_stack.tts.normalization.numbers.fractions import verbalize_fractions
from wyoming_voice_stack.tts.normalization.numbers.german_halves import verbalize_german_halves
from wyoming_voice_stack.tts.normalization.numbers.ordinals import (
    restore_ordinal_signs,
    verbalize_ordinals,
    verbalize_series,
)
from wyoming_voice_stack.tts.normalization.numbers.proportions import (
    verbalize_proportions,
    verbalize_ratios,
)
from wyoming_voice_stack.tts.normalization.numbers.roman_numerals import (
    plain_roman_numerals,
    verbalize_roman_numerals,
)
from wyoming_voice_stack.tts.normalization.numbers.scales import verbalize_scales
from wyoming_voice_stack.tts.normalization.numbers.signs import verbalize_powers, verbalize_signs
from wyoming_voice_stack.tts.normalization.numbers.suffixes import verbalize_suffixes
from wyoming_voice_stack.tts.normalization.units.compass import verbalize_directions
from wyoming_voice_stack.tts.normalization.units.measurements import verbalize_units
from wyoming_voice_stack.tts.normalization.units.money import verbalize_money

_STEPS: tuple[Callable[[str, LocaleRules], str], ...] = (
    add_leading_zeros,
    restore_ordinal_signs,
    restore_dotted_numerals,
    verbalize_spelled_codes,
    verbalize_addresses,
    verbalize_german_adjectives,
    verbalize_abbreviations,
    complete_dates,
    verbalize_timestamps,
    verbalize_series,
    verbalize_ratios,
    verbalize_weekdays,
    verbalize_dates,
    verbalize_agreeing_ordinals,
    verbalize_durations,
    verbalize_bare_hours,
    verbalize_times,
    verbalize_codes,
    verbalize_years,
    verbalize_proportions,
    verbalize_german_halves,
    verbalize_signs,
    verbalize_directions,
    verbalize_money,
    verbalize_fractions,
    verbalize_suffixes,
    verbalize_units,
    verbalize_powers,
    verbalize_scales,
    verbalize_ordinals,
    verbalize_roman_numerals,
    verbalize_cardinals,
)
_TWO_SPACES = re.compile(r" {2,}")
_SPACE_IN_BRACKET = re.compile(r"(?<=[(\[]) +")
_SPACE_BEFORE_MARK = re.compile(r" +(?=[,.;!?](?:\s|$))")


def normalize(text: str, language: str) -> str:
    """Return the spoken form of a cleaned sentence in `language`, a BCP 47 tag.

    Words are unchanged. For a language without a lexicon, only identifiers are rewritten.
    """
    spoken = verbalize_identifiers(text)
    locale = locale_rules(language)
    if locale is not None:
        for step in _STEPS:
            spoken = step(spoken, locale)
    else:
        spoken = verbalize_spelled_codes(spoken, None)
        if not spoken.isascii():
            spoken = plain_roman_numerals(spoken)
    if spoken == text:
        return text
    if locale is not None:
        for pattern, joined in locale.lexicon.joins.items():
            spoken = re.sub(pattern, joined, spoken)
    spoken = _SPACE_IN_BRACKET.sub("", _TWO_SPACES.sub(" ", spoken))
    spoken = _SPACE_BEFORE_MARK.sub("", spoken).strip()
    if text.endswith(".") and spoken[-1:].isalnum():
        spoken += "."  # The full stop of a final abbreviation also ended the sentence.
    return spoken
