"""Verbalizes amounts of money: `$5.20`, `3,50 €`."""

from __future__ import annotations

import functools
import re
from decimal import Decimal

from wyoming_voice_stack.tts.normalization.locale.grammatical_case import (
    between_numbers,
    case_of_number,
    case_of_range_end,
)
from wyoming_voice_stack.tts.normalization.locale.lexicon import Currency
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import AFTER, MINUS, RANGE, WrittenNumber
from wyoming_voice_stack.tts.normalization.locale.number_context import Plurals
from wyoming_voice_stack.tts.normalization.units.denominators import (
    DENOMINATOR,
    verbalize_denominator,
)

_SIGNS = {
    "US$": "USD",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "R$": "BRL",
    "HK$": "HKD",
    "NT$": "TWD",
    "NZ$": "NZD",
    "S$": "SGD",
    "MX$": "MXN",
    "RMB": "CNY",
    "CN\u00a5": "CNY",
    "JP\u00a5": "JPY",
    "$": "USD",
    "\u20ac": "EUR",
    "\u00a3": "GBP",
    "\u00a5": "JPY",
    "\u20b9": "INR",
    "\u20bd": "RUB",
    "\u20ba": "TRY",
    "\u20a9": "KRW",
    "\u20ab": "VND",
    "\u0e3f": "THB",
    "\u20b1": "PHP",
    "\u20b4": "UAH",
    "\u20aa": "ILS",
    "\u20b8": "KZT",
    "\u20a6": "NGN",
    "\u20b5": "GHS",
    "\u20a1": "CRC",
    "\u20b2": "PYG",
    "\u20ae": "MNT",
    "\u20ad": "LAK",
    "\u20bc": "AZN",
    "\u20be": "GEL",
    "\u058f": "AMD",
    "\u09f3": "BDT",
    "\u17db": "KHR",
    "\u20a8": "INR",
    "\ufdfc": "IRR",
}
_CODES = (
    "EUR|USD|GBP|CHF|JPY|CNY|PLN|CZK|HUF|SEK|NOK|DKK|TRY|RUB|BRL|CAD|AUD|INR|KRW|VND|THB|PHP|UAH|ILS|KZT|MXN"
    "|NZD|SGD|HKD|TWD|ZAR|RON|BGN|ISK|SAR|AED|EGP|IDR|MYR"
)
_SHORT = {code: sign for sign, code in _SIGNS.items() if len(sign) == 1}
_NO_CENTS = re.compile(r"(?<=\d)[.,](?:-{1,2}|[\u2013\u2014])(?=\s|[.,;:!?)\u20ac]|$)")
"""A dash in place of the cents: `5,- €`."""
_MINUS_INSIDE = re.compile(
    "(?<!\\d )(?<![A-Za-z0-9_$\u20ac\u00a3])([$\u00a3\u00a5\u20a0-\u20c0])[-\u2212](?=\\d)"
)
"""A minus behind the sign: `$-5`."""
_CENT_SIGN_FIRST = re.compile("(?<![\\w\u00a2])\u00a2\\s?(\\d{1,3})(?![\\w\u00a2]|[.,]\\d)")
_CENT_DIGITS = 2
_EAST_ASIAN = re.compile(
    "(?<=\\d)\\s?([\u5186\u5143\uc6d0])(?![\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3])"
)
"""Currencies that follow the number as a word of these languages."""
_EAST_ASIAN_CODES = {"\u5186": " JPY", "\u5143": " CNY", "\uc6d0": " KRW"}
_RIAL = "\ufdfc"
_ARABIC_RIAL = "\u0631\u064a\u0627\u0644"
_ELISION = "\u2019"


def verbalize_money(text: str, locale: LocaleRules) -> str:
    """Verbalize amounts, with the currency's name after the number."""
    text = _MINUS_INSIDE.sub(r"-\1", _NO_CENTS.sub("", text))
    text = _CENT_SIGN_FIRST.sub("\\1\u00a2", text)
    if locale.language == "ar":
        text = text.replace(_RIAL, _ARABIC_RIAL)
    if locale.lexicon.spaced and locale.language != "ko":
        text = _EAST_ASIAN.sub(lambda match: _EAST_ASIAN_CODES[match[1]], text)
    for pattern in _patterns(locale):
        text = pattern.sub(lambda match: _verbalize(match, locale), text)
    return text


