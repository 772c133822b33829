"""All that is known of one language, and how its words meet."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from decimal import Decimal

from wyoming_voice_stack.tts.normalization.locale.cldr import CldrNames
from wyoming_voice_stack.tts.normalization.locale.lexicon import Lexicon, languages, lexicon
from wyoming_voice_stack.tts.normalization.locale.notation import (
    Figure,
    figure_pattern,
    read_figure,
)
from wyoming_voice_stack.tts.normalization.locale.numerals import Numerals

MAX_TONGUES = 64
_AMERICAN_ENGLISH = frozenset({"en", "en-US", "en-PH", "en-PR"})
_OWN_RULES = {"pt-PT": "pt_PT"}


@dataclass(frozen=True, eq=False)
class LocaleRules:
    """One language, in one region if the tag has one."""

    tag: str
    language: str
    lexicon: Lexicon
    numerals: Numerals
    names: CldrNames

    @functools.cached_property
    def figure(self) -> str:
        """Regular expression for a number's digits."""
        return figure_pattern(self.lexicon.numbers)

    @functools.cached_property
    def before(self) -> str:
        """Regular expression for where a number or an abbreviation may begin."""
        letters = r"[^\W_]" if self.lexicon.spaced else "[A-Za-z0-9]"
        return rf"(?<!{letters})(?<!\d[.,:/])(?<![_@#])"

    @functools.cached_property
    def after(self) -> str:
        """Regular expression for where a word or an abbreviation may end."""
        letters = r"\w" if self.lexicon.spaced else r"A-Za-z0-9_"
        return rf"(?![{letters}])"

    @property
    def before_sign(self) -> str:
        """Regular expression for where a minus sign may stand."""
        return r"(?<![^\s(:\"])" if self.lexicon.spaced else r"(?<![A-Za-z0-9)\-])"

    @property
    def space(self) -> str:
        """What stands between two words."""
        return self.lexicon.joint

    def read(self, written: str) -> Figure:
        """Take apart a number that `figure` has matched."""
        return read_figure(written, self.lexicon.numbers)

    def gender(self, unit: str) -> str:
        """The form of numbers before this unit."""
        if unit in self.lexicon.feminine:
            return "feminine"
        return "neuter" if unit in self.lexicon.neuter else "masculine"

    def case_after(self, word: str) -> str:
        """What the form of a number ends in after this word."""
        return "-dative" if word in self.lexicon.numbers.dative_after else ""

    def counted(
        self,
        figure: Figure,
        unit: str,
        per: str | None = None,
        *,
        case: str = "",
        singular: bool = False,
    ) -> str | None:
        """Say how many of a unit; None if the unit has no name here.

        `case` is one of `case_after`; `singular` is how a unit stands before a noun.
        """
        if figure.is_long:
            return None
        pattern = self.names.unit(unit, Decimal(1) if singular else figure.value, per)
        if pattern is None:
            return None
        return pattern.replace("{0}", self.numerals.figure(figure, self.gender(unit) + case))

    def hours(self, hour: int) -> str:
        """Say the hour with the word for hours."""
        return self.counted(Figure(str(hour)), "duration-hour") or self.numerals.cardinal(hour)

    def sign(self, name: str) -> str | None:
        """What is said for a sign, or None if it is left as it is."""
        return self.lexicon.signs.get(name)


@functools.lru_cache(maxsize=MAX_TONGUES)
def locale(tag: str) -> LocaleRules | None:
    """Return what is known of the language with this BCP 47 tag, or None if that is nothing."""
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
        joint=words.joint,
        verbose=language == "en" and full not in _AMERICAN_ENGLISH,
    )
    return LocaleRules(full, language, words, numerals, CldrNames(full, words))
