"""Facts of the Unicode CLDR by way of Babel: names of units, currencies, months and weekdays."""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import TYPE_CHECKING

from wyoming_voice_stack.tts.normalization.locale.lexicon import Lexicon, Plurals

if TYPE_CHECKING:
    from babel import Locale

_LENGTHS = ("long", "short")


class CldrNames:
    """The names of one language and region."""

    def __init__(self, tag: str, lexicon: Lexicon) -> None:
        self._tag = tag
        self._lexicon = lexicon

    @functools.cached_property
    def _locale(self) -> Locale:
        from babel import Locale
        from babel.core import UnknownLocaleError

        language, _, region = self._tag.partition("-")
        try:
            return Locale(language, region or None)
        except UnknownLocaleError:
            return Locale(language)

    def plural(self, plurals: Plurals, count: Decimal) -> str:
        """Return the form that goes with `count`."""
        return plurals.get(str(self._locale.plural_form(count)), plurals["other"])

    def unit(self, unit: str, count: Decimal, per: str | None = None) -> str | None:
        """Return the unit's name with `{0}` in the number's place, or None if there is no name.

        `unit` and `per` are CLDR's identifiers or names of the lexicon's own.
        """
        if unit in self._lexicon.units and per is None:
            return self.plural(self._lexicon.units[unit], count)
        for length in _LENGTHS:
            pattern = self._pattern(unit, count, per, length)
            if pattern and unit not in pattern and not (per and per in pattern):
                return self._without_signs(pattern)
        return None

    def _pattern(self, unit: str, count: Decimal, per: str | None, length: str) -> str | None:
        from babel.numbers import format_decimal
        from babel.units import UnknownUnitError, format_compound_unit, format_unit

        try:
            if per is None:
                said = format_unit(count, unit, length, locale=self._locale)  # type: ignore[arg-type]
            else:
                compound = format_compound_unit(
                    count,
                    unit,
                    denominator_unit=per,
                    length=length,  # type: ignore[arg-type]
                    locale=self._locale,
                )
                if compound is None:
                    return None
                said = compound
        except UnknownUnitError:
            return None
        digits = format_decimal(count, locale=self._locale)
        return said.replace("\u00a0", " ").replace(digits, "{0}", 1)

    def _without_signs(self, pattern: str) -> str:
        joint = self._lexicon.joint
        if not joint:
            pattern = pattern.replace(" ", "")
        return pattern.replace("/", f"{joint}{self._lexicon.per}{joint}")

    def currency(self, code: str, count: Decimal) -> str | None:
        """Return the name of the currency with this ISO code, or None if there is none."""
        from babel.numbers import get_currency_name

        name = get_currency_name(code, count, locale=self._locale)
        return None if name == code else name

    @functools.cached_property
    def months(self) -> tuple[str, ...]:
        """January to December as they stand in a date."""
        names = self._locale.months["format"]["wide"]
        written = [str(names[number]) for number in sorted(names)]
        return tuple(self._lexicon.spellings.get(name, name) for name in written)

    @functools.cached_property
    def month_numbers(self) -> dict[str, int]:
        """The number of every written form of a month, in lower case and without a full stop."""
        widths = ("wide", "abbreviated")
        kinds = [
            self._locale.months[kind][width]
            for kind in ("format", "stand-alone")
            for width in widths
        ]
        found = {_key(str(name)): number for kind in kinds for number, name in kind.items()}
        for number, forms in enumerate(self._lexicon.calendar.abbreviations, start=1):
            found |= {_key(form): number for form in forms}
        return {name: number for name, number in found.items() if name.isalpha()}

    @functools.cached_property
    def weekdays(self) -> dict[str, str]:
        """Weekdays by their short forms, in lower case and without a full stop."""
        names = self._locale.days
        full = names["format"]["wide"]
        return {
            _key(str(short)): str(full[day])
            for day, short in names["format"]["abbreviated"].items()
        }

    @functools.cached_property
    def month_first(self) -> bool:
        """Whether `11/23` is a date and `23/11` is not."""
        pattern = str(self._locale.date_formats["short"].pattern).lower()
        return pattern.index("m") < pattern.index("d") < pattern.index("y")

    @functools.cached_property
    def year_first(self) -> bool:
        """Whether `26/11/23` is how dates are written."""
        pattern = str(self._locale.date_formats["short"].pattern).lower()
        return pattern.index("y") < pattern.index("m")


def _key(name: str) -> str:
    return name.lower().rstrip(".\u0970")
