"""Parts of a lexicon that concern the words around a number."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

Plurals = dict[str, str]
"""Forms by CLDR plural category; `other` is always present."""


class _ContextEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NumeralCase(_ContextEntry):
    """The grammatical case of a number, by the word before it and the noun behind it."""

    case: str
    """Suffix of the form: `genitive` for `masculine-genitive`."""
    after: tuple[str, ...] = ()
    """Words before the number; without any, all."""
    nouns: tuple[str, ...] = ()
    """Endings of the noun; without any, all nouns and none."""
    before: tuple[str, ...] = ()
    """Words behind the number or its unit; without any, all."""


class Agreement(_ContextEntry):
    """The gender of a number in the nominative, by its last digit and the word behind it."""

    digit: str
    gender: str
    words: tuple[str, ...]
    """Endings of the noun or its adjective."""
    except_for: tuple[str, ...] = ()
    """Words with such an ending that are no noun of this gender."""


class AgreeingOrdinals(_ContextEntry):
    """The forms of ordinals with a full stop, by the words around them."""

    forms: tuple[NumeralCase, ...] = ()
    """The first that fits is used; without any, `ordinal`."""
    bare_before: tuple[str, ...] = ()
    """Words before which a number without a full stop is an ordinal too."""
    decades_after: dict[str, str] = {}
    """Form of the tens behind a word, such as Polish `lata 80. i 90.`"""
    before_names: bool = False
    """Whether a capital letter may follow."""
    counted: tuple[str, ...] = ()
    """Beginnings of words that a Roman numeral counts also behind a capital letter: `Začíná II. kolo`."""


class AbbreviatedTitle(_ContextEntry):
    """A title whose abbreviation has another meaning in front of a place, as in Russian."""

    words: dict[str, str]
    """Full forms by case."""
    names: str
    """Regular expression for a name of a person."""
    not_names: str = ""
    """Regular expression for those of places among them."""
    not_after: tuple[str, ...] = ()
    """Prepositions behind which it is a place."""
    cases_by_ending: dict[str, tuple[str, ...]] = {}
    """By case: endings of names."""


class DeclinedAbbreviations(_ContextEntry):
    """Abbreviations in front of a name, whose full form is declined."""

    words: dict[str, dict[str, str]]
    """Full forms by abbreviation and case; `nominative` stands in for a missing case."""
    cases: dict[str, tuple[str, ...]]
    """Prepositions by the case that they require."""
    cases_by_name: dict[str, dict[str, tuple[str, ...]]] = {}
    """By preposition, or abbreviation without one, and case: endings of the name that show the case."""
    places: tuple[str, ...] = ()
    """Prepositions that require the accusative behind a verb of motion."""
    motion: str = ""
    """Regular expression for verbs of motion."""
    titles: dict[str, AbbreviatedTitle] = {}
    """By abbreviation: what it means in front of the name of a person."""


class UnitDeclension(_ContextEntry):
    """How the name of a unit or currency in the genitive singular becomes another case.

    Pairs of a regular expression and its replacement; the first that matches is used.
    """

    singular: tuple[tuple[str, str], ...]
    plural: tuple[tuple[str, str], ...]

    def decline(self, name: str, *, is_singular: bool) -> str:
        """Return the name in the case, or unchanged if no expression matches."""
        for pattern, replacement in self.singular if is_singular else self.plural:
            declined, count = re.subn(pattern, replacement, name, count=1)
            if count:
                return declined
        return name


class BareHours(_ContextEntry):
    """Words that make a number an hour: regular expressions, in languages whose hours are ordinals."""

    nouns: tuple[str, ...]
    """Words directly before an hour."""
    leads: dict[str, str] = {}
    """Replacements in front of hours."""
    after: tuple[str, ...]
    """Words before an hour at the end of a clause or before one of `before`."""
    not_in: tuple[str, ...]
    """Beginnings of words; in a text with one, `after` does not apply."""
    after_in_context: tuple[str, ...]
    """Words before an hour in a text with one of `context`."""
    context: tuple[str, ...]
    """Beginnings of words."""
    before: tuple[str, ...]
    """Words after an hour."""