@functools.lru_cache(maxsize=MAX_LOCALES)
def _patterns(locale: LocaleRules) -> tuple[re.Pattern[str], ...]:
    signs = "|".join(
        map(re.escape, sorted({*_SIGNS, *locale.lexicon.money}, key=len, reverse=True))
    )
    scales = "|".join(map(re.escape, sorted(locale.lexicon.scales, key=len, reverse=True)))
    scale = rf"(?:\s?(?P<scale>{scales}){locale.after})?" if scales else "(?P<scale>)?"
    again = rf"(?:{signs}|{_CODES})?"
    number = rf"(?P<n>{locale.number_pattern}){AFTER}(?:\s?{again}{RANGE}{again}\s?(?P<last>{locale.number_pattern}){AFTER})?"
    before_minus = r"(?<!\S)" if locale.lexicon.spaced else "(?<![A-Za-z0-9\u5143\u5186\uc6d0])"
    minus = rf"(?P<minus>{before_minus}{MINUS})?"
    named = rf"(?P<n>{locale.number_pattern})(?<=[.,]\d\d){AFTER}(?P<last>)?(?P<scale>)?"
    names = "|".join(map(re.escape, _signs_by_name(locale)))
    # "₹20 rupees" names its currency twice; "$5 TRY IT" does not.
    again_named = rf"(?:\s?(?:{names}|(?!TRY)(?P<code>{_CODES}))(?![A-Za-z0-9]))?" if names else ""
    by = f"(?:{DENOMINATOR})?" if locale.lexicon.per else "(?P<by>)?"
    begin = r"(?<![\w$])" if locale.lexicon.spaced else "(?<![A-Za-z0-9$])"
    return (
        re.compile(rf"{minus}{locale.before}{named}\s(?P<sign>{names})(?!\w)(?P<by>)?"),
        re.compile(
            rf"{minus}{begin}(?P<sign>{signs}|{_CODES})\s?{number}{scale}{again_named}{locale.after}{by}"
        ),
        re.compile(
            rf"{minus}{locale.before}{number}{scale}\s?(?P<sign>{signs}|{_CODES}){locale.after}{by}"
        ),
    )


@functools.lru_cache(maxsize=MAX_LOCALES)
def _signs_by_name(locale: LocaleRules) -> dict[str, str]:
    """Return the sign of each currency by every plural form of its name."""
    money = locale.lexicon.money.items()
    return {name: sign for sign, currency in money for name in currency.major.values()}


def _verbalize(match: re.Match[str], locale: LocaleRules) -> str:
    number = locale.parse(match["n"])
    if number.is_too_long or (match["last"] and locale.parse(match["last"]).is_too_long):
        return match[0]
    case = case_of_number(match.string, match.start(), match.end(), locale)
    case = locale.case_of_measure(case) if locale.lexicon.numbers.case_counts else ""
    to = ""
    if match["last"]:
        to = locale.numerals.number(number, f"masculine{case}" if case else "plain")
        to += between_numbers(match.string, match.start(), locale)
        case = case_of_range_end(locale) or case
        number = locale.parse(match["last"])
    scale = locale.lexicon.scales.get(match["scale"] or "")
    if scale and not number.fraction and not scale.word.endswith(_ELISION):
        number = WrittenNumber(number.whole + "0" * scale.power)
        scale = None
    minus = f"{locale.lexicon.minus}{locale.separator}" if match["minus"] else ""
    code = match.groupdict().get("code")
    sign = code if code and code != "USD" else match["sign"]
    sign = _signs_by_name(locale).get(sign, sign)
    amount = _amount(number, scale.word if scale else "", sign, case, locale)
    if amount is None:
        return match[0]
    return minus + to + amount + (verbalize_denominator(match["by"], locale) if match["by"] else "")


def _amount(
    number: WrittenNumber, scale: str, sign: str, case: str, locale: LocaleRules
) -> str | None:
    """Return the amount in words, or None if the currency has no name."""
    currency = _currency(sign, locale)
    code = _SIGNS.get(sign, sign)
    if scale:
        name = _name(currency, code, Decimal(10), locale)
        gap = "" if scale.endswith(_ELISION) else locale.separator
        return name and f"{locale.numerals.number(number)}{locale.separator}{scale}{gap}{name}"
    if len(number.fraction) != _CENT_DIGITS or currency is None or not currency.minor:
        name = _name(currency, code, locale.count_in_case(number, case), locale)
        gender = currency.gender if currency else "masculine"
        spoken = locale.numerals.number(number, gender + case)
        return name and _join(spoken, locale.decline(name, number, case), locale)
    return _with_cents(number, currency, case, locale)


def _with_cents(number: WrittenNumber, currency: Currency, case: str, locale: LocaleRules) -> str:
    whole, cents = WrittenNumber(number.whole), WrittenNumber(number.fraction.lstrip("0") or "0")
    major = _join(
        locale.numerals.cardinal(int(whole.value), currency.gender + case),
        _declined(currency.major, whole, case, locale),
        locale,
    )
    if not cents.value:
        return major
    minor = locale.numerals.cardinal(int(cents.value))
    named = _join(
        locale.numerals.cardinal(int(cents.value), f"masculine{case}"),
        _declined(currency.minor, cents, case, locale),
        locale,
    )
    if not whole.value:
        return named
    return locale.lexicon.amount.format(major=major, minor=minor, cents=named)


def _declined(plurals: Plurals, number: WrittenNumber, case: str, locale: LocaleRules) -> str:
    name = locale.names.plural(plurals, locale.count_in_case(number, case))
    return locale.decline(name, number, case)


def _join(number: str, name: str, locale: LocaleRules) -> str:
    return f"{number}{locale.separator}{name}".replace("  ", " ")


def _currency(sign: str, locale: LocaleRules) -> Currency | None:
    names = locale.lexicon.money
    return names.get(sign) or names.get(_SHORT.get(sign, ""))


def _name(currency: Currency | None, code: str, count: Decimal, locale: LocaleRules) -> str | None:
    if currency is not None:
        return locale.names.plural(currency.major, count)
    return locale.names.currency(code, count)
