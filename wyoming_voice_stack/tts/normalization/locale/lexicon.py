"""Language data that the Unicode CLDR does not have, read from `words/*.toml`."""

from __future__ import annotations

import functools
import tomllib
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict

from wyoming_voice_stack.tts.normalization.locale.number_context import (
    AgreeingOrdinals,
    Agreement,
    BareHours,
    DeclinedAbbreviations,
    NumeralCase,
    Plurals,
    UnitDeclension,
)
from wyoming_voice_stack.tts.normalization.locale.time_lexicon import Calendar, Clock


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Numbers(_Entry):
    """How numbers are written, and which CLDR rule sets spell them out."""

    decimal: Literal[".", ","]
    groups: str = ""
    """Thousands separators."""
    point: Plurals
    """The spoken decimal mark, by the plural category of the whole number before it."""
    point_form: str = "plain"
    fraction: Literal["digits", "number", "named"] = "digits"
    fraction_names: tuple[Plurals, ...] = ()
    """Tenths, hundredths and thousandths, for `named`."""
    forms: dict[str, str]
    """Rule set by grammatical form; `plain` is always present and stands in for a missing form."""
    irregular: dict[str, dict[str, str]] = {}
    """By form and number: words that replace a wrong CLDR rule."""
    cases: tuple[NumeralCase, ...] = ()
    """The grammatical case of a number, by the words around it; the first that fits is used."""
    hyphenated_ranges: bool = False
    """Whether a hyphen stands between the ends of a range, which are in the same case."""
    joints: tuple[str, ...] = ()
    """Words between two numbers in the same case."""
    declined: dict[str, dict[str, str]] = {}
    """By case and nominative: the words of a number, where CLDR has no rules for the case."""
    declined_fraction: dict[str, dict[str, str]] = {}
    """By case and nominative: the decimal mark and the names of tenths."""
    case_counts: dict[str, tuple[str, str]] = {}
    """By case: the counts whose CLDR plural is the unit's form for a singular and for all others.

    Without any, only the number before a unit is declined.
    """
    declined_units: dict[str, UnitDeclension] = {}
    """By case: the declension of units, for cases that are not among `case_counts`."""
    agreement: Literal["all", "one"] = "all"
    """Which numbers agree in gender with the noun: all, or 1 only."""
    ordinal_units: tuple[str, ...] = ()
    """Genitives of first to nineteenth, where CLDR has no ordinal rules."""
    ordinal_tens: tuple[str, ...] = ()
    ordinal_endings: dict[str, tuple[tuple[str, str], ...]] = {}
    """By form: the ending of a genitive, and what takes its place."""
    ordinal_rounds: dict[str, str] = {}
    """Genitives of hundreds and thousands of which CLDR's rules make no ordinal."""
    counters: tuple[str, ...] = ()
    """Words before which a number takes the form `counted`."""
    counted_up_to: int = 99
    feminine_endings: tuple[str, ...] = ()
    """Endings of feminine nouns, in languages where a number agrees with the noun."""
    feminine_nouns: tuple[str, ...] = ()
    """Feminine nouns with another ending, in the singular or the plural."""
    feminine_by_case: dict[str, tuple[str, ...]] = {}
    """The same by case: endings of feminine nouns in the singular."""
    adjective_endings: tuple[str, ...] = ()
    """Endings of adjectives that do not show the gender of the noun behind them."""
    agreements: tuple[Agreement, ...] = ()
    """The first that fits is used; `feminine_endings` goes before them."""
    masculine_nouns: tuple[str, ...] = ()
    """Masculine nouns with a feminine ending."""
    capitalized_nouns: bool = False


class Currency(_Entry):
    """Names of a currency and its subunit."""

    major: Plurals
    minor: Plurals = {}
    gender: str = "masculine"


class Scale(_Entry):
    """A power of ten with its name, such as million."""

    power: int
    word: str


