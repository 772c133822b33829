"""Numbers in words, by the rule-based number formats (RBNF) of the Unicode CLDR."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from wyoming_voice_stack.tts.normalization.locale.lexicon import Numbers
from wyoming_voice_stack.tts.normalization.locale.notation import MAX_DIGITS, WrittenNumber
from wyoming_voice_stack.tts.normalization.locale.number_context import Plurals

if TYPE_CHECKING:
    from unicode_rbnf import RbnfEngine

_MAX_FRACTION_DIGITS = 2
_TEENS = 20
_CENTURY = 100
_THOUSAND = 1000


class Numerals:
    """Spells out the numbers of one language."""

    def __init__(self, rules: str, numbers: Numbers, *, word_separator: str, verbose: bool) -> None:
        """Create from the name of a CLDR rule file; `verbose` selects British "one hundred and five"."""
        self._rules = rules
        self._numbers = numbers
        self._separator = word_separator
        self._suffix = "-verbose" if verbose else ""
        self._spelled = functools.lru_cache(maxsize=512)(self._spell)

    def cardinal(self, number: int, form: str = "plain") -> str:
        """Spell a cardinal; `form` is one of the lexicon, such as a gender, else `plain` applies."""
        if self._numbers.agreement == "one" and number != 1 and form != "plain":
            form = "plain"
        gender, _, case = form.partition("-")
        if declined := self._numbers.declined.get(case):
            return _replace_words(self._spelled(number, gender), declined)
        return self._spelled(number, form)

    def ordinal(self, number: int, form: str = "ordinal") -> str:
        """Spell an ordinal, or a plain cardinal where the lexicon has no such form."""
        if round_ := self._round_ordinal(number, form):
            return round_
        if self._numbers.ordinal_units:
            return self._composed_ordinal(number, form)
        return self._spelled(number, form)

    def year(self, number: int) -> str:
        """Spell a year as in a date."""
        if "year" in self._numbers.forms and (round_ := self._round_ordinal(number, "genitive")):
            return round_
        return self._spelled(number, "year")

    def digits(self, digits: str) -> str:
        """Spell each digit separately."""
        return (self._separator or " ").join(self._spelled(int(digit), "digit") for digit in digits)

    def number(self, number: WrittenNumber, form: str = "plain") -> str:
        """Spell a number and its decimal fraction, if it has one.

        With a leading zero, or with too many digits, it is read digit by digit.
        """
        is_code = len(number.whole) > 1 and number.whole[0] == "0"
        if len(number.whole) <= MAX_DIGITS and not is_code:
            if number.fraction:
                return self._decimal(number, form)
            return self.cardinal(int(number.whole), form)
        whole = self.digits(number.whole)
        if not number.fraction:
            return whole
        point = _by_count(self._numbers.point, number.whole)
        fraction = self._fraction(number.fraction, self._numbers.point_form)
        return self._separator.join((whole, point, fraction))

    def _decimal(self, number: WrittenNumber, form: str) -> str:
        """Spell a decimal fraction; only the case of `form` counts."""
        case = form.partition("-")[2]
        declined = self._numbers.declined_fraction.get(case, {})
        point_form = self._numbers.point_form + (f"-{case}" if declined else "")
        spoken = (
            self.cardinal(int(number.whole), point_form),
            _by_count(self._numbers.point, number.whole),
            self._fraction(number.fraction, point_form),
        )
        if not declined:
            return self._separator.join(spoken)
        return _replace_words(" ".join(spoken), declined)

    def _fraction(self, digits: str, form: str) -> str:
        names = self._numbers.fraction_names
        style = self._numbers.fraction
        if style == "named" and len(digits) <= len(names):
            number = self.cardinal(int(digits), form)
            return f"{number} {_by_count(names[len(digits) - 1], digits)}"
        if style != "digits" and len(digits) <= _MAX_FRACTION_DIGITS and digits[0] != "0":
            return self.cardinal(int(digits))
        return self._separator.join(self._spelled(int(digit), "digit") for digit in digits)

    def _spell(self, number: int, form: str) -> str:
        forms = self._numbers.forms
        if form not in forms:
            form = "plain"
        irregular = self._numbers.irregular.get(form, {}).get(str(number))
        if irregular is not None:
            return irregular
        name = forms[form]
        for ruleset in (name + self._suffix, name, forms["plain"]):
            if ruleset in self._engine.rulesets:
                spoken = self._engine.format_number(number, ruleset_names=[ruleset]).text
                return str(spoken)
        return str(number)

    @functools.cached_property
    def _engine(self) -> RbnfEngine:
        from unicode_rbnf import RbnfEngine

        return RbnfEngine.for_language(self._rules)

    def _round_ordinal(self, number: int, form: str) -> str:
        """Spell an ordinal that ends in one of `ordinal_rounds`; empty for all others."""
        rounds = self._numbers.ordinal_rounds
        last = number if str(number) in rounds else number % _THOUSAND
        genitive = rounds.get(str(last))
        if genitive is None:
            return ""
        before = [self.cardinal(number - last)] if number > last else []
        spoken = with_ending(genitive, self._numbers.ordinal_endings.get(form, ()))
        return " ".join((*before, spoken))

    def _composed_ordinal(self, number: int, form: str) -> str:
        """Spell thousands and hundreds as a cardinal, and the rest from `ordinal_units` and tens."""
        last = number % _CENTURY
        if not last:
            return self.cardinal(number)
        words = [self.cardinal(number - last)] if number > last else []
        if last >= _TEENS:
            words.append(self._numbers.ordinal_tens[last // 10 - 2])
            last %= 10
        if last:
            words.append(self._numbers.ordinal_units[last - 1])
        endings = self._numbers.ordinal_endings.get(form, ())
        return " ".join(with_ending(word, endings) for word in words)


def _replace_words(text: str, replacements: dict[str, str]) -> str:
    return " ".join(replacements.get(word, word) for word in text.split())


def with_ending(word: str, endings: tuple[tuple[str, str], ...]) -> str:
    """Return the word with its ending replaced; the first pair that fits is used."""
    for old, new in endings:
        if word.endswith(old):
            return word.removesuffix(old) + new
    return word


def _by_count(plurals: Plurals, digits: str) -> str:
    """Return the plural form for a whole number; only Slavic languages have more than one."""
    last_two = int(digits[-2:])
    last = last_two % 10
    if "one" in plurals and last == 1 and last_two != 11:  # noqa: PLR2004
        return plurals["one"]
    if "few" in plurals and digits in {"2", "3", "4"}:
        return plurals["few"]
    return plurals["other"]
