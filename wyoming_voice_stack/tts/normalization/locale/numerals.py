"""Numbers in words, by the rules of the Unicode CLDR (rule-based number formats)."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from wyoming_voice_stack.tts.normalization.locale.lexicon import Numbers, Plurals
from wyoming_voice_stack.tts.normalization.locale.notation import MAX_DIGITS, Figure

if TYPE_CHECKING:
    from unicode_rbnf import RbnfEngine

_MAX_FRACTION_DIGITS = 2
_TEENS = 20
_CENTURY = 100


class Numerals:
    """Says the numbers of one language."""

    def __init__(self, rules: str, numbers: Numbers, *, joint: str, verbose: bool) -> None:
        """Take the name of CLDR's rules; `verbose` is British: one hundred and five."""
        self._rules = rules
        self._numbers = numbers
        self._space = joint
        self._suffix = "-verbose" if verbose else ""
        self._said = functools.lru_cache(maxsize=512)(self._say)

    def cardinal(self, number: int, form: str = "plain") -> str:
        """`form` is one of the lexicon's, such as a gender; one that it lacks is said plainly."""
        if self._numbers.agreement == "one" and number != 1 and form != "plain":
            form = "plain"
        return self._said(number, form)

    def ordinal(self, number: int, form: str = "ordinal") -> str:
        """An ordinal number, or the plain one where the language has none here."""
        if self._numbers.ordinal_units:
            return self._composed_ordinal(number, form)
        return self._said(number, form)

    def year(self, number: int) -> str:
        """A year as it is said in a date."""
        return self._said(number, "year")

    def digits(self, digits: str) -> str:
        """Each digit by itself."""
        return (self._space or " ").join(self._said(int(digit), "digit") for digit in digits)

    def figure(self, figure: Figure, form: str = "plain") -> str:
        """A number with its fraction, if it has one."""
        if len(figure.whole) > MAX_DIGITS or (len(figure.whole) > 1 and figure.whole[0] == "0"):
            whole = self.digits(figure.whole)
        elif figure.fraction:
            whole = self.cardinal(int(figure.whole), self._numbers.point_form)
        else:
            return self.cardinal(int(figure.whole), form)
        if not figure.fraction:
            return whole
        point = _by_count(self._numbers.point, figure.whole)
        return self._space.join((whole, point, self._fraction(figure.fraction)))

    def _fraction(self, digits: str) -> str:
        names = self._numbers.fraction_names
        style = self._numbers.fraction
        if style == "named" and len(digits) <= len(names):
            number = self.cardinal(int(digits), self._numbers.point_form)
            return f"{number} {_by_count(names[len(digits) - 1], digits)}"
        if style != "digits" and len(digits) <= _MAX_FRACTION_DIGITS and digits[0] != "0":
            return self.cardinal(int(digits))
        return self.digits(digits)

    def _say(self, number: int, form: str) -> str:
        forms = self._numbers.forms
        if form not in forms:
            form = "plain"
        irregular = self._numbers.irregular.get(form, {}).get(str(number))
        if irregular is not None:
            return irregular
        name = forms[form]
        for ruleset in (name + self._suffix, name, forms["plain"]):
            if ruleset in self._engine.rulesets:
                said = self._engine.format_number(number, ruleset_names=[ruleset]).text
                return str(said)
        return str(number)

    @functools.cached_property
    def _engine(self) -> RbnfEngine:
        from unicode_rbnf import RbnfEngine

        return RbnfEngine.for_language(self._rules)

    def _composed_ordinal(self, number: int, form: str) -> str:
        """Thousands and hundreds stay cardinal numbers; the rest is put together."""
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
        return " ".join(_with_ending(word, endings) for word in words)


def _with_ending(word: str, endings: tuple[tuple[str, str], ...]) -> str:
    for old, new in endings:
        if word.endswith(old):
            return word.removesuffix(old) + new
    return word


def _by_count(plurals: Plurals, digits: str) -> str:
    """The form for a counted whole number in Slavic languages; others have but one."""
    last_two = int(digits[-2:])
    last = last_two % 10
    if "one" in plurals and last == 1 and last_two != 11:  # noqa: PLR2004
        return plurals["one"]
    if "few" in plurals and digits in {"2", "3", "4"}:
        return plurals["few"]
    return plurals["other"]
