"""The words of each language that the Unicode CLDR does not have, read from `words/*.toml`."""

from __future__ import annotations

import functools
import tomllib
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict

Plurals = dict[str, str]
"""By CLDR's plural category; `other` is always there."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Numbers(_Entry):
    """How numbers are written and which of CLDR's rule sets says them."""

    decimal: Literal[".", ","]
    groups: str = ""
    """Marks between thousands."""
    point: Plurals
    """What is said for the decimal mark, after this whole number."""
    point_form: str = "plain"
    fraction: Literal["digits", "number", "named"] = "digits"
    fraction_names: tuple[Plurals, ...] = ()
    """Tenths, hundredths and thousandths, for `named`."""
    forms: dict[str, str]
    """Rule set by form; `plain` is always there. Unknown forms are said as `plain`."""
    irregular: dict[str, dict[str, str]] = {}
    """By form and number, where CLDR's rule is no good."""
    dative_after: tuple[str, ...] = ()
    """Words after which a number takes the form that ends in `-dative`."""
    agreement: Literal["all", "one"] = "all"
    """Which numbers take the gender of what they count."""
    ordinal_units: tuple[str, ...] = ()
    """Genitives of first to nineteenth, where CLDR has no rules for ordinals."""
    ordinal_tens: tuple[str, ...] = ()
    ordinal_endings: dict[str, tuple[tuple[str, str], ...]] = {}
    counters: tuple[str, ...] = ()
    """Words before which a number takes the form `counted`."""
    counted_up_to: int = 99
    feminine_endings: tuple[str, ...] = ()
    """Of nouns, for numbers with a gender that stand before a noun."""
    masculine_nouns: tuple[str, ...] = ()
    """Those that end like feminine ones."""
    nouns_are_capital: bool = False


class Clock(_Entry):
    """How a time of day is said; `{hour}` is a number, `{hours}` has the word for hours."""

    hour: str
    """At the full hour."""
    small: str | None = None
    """Before ten past."""
    full: str
    form: str = "plain"
    form_up_to: int = 24
    after: dict[str, tuple[str, ...]] = {}
    """Form by the words that call for it."""
    twelve_hours: bool = False
    marks: str = ":"
    """What stands between hour and minute."""
    dotted_marks: tuple[str, ...] = ()
    """Words around a time that is written with a full stop."""
    absorbs: tuple[str, ...] = ()
    """Words after hour and minute that the templates say themselves."""
    hour_words: tuple[str, ...] = ()
    """Words that make a time of an hour alone, which the templates say themselves."""
    absorbs_minutes: tuple[str, ...] = ()
    hour_leads: tuple[str, ...] = ()
    """Words before which an hour with an `h` is a time of day, and no duration."""
    lengths: tuple[str, ...] = ()
    """Words after which `1:30` is a length of time."""
    leads: tuple[str, ...] = ()
    """Words before which a time with colons is a time of day, and no duration."""


class Calendar(_Entry):
    """How a date is said."""

    date: str
    """With `{day}`, `{month}` and `{year}`."""
    day_month: str
    day: Literal["cardinal", "ordinal"] = "cardinal"
    day_form: str = "plain"
    first: str | None = None
    suffixes: dict[str, str] = {}
    """Joined to the day, by its number or else its last digit."""
    month_first: bool = False
    """Whether `November 23` is written."""
    day_first: str | None = None
    """A day and month that are written in this order, where it is not the usual one."""
    dotted_day_month: bool = False
    """Whether `23.11.` is a date."""
    sure_abbreviations: bool = False
    """Whether a month's short form needs no full stop."""
    absorbs: tuple[str, ...] = ()
    """Words after the year that the templates say themselves."""
    year: str = "{year}"
    year_style: Literal["number", "ordinal", "digits"] = "number"
    abbreviations: tuple[tuple[str, ...], ...] = ()
    """Short forms of January to December beside CLDR's."""
    between: str = ""
    """Words that may stand between day, month and year."""
    slash_leads: tuple[str, ...] = ()
    """Words before which `24/11` is a day and a month."""
    year_words: tuple[str, ...] = ()
    """Words before a number that is a year."""


class Currency(_Entry):
    """Names of a currency."""

    major: Plurals
    minor: Plurals = {}
    gender: str = "masculine"


class Scale(_Entry):
    """A power of ten in an amount: million."""

    power: int
    word: str