class Roman(_Entry):
    """Contexts in which letters are certainly a Roman numeral."""

    cardinal_after: tuple[str, ...] = ()
    ordinal_after: tuple[str, ...] = ()
    forms_after: dict[str, tuple[str, ...]] = {}
    """Form of the ordinal, by names that are not in the nominative."""
    genitives: tuple[str, ...] = ()
    """Names in the German genitive: `Karls V. Reich`."""
    titles: tuple[str, ...] = ()
    """Words before a name after which a single `I` is a numeral."""
    ordinal: str = "{n}"
    ordinal_form: str = "ordinal"
    ordinal_up_to: int = 99
    masculine_articles: tuple[str, ...] = ()
    """Articles between which and a noun two letters or more are an ordinal: Spanish `el XIX congreso`."""
    feminine_articles: tuple[str, ...] = ()
    plural_articles: tuple[str, ...] = ()
    """Those of both that are plural, where ordinals form it with an s."""
    numbered_nouns: tuple[str, ...] = ()
    """Nouns before which a single letter is one too: `la V edición`."""
    numbered_form: str = "ordinal"
    numbered_up_to: int = 99
    """The largest number that is spoken as an ordinal there."""
    ordinal_before: tuple[str, ...] = ()
    before_form: str = "ordinal"
    forms_before: dict[str, str] = {}
    """Form of the ordinal by the noun behind it, where it is not `before_form`."""


class Compounds(_Entry):
    """Adjectives that begin with a number, such as Russian `5-комнатная`."""

    form: str = ""
    """Form of the number; none if the language writes no such adjectives."""
    endings: str = ""
    """Regular expression."""
    irregular: dict[int, str] = {}
    parts: tuple[tuple[str, str], ...] = ()
    """Endings of the words of `form` and those in their place; the first that fits is used."""
    hyphen: bool = True
    """Whether a hyphen stands behind the number; Czech writes `5pokojový`."""


