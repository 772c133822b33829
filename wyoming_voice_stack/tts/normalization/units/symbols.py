"""CLDR unit identifiers by unit symbol."""

from __future__ import annotations

import re
from collections.abc import Iterable

UNSPACED = {
    "\u00b0C": "temperature-celsius",
    "\u00b0 C": "temperature-celsius",
    "\u2103": "temperature-celsius",
    "\u00baC": "temperature-celsius",
    "\u00b0F": "temperature-fahrenheit",
    "\u00b0 F": "temperature-fahrenheit",
    "\u2109": "temperature-fahrenheit",
    "\u00b0": "angle-degree",
    "%": "concentr-percent",
    "\u066a": "concentr-percent",
    "\u2030": "concentr-permille",
    "km/h": "speed-kilometer-per-hour",
    "kmh": "speed-kilometer-per-hour",
    "kph": "speed-kilometer-per-hour",
    "mph": "speed-mile-per-hour",
    "m/s": "speed-meter-per-second",
    "kn": "speed-knot",
    "mWh": "milliwatt-hour",
    "Wh": "watt-hour",
    "kWh": "energy-kilowatt-hour",
    "MWh": "megawatt-hour",
    "kWp": "kilowatt-peak",
    "mAh": "milliampere-hour",
    "Ah": "ampere-hour",
    "kVA": "kilovolt-ampere",
    "VA": "volt-ampere",
    "W": "power-watt",
    "kW": "power-kilowatt",
    "MW": "power-megawatt",
    "mW": "power-milliwatt",
    "V": "electric-volt",
    "mA": "electric-milliampere",
    "\u03a9": "electric-ohm",
    "Hz": "frequency-hertz",
    "kHz": "frequency-kilohertz",
    "MHz": "frequency-megahertz",
    "GHz": "frequency-gigahertz",
    "hPa": "pressure-hectopascal",
    "kPa": "pressure-kilopascal",
    "Pa": "pressure-pascal",
    "mbar": "pressure-millibar",
    "mmHg": "pressure-millimeter-ofhg",
    "inHg": "pressure-inch-ofhg",
    "psi": "pressure-pound-force-per-square-inch",
    "dB": "decibel",
    "dBm": "decibel-milliwatt",
    "lx": "light-lux",
    "lm": "light-lumen",
    "ppm": "concentr-part-per-1e6",
    "ppb": "concentr-part-per-1e9",
    "kB": "digital-kilobyte",
    "KB": "digital-kilobyte",
    "MB": "digital-megabyte",
    "GB": "digital-gigabyte",
    "TB": "digital-terabyte",
    "kbit": "digital-kilobit",
    "Mbit": "digital-megabit",
    "Gbit": "digital-gigabit",
    "mm": "length-millimeter",
    "cm": "length-centimeter",
    "km": "length-kilometer",
    "m\u00b2": "area-square-meter",
    "m2": "area-square-meter",
    "km\u00b2": "area-square-kilometer",
    "m\u00b3": "volume-cubic-meter",
    "m3": "volume-cubic-meter",
    "\u00b5m": "length-micrometer",
    "\u03bcm": "length-micrometer",
    "\u00b5g": "mass-microgram",
    "\u03bcg": "mass-microgram",
    "mg": "mass-milligram",
    "kg": "mass-kilogram",
    "ml": "volume-milliliter",
    "mL": "volume-milliliter",
    "cl": "volume-centiliter",
    "dl": "volume-deciliter",
    "kcal": "energy-kilocalorie",
    "kJ": "energy-kilojoule",
    "ms": "duration-millisecond",
    "s": "duration-second",
    "min": "duration-minute",
    "h": "duration-hour",
    "rpm": "rpm",
    "lb": "mass-pound",
    "lbs": "mass-pound",
    "oz": "mass-ounce",
    "ft": "length-foot",
    "yd": "length-yard",
}
"""Symbols that may follow the digits directly."""

INCH_MARKS = {'"': "length-inch", "\u2033": "length-inch"}
"""Units only where they do not close a quotation."""

SPACED = {
    "m": "length-meter",
    "g": "mass-gram",
    "l": "volume-liter",
    "L": "volume-liter",
    "t": "mass-tonne",
    "J": "energy-joule",
}
"""Symbols that are units only after white space."""

LARGE_ONLY = {"K": "temperature-kelvin"}
SMALLEST_LARGE = 1_000
"""Smallest number for `LARGE_ONLY`: `5 K` may be a five-kilometre run."""

SMALLEST_ATTACHED = 10
"""Smallest number that a single letter makes a temperature: `5C` may be a telephone model."""

FRACTION_ONLY = {"A": "electric-ampere", "\u0410": "electric-ampere"}
"""Units only after a decimal number: `16 A` may be a house number."""

PER = {
    "h": "duration-hour",
    "min": "duration-minute",
    "s": "duration-second",
    "d": "duration-day",
    "m": "length-meter",
    "m\u00b2": "area-square-meter",
    "m\u00b3": "volume-cubic-meter",
    "m3": "volume-cubic-meter",
    "l": "volume-liter",
    "L": "volume-liter",
    "kg": "mass-kilogram",
    "km": "length-kilometer",
    "kWh": "energy-kilowatt-hour",
    "\u0441": "duration-second",
    "\u0447": "duration-hour",
    "\u043c\u0438\u043d": "duration-minute",
    "\u0441\u0443\u0442": "duration-day",
    "\u043b": "volume-liter",
    "\u043a\u0433": "mass-kilogram",
}
"""Units that may follow a slash after another unit."""


def alternatives(symbols: Iterable[str]) -> str:
    """Return a regular expression that matches any of the symbols, longest first."""
    return "|".join(map(re.escape, sorted(symbols, key=len, reverse=True)))