class Roman(_Entry):
    """Where Roman numerals are certain."""

    cardinal_after: tuple[str, ...] = ()
    ordinal_after: tuple[str, ...] = ()
    ordinal: str = "{n}"
    ordinal_form: str = "ordinal"
    ordinal_up_to: int = 99
    ordinal_before: tuple[str, ...] = ()
    before_form: str = "ordinal"


class Lexicon(_Entry):
    """One language."""

    spaced: bool = True
    """Whether white space stands around numbers."""
    joint: str = " "
    """What is put between two words."""
    numbers: Numbers
    minus: str
    to: str
    """Between the ends of a range."""
    ratio: str = ""
    dot: str
    version_dot: str = ""
    at: str
    slash: str
    dash: str
    underscore: str
    signs: dict[str, str] = {}
    fractions: dict[str, str] = {}
    fraction_nouns: tuple[str, ...] = ()
    """Before them `1/2` is a half."""
    mixed: str = "{whole} {part}"
    """A whole number and a fraction."""
    mixed_half: str = ""
    clock: Clock
    calendar: Calendar
    units: dict[str, Plurals] = {}
    """Patterns with `{0}` that are better than CLDR's, or missing there."""
    per: str = ""
    unit_symbols: dict[str, str] = {}
    """Units by short forms of the language's own."""
    feminine: tuple[str, ...] = ()
    """Units, by gender; the others are masculine."""
    neuter: tuple[str, ...] = ()
    money: dict[str, Currency] = {}
    amount: str = "{major} {minor}"
    """With `{minor}`, a number, or `{cents}`, which has the name too."""
    scales: dict[str, Scale] = {}
    bare_scales: tuple[str, ...] = ()
    """Those that are certain without a currency."""
    attached_scales: tuple[str, ...] = ()
    """Those that are certain at once after a fraction, or before a plural."""
    out_of: str = ""
    """Between the part and the whole."""
    share_nouns: tuple[str, ...] = ()
    """Regular expressions for what a share is of."""
    hyphened_units: bool = False
    """Whether `10-km` stands before a noun."""
    attached_units: dict[str, str] = {}
    """Units that follow the digits at once, and may be a letter of something else."""
    lettered: tuple[str, ...] = ()
    """Words after which a number with a letter is the name of a place."""
    singular_after: tuple[str, ...] = ()
    """Words after which a unit before a noun is in the singular."""
    range_leads: tuple[str, ...] = ()
    """Words after which two numbers with a dash are a range."""
    either: str = "or"
    """Between two numbers of which one is chosen."""
    dial_words: tuple[str, ...] = ()
    """Regular expressions for words after which three digits are a telephone number."""
    ordinals: dict[str, str] = {}
    """Form by the letters that follow the digits."""
    ordinal_nouns: tuple[str, ...] = ()
    """Before them a sign of degrees was meant for the one of ordinals: `2° piano`."""
    dotted_ordinals: dict[str, tuple[str, ...]] = {}
    """Form by the words before an ordinal that is written with a full stop."""
    series: tuple[str, ...] = ()
    """Words between ordinals that are written with full stops."""
    dotted_at_end: tuple[str, ...] = ()
    """Those of the words that make an ordinal of a number before the last full stop too."""
    letters: tuple[str, ...] = ()
    """Abbreviations of which each letter is said. In English none has an A: alone, espeak-ng takes
    it for the article."""
    spellings: dict[str, str] = {}
    joins: dict[str, str] = {}
    """What is written instead where words that were put in meet others, by regular expression."""
    code_words: tuple[str, ...] = ()
    phone_words: tuple[str, ...] = ()
    version_words: tuple[str, ...] = ("version",)
    decade_words: tuple[str, ...] = ()
    """Words before which `30s` is a decade."""
    number_suffixes: tuple[str, ...] = ()
    """Regular expressions for endings that make one word with the number before them."""
    roman: Roman = Roman()


@functools.cache
def languages() -> frozenset[str]:
    """Languages that there is a lexicon of."""
    names = (entry.name for entry in files(__package__).joinpath("words").iterdir())
    return frozenset(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


@functools.cache
def lexicon(language: str) -> Lexicon:
    """Read the lexicon of one of `languages()`."""
    text = files(__package__).joinpath("words", f"{language}.toml").read_text("utf-8")
    return Lexicon.model_validate(tomllib.loads(text))