class Lexicon(_Entry):
    """The normalization data of one language."""

    spaced: bool = True
    """Whether numbers are set off by white space."""
    word_separator: str = " "
    """Inserted between two words."""
    numbers: Numbers
    minus: str
    to: str
    """Between the ends of a range."""
    ratio: str = ""
    ratio_leads: tuple[str, ...] = ()
    """Regular expressions for words after which two numbers with a colon are a ratio."""
    dot: str
    version_dot: str = ""
    at: str
    slash: str
    dash: str
    underscore: str
    signs: dict[str, str] = {}
    fractions: dict[str, str] = {}
    fraction_nouns: tuple[str, ...] = ()
    """Nouns before which `1/2` is a half."""
    bare_fractions: dict[str, str] = {}
    """Fractions without a noun, such as `1/2`."""
    not_fractions_after: tuple[str, ...] = ()
    """Words before a house number, or before a number and the total: `page 1/2`."""
    mixed: str = "{whole} {part}"
    """A whole number and a fraction."""
    mixed_half: str = ""
    clock: Clock
    bare_hours: BareHours | None = None
    calendar: Calendar
    units: dict[str, Plurals] = {}
    """Patterns with `{0}` that replace or complete those of CLDR."""
    per: str = ""
    per_words: tuple[str, ...] = ()
    """Other words before a unit without a number: German `je kWh`."""
    denominators: dict[str, str] = {}
    """Names of units after `per`, where they are not in the nominative."""
    unit_symbols: dict[str, str] = {}
    """Units by symbols that only this language uses."""
    feminine: tuple[str, ...] = ()
    """Feminine units; a unit that is neither feminine nor neuter is masculine."""
    neuter: tuple[str, ...] = ()
    money: dict[str, Currency] = {}
    amount: str = "{major} {minor}"
    """With `{minor}`, the number, or `{cents}`, the number with the subunit's name."""
    scales: dict[str, Scale] = {}
    bare_scales: tuple[str, ...] = ()
    """Scales that are recognized without a currency."""
    attached_scales: tuple[str, ...] = ()
    """Scales that are recognized directly after a decimal fraction, or before a plural."""
    out_of: str = ""
    """Between a part and the whole."""
    proportion_nouns: tuple[str, ...] = ()
    """Regular expressions for the nouns that a proportion counts."""
    hyphenated_units: bool = False
    """Whether `10-km` is written before a noun."""
    compass: dict[str, str] = {}
    """Names of the eight directions by their letters."""
    wind_words: tuple[str, ...] = ()
    """Regular expressions for words in a text about the wind."""
    wind_leads: tuple[str, ...] = ()
    """Words directly before a direction of one letter."""
    no_directions: tuple[str, ...] = ()
    """Regular expressions for letters that are a word of a sentence, with what follows them."""
    attached_units: dict[str, str] = {}
    """Units that may follow the digits directly, but may also be a letter of a name."""
    place_words: tuple[str, ...] = ()
    """Words after which a number with a letter names a place: `seat 12F`."""
    singular_after: tuple[str, ...] = ()
    """Words after which a unit before a noun is in the singular."""
    range_lead_words: tuple[str, ...] = ()
    """Words after which two numbers with a dash are a range."""
    or_word: str = "or"
    """Between two alternative numbers."""
    dial_words: tuple[str, ...] = ()
    """Regular expressions for words after which three digits are a telephone number."""
    ordinals: dict[str, str] = {}
    """Form by the letters that follow the digits, with a plus sign before letters that are spoken."""
    ordinal_nouns: tuple[str, ...] = ()
    """Nouns before which a degree sign stands for the ordinal indicator: `2° piano`."""
    oblique_leads: tuple[str, ...] = ()
    """Words before German `der` that make it a dative or genitive: `in der 2. Woche`."""
    masculine_ordinals: tuple[str, ...] = ()
    """Nouns before which an ordinal is masculine behind `mein`; in a list, `1. Hund` is no ordinal."""
    dotted_ordinals: dict[str, tuple[str, ...]] = {}
    """Form by the words before an ordinal that is written with a full stop."""
    agreeing_ordinals: AgreeingOrdinals | None = None
    """In languages where a number with a full stop before a word is an ordinal."""
    series: tuple[str, ...] = ()
    """Words between ordinals that are written with full stops."""
    dotted_hundreds_after: tuple[str, ...] = ()
    """The `dotted_ordinals` words behind which a number of three digits or full thousands is an ordinal, too."""
    dotted_at_end: tuple[str, ...] = ()
    """The `dotted_ordinals` words that also apply before the last full stop of the text."""
    letters: tuple[str, ...] = ()
    """Abbreviations that are spelled letter by letter. None of the English ones contains an A:
    espeak-ng reads a single A as the article."""
    spellings: dict[str, str] = {}
    """Full forms by abbreviation. One with spaces may also be written without: `u. a.`, `u.a.`"""
    before_names: dict[str, str] = {}
    """Full forms of abbreviations that a capital letter follows; elsewhere they mean something else."""
    declined_abbreviations: DeclinedAbbreviations | None = None
    before_numbers: dict[str, str] = {}
    """Full forms of abbreviations that a number follows; elsewhere they are initials."""
    no_names: tuple[str, ...] = ()
    """Words with a capital letter before which those of `before_names` mean something else."""
    lowercase_abbreviations: tuple[str, ...] = ()
    """Those of `spellings` that are something else with a capital letter: `a. C.`, but `A. C. Milan`."""
    expansions: dict[str, str] = {}
    """Full forms by regular expression, of abbreviations that depend on the text on both sides."""
    word_endings: dict[str, str] = {}
    """Full forms of abbreviated ends of words: German `Hauptstr.`"""
    closing_abbreviations: tuple[str, ...] = ()
    """Those of `spellings` that end the sentence if a capital letter follows: `usw.`, `etc.`"""
    joins: dict[str, str] = {}
    """Corrections where inserted words meet others: replacement by regular expression."""
    code_words: tuple[str, ...] = ()
    phone_words: tuple[str, ...] = ()
    version_words: tuple[str, ...] = ("version",)
    decade_words: tuple[str, ...] = ()
    """Words after which `30s` is a decade."""
    number_suffixes: tuple[str, ...] = ()
    """Regular expressions for endings that form one word with the number before them."""
    compounds: Compounds = Compounds()
    bare_ordinals: dict[str, tuple[str, ...]] = {}
    """Nouns before which a number with a full stop is an ordinal, by the form of the nominative."""
    roman: Roman = Roman()


@functools.cache
def languages() -> frozenset[str]:
    """Return the codes of the languages that have a lexicon."""
    names = (entry.name for entry in files(__package__).joinpath("words").iterdir())
    return frozenset(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


@functools.cache
def lexicon(language: str) -> Lexicon:
    """Read the lexicon of one of `languages()`."""
    text = files(__package__).joinpath("words", f"{language}.toml").read_text("utf-8")
    return Lexicon.model_validate(tomllib.loads(text))
