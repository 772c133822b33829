"""Names of units, currencies, months and weekdays, from the Unicode CLDR through Babel."""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import TYPE_CHECKING

from wyoming_voice_stack.tts.normalization.locale.lexicon import Lexicon
from wyoming_voice_stack.tts.normalization.locale.number_context import Plurals

if TYPE_CHECKING:
    from babel import Locale

_LENGTHS = ("long", "short")
_IDS_BEFORE_CLDR_48 = {
    "concentr-part-per-1e6": "concentr-permillion",
    "concentr-part-per-1e9": "concentr-portion-per-1e9",
}
"""Renamed units. Babel 2.18 knows only the old identifiers; later versions deprecate them."""


class CldrNames:
    """CLDR names in one language and region."""

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
        """Return the plural form for `count`."""
        return plurals.get(str(self._locale.plural_form(count)), plurals["other"])

    def is_one(self, count: Decimal) -> bool:
        """Return whether a noun is in the singular after `count`."""
        return str(self._locale.plural_form(count)) == "one"

    def unit(self, unit: str, count: Decimal, per: str | None = None) -> str | None:
        """Return the unit's name with `{0}` as the number's placeholder, or None if it has no name.

        `unit` and `per` are CLDR identifiers or units of the lexicon.
        """
        if unit in self._lexicon.units and per is None:
            return self.plural(self._lexicon.units[unit], count)
        if unit in _IDS_BEFORE_CLDR_48 and unit not in self._locale.unit_display_names:
            unit = _IDS_BEFORE_CLDR_48[unit]
        for length in _LENGTHS:
            pattern = self._pattern(unit, count, per, length)
            if pattern and unit not in pattern and not (per and per in pattern):
                return self._spell_signs(pattern)
        return None

    def _pattern(self, unit: str, count: Decimal, per: str | None, length: str) -> str | None:
        from babel.numbers import format_decimal
        from babel.units import UnknownUnitError, format_compound_unit, format_unit

        try:
            if per is None:
                name = format_unit(count, unit, length, locale=self._locale)  # type: ignore[arg-type]
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
                name = compound
        except UnknownUnitError:
            return None
        digits = format_decimal(count, locale=self._locale)
        return name.replace("\u00a0", " ").replace(digits, "{0}", 1)

    def _spell_signs(self, pattern: str) -> str:
        separator = self._lexicon.word_separator
        if not separator:
            pattern = pattern.replace(" ", "")
        return pattern.replace("/", f"{separator}{self._lexicon.per}{separator}")

    def currency(self, code: str, count: Decimal) -> str | None:
        """Return the name of the currency with this ISO code, or None if it has none."""
        from babel.numbers import get_currency_name

        name = get_currency_name(code, count, locale=self._locale)
        return None if name == code else name

    @functools.cached_property
    def months(self) -> tuple[str, ...]:
        """January to December, in the form used in a date."""
        names = self._locale.months["format"]["wide"]
        written = [str(names[number]) for number in sorted(names)]
        return tuple(self._lexicon.spellings.get(name, name) for name in written)

    @functools.cached_property
    def month_numbers(self) -> dict[str, int]:
        """Month numbers by every written form of the name, in lower case without a full stop."""
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
        """Weekday names by abbreviation, in lower case without a full stop."""
        names = self._locale.days
        full = names["format"]["wide"]
        return {
            _key(str(short)): str(full[day])
            for day, short in names["format"]["abbreviated"].items()
        }

    @functools.cached_property
    def month_first(self) -> bool:
        """Whether dates are written month first: `11/23/2026`."""
        pattern = str(self._locale.date_formats["short"].pattern).lower()
        return pattern.index("m") < pattern.index("d") < pattern.index("y")

    @functools.cached_property
    def year_first(self) -> bool:
        """Whether dates are written year first: `2026/11/23`."""
        pattern = str(self._locale.date_formats["short"].pattern).lower()
        return pattern.index("y") < pattern.index("m")


def _key(name: str) -> str:
    return name.lower().rstrip(".\u0970")
