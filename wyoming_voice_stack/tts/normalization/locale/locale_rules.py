"""The normalization rules of one language and region."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from decimal import Decimal

from wyoming_voice_stack.tts.normalization.locale.cldr import CldrNames
from wyoming_voice_stack.tts.normalization.locale.lexicon import Lexicon, languages, lexicon
from wyoming_voice_stack.tts.normalization.locale.notation import (
    WrittenNumber,
    number_pattern,
    parse_number,
)
from wyoming_voice_stack.tts.normalization.locale.numerals import Numerals

MAX_LOCALES = 64
"""Size of the caches that are keyed by locale."""
_AMERICAN_ENGLISH = frozenset({"en", "en-US", "en-PH", "en-PR"})
_OWN_RULES = {"pt-PT": "pt_PT"}


@dataclass(frozen=True, eq=False)
class LocaleRules:
    """The rules of one language, and of one region if the tag has one."""

    tag: str
    language: str
    lexicon: Lexicon
    numerals: Numerals
    names: CldrNames

    @functools.cached_property
    def number_pattern(self) -> str:
        """Regular expression for a number in digits."""
        return number_pattern(self.lexicon.numbers)

    @functools.cached_property
    def before(self) -> str:
        """Regular expression for a position where a number or an abbreviation may begin."""
        letters = r"[^\W_]" if self.lexicon.spaced else "[A-Za-z0-9]"
        return rf"(?<!{letters})(?<!\d[.,:/])(?<![_@#])"

    @functools.cached_property
    def after(self) -> str:
        """Regular expression for a position where a word or an abbreviation may end."""
        letters = r"\w" if self.lexicon.spaced else r"A-Za-z0-9_"
        return rf"(?![{letters}])"

    @property
    def before_sign(self) -> str:
        """Regular expression for a position where a minus sign may begin."""
        return r"(?<![^\s(:\"])" if self.lexicon.spaced else r"(?<![A-Za-z0-9)\-])"

    @property
    def separator(self) -> str:
        """The separator between two words."""
        return self.lexicon.word_separator

    def parse(self, written: str) -> WrittenNumber:
        """Parse a number that `number_pattern` matched."""
        return parse_number(written, self.lexicon.numbers)

    def gender(self, unit: str) -> str:
        """Return the grammatical gender of a unit, which its number agrees with."""
        if unit in self.lexicon.feminine:
            return "feminine"
        return "neuter" if unit in self.lexicon.neuter else "masculine"

    def measure(
        self,
        number: WrittenNumber,
        unit: str,
        per: str | None = None,
        *,
        case: str = "",
        singular: bool = False,
    ) -> str | None:
        """Return the number with its unit in words, or None if the unit has no name.

        `case` comes from `case_of_number`; `singular` is for a unit before a noun.
        """
        if number.is_too_long:
            return None
        case = self.case_of_measure(case)
        count = Decimal(1) if singular else self.count_in_case(number, case)
        pattern = self.names.unit(unit, count, per)
        if pattern is None:
            return None
        spoken = self.numerals.number(number, self.gender(unit) + case)
        return self.decline(pattern, number, case).replace("{0}", spoken)

    def decline(self, name: str, number: WrittenNumber, case: str) -> str:
        """Return the name of a unit or currency in a case of `declined_units`.

        `name` is in the genitive, as `count_in_case` selects it.
        """
        declension = self.lexicon.numbers.declined_units.get(case.removeprefix("-"))
        if declension is None or number.fraction:
            return name
        number_mark, _, words = name.rpartition("{0} ")
        is_singular = self.names.is_one(number.value)
        mark = "{0} " if number_mark or name.startswith("{0} ") else ""
        return mark + declension.decline(words, is_singular=is_singular)

    def case_of_measure(self, case: str) -> str:
        """Return the case, or ``""`` if the names of units have no form for it."""
        numbers = self.lexicon.numbers
        known = {*numbers.case_counts, *numbers.declined_units}
        return case if not known or case.removeprefix("-") in known else ""

    def count_in_case(self, number: WrittenNumber, case: str) -> Decimal:
        """Return the count whose CLDR plural is the noun's form in this case."""
        numbers, name = self.lexicon.numbers, case.removeprefix("-")
        if number.fraction:
            return number.value
        if name in numbers.declined_units:
            return Decimal(numbers.case_counts["genitive"][0])
        if name not in numbers.case_counts:
            return number.value
        singular, plural = numbers.case_counts[name]
        return Decimal(singular if self.names.is_one(number.value) else plural)

    def hours(self, hour: int) -> str:
        """Return the hour with the word for hours."""
        return self.measure(WrittenNumber(str(hour)), "duration-hour") or self.numerals.cardinal(
            hour
        )

    def sign(self, name: str) -> str | None:
        """Return the words for a sign, or None if the sign stays."""
        return self.lexicon.signs.get(name)


@functools.lru_cache(maxsize=MAX_LOCALES)
def locale_rules(tag: str) -> LocaleRules | None:
    """Return the rules for a BCP 47 tag, or None if its language has no lexicon."""
    parts = [part for part in re.split("[-_]", tag) if part]
    language = parts[0].lower() if parts else ""
    if language not in languages():
        return None
    region = next((part.upper() for part in parts[1:] if len(part) == 2), "")  # noqa: PLR2004
    full = f"{language}-{region}" if region else language
    words = lexicon(language)
    numerals = Numerals(
        _OWN_RULES.get(full, language),
        words.numbers,
        word_separator=words.word_separator,
        verbose=language == "en" and full not in _AMERICAN_ENGLISH,
    )
    return LocaleRules(full, language, words, numerals, CldrNames(full, words))
