"""Amounts of money."""

from __future__ import annotations

import functools
import re
from decimal import Decimal

from wyoming_voice_stack.tts.normalization.locale.lexicon import Currency
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_TONGUES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import AFTER, MINUS, RANGE, Figure
from wyoming_voice_stack.tts.normalization.units.per import STROKE, per_each

_SIGNS = {
    "US$": "USD",
    "A$": "AUD",
    "C$": "CAD",
    "R$": "BRL",
    "$": "USD",
    "\u20ac": "EUR",
    "\u00a3": "GBP",
    "\u00a5": "JPY",
    "\u20b9": "INR",
    "\u20bd": "RUB",
    "\u20ba": "TRY",
    "\u20a9": "KRW",
}
_CODES = "EUR|USD|GBP|CHF|JPY|CNY|PLN|CZK|HUF|SEK|NOK|DKK|TRY|RUB|BRL|CAD|AUD|INR|KRW"
_SHORT = {code: sign for sign, code in _SIGNS.items() if len(sign) == 1}
_CENT_DIGITS = 2
_ELISION = "\u2019"


def say_money(text: str, locale: LocaleRules) -> str:
    """Say amounts with the currency's name after them."""
    for pattern in _patterns(locale):
        text = pattern.sub(lambda match: _said(match, locale), text)
    return text


@functools.lru_cache(maxsize=MAX_TONGUES)
def _patterns(locale: LocaleRules) -> tuple[re.Pattern[str], ...]:
    signs = "|".join(
        map(re.escape, sorted({*_SIGNS, *locale.lexicon.money}, key=len, reverse=True))
    )
    scales = "|".join(map(re.escape, sorted(locale.lexicon.scales, key=len, reverse=True)))
    scale = rf"(?:\s?(?P<scale>{scales})(?!\w))?" if scales else "(?P<scale>)?"
    again = rf"(?:{signs}|{_CODES})?"
    number = rf"(?P<n>{locale.figure}){AFTER}(?:\s?{again}{RANGE}{again}\s?(?P<last>{locale.figure}){AFTER})?"
    minus = rf"(?P<minus>(?<!\S){MINUS})?"
    named = rf"(?P<n>{locale.figure})(?<=[.,]\d\d){AFTER}(?P<last>)?(?P<scale>)?"
    names = "|".join(map(re.escape, _words(locale)))
    by = f"(?:{STROKE})?" if locale.lexicon.per else "(?P<by>)?"
    return (
        re.compile(rf"{minus}{locale.before}{named}\s(?P<sign>{names})(?!\w)(?P<by>)?"),
        re.compile(rf"{minus}(?<![\w$])(?P<sign>{signs}|{_CODES})\s?{number}{scale}(?!\w){by}"),
        re.compile(
            rf"{minus}{locale.before}{number}{scale}\s?(?P<sign>{signs}|{_CODES}){locale.after}{by}"
        ),
    )


@functools.lru_cache(maxsize=MAX_TONGUES)
def _words(locale: LocaleRules) -> dict[str, str]:
    """The sign of each currency by the forms of its name."""
    money = locale.lexicon.money.items()
    return {name: sign for sign, currency in money for name in currency.major.values()}


def _said(match: re.Match[str], locale: LocaleRules) -> str:
    figure = locale.read(match["n"])
    if figure.is_long or (match["last"] and locale.read(match["last"]).is_long):
        return match[0]
    scale = locale.lexicon.scales.get(match["scale"] or "")
    if scale and not figure.fraction and not scale.word.endswith(_ELISION):
        figure = Figure(figure.whole + "0" * scale.power)
        scale = None
    minus = f"{locale.lexicon.minus} " if match["minus"] else ""
    to = ""
    if match["last"]:
        to = f"{locale.numerals.figure(figure)} {locale.lexicon.to} "
        figure = locale.read(match["last"])
    sign = _words(locale).get(match["sign"], match["sign"])
    amount = _amount(figure, scale.word if scale else "", sign, locale)
    if amount is None:
        return match[0]
    return minus + to + amount + (per_each(match["by"], locale) if match["by"] else "")


def _amount(figure: Figure, scale: str, sign: str, locale: LocaleRules) -> str | None:
    currency = _currency(sign, locale)
    code = _SIGNS.get(sign, sign)
    if scale:
        name = _name(currency, code, Decimal(10), locale)
        gap = "" if scale.endswith(_ELISION) else " "
        return name and f"{locale.numerals.figure(figure)} {scale}{gap}{name}"
    if len(figure.fraction) != _CENT_DIGITS or currency is None or not currency.minor:
        name = _name(currency, code, figure.value, locale)
        gender = currency.gender if currency else "masculine"
        return name and _join(locale.numerals.figure(figure, gender), name, locale)
    return _with_cents(int(figure.whole), int(figure.fraction), currency, locale)


def _with_cents(whole: int, cents: int, currency: Currency, locale: LocaleRules) -> str:
    major = _join(
        locale.numerals.cardinal(whole, currency.gender),
        locale.names.plural(currency.major, Decimal(whole)),
        locale,
    )
    if not cents:
        return major
    minor = locale.numerals.cardinal(cents)
    named = _join(
        locale.numerals.cardinal(cents, "masculine"),
        locale.names.plural(currency.minor, Decimal(cents)),
        locale,
    )
    return locale.lexicon.amount.format(major=major, minor=minor, cents=named) if whole else named


def _join(number: str, name: str, locale: LocaleRules) -> str:
    return f"{number}{locale.space}{name}".replace("  ", " ")


def _currency(sign: str, locale: LocaleRules) -> Currency | None:
    names = locale.lexicon.money
    return names.get(sign) or names.get(_SHORT.get(sign, ""))


def _name(currency: Currency | None, code: str, count: Decimal, locale: LocaleRules) -> str | None:
    if currency is not None:
        return locale.names.plural(currency.major, count)
    return locale.names.currency(code, count)
