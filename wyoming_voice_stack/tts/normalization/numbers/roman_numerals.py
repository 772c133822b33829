"""Roman numerals: after a word that they number, with the ending of an ordinal, or too long for a word."""

from __future__ import annotations

import functools
import re
import unicodedata

from wyoming_voice_stack.tts.normalization.locale.grammatical_case import word_before_number
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import parse_roman

_ROMAN = r"(?P<roman>[IVXLCDM]{3,15}|[IVXL]{2}|[VX])"
_POSSESSIVE = r"(?P<possessive>['\u2019]s)?"
_ONE_IN_ENGLISH = r"(?:(?<=World War )|(?<=WW ))I|I(?=['\u2019]s\b|[;:)]|,(?! [a-z])|\.?$| (?:of|and) |[-\u2013][IVX]{1,4}\b)"
"""`I` is also a pronoun. A full stop inside a sentence makes it an initial: `George I. Smith`."""
_MORE = r"[IVXLCDM]{2,15}|[VX]"
_LOWER_CASE = r"(?=\w{2})x{0,3}(?:ix|iv|v?i{0,3})"
"""English pages and scenes in lower case: `Scene ii`, `page xii`."""
_FEMALE_NAMES = (
    "elizabeth",
    "elisabeth",
    "isabel",
    "elisabetta",
    "catherine",
    "katharina",
    "екатерина",
    "елизавета",
    "elżbieta",
    "katarzyna",
)
_ROMAN_RANGE = re.compile(r"^[-\u2013]")
_INITIAL_STOP = r"\.(?=\s[^\W\d_a-z\u00df-\u00ff\u0430-\u0451])"
"""The full stop of an initial, behind which the name goes on: `Franz X. M\u00fcller`."""
_FIRST_ENDINGS = ("er", "re", "\u00e8re")
"""French endings of `Ier`; any other ending behind a single `I` may be a word."""
_NO_WORD = rf"(?![VX](?:{'|'.join(_FIRST_ENDINGS)})(?!\w))"
"""Excludes Spanish and French `Ver`."""
_YEARS = range(1_100, 2_100)
_CHARACTER = re.compile("[\u2160-\u2182\u2185-\u2188]")
_CHARACTERS = re.compile(
    "(?:(?<!\\w)(?P<word>[^\\W\\d_]{1,24}) )?(?P<roman>[\u2160-\u2182\u2185-\u2188]{1,15})"
)
_LONG = re.compile(rf"(?<![\w'\u2019.-])(?P<roman>[IVXLCDM]{{4,15}}){_POSSESSIVE}(?![\w'\u2019-])")
_BEHIND_CAPITAL = re.compile(
    r"(?<![\w'\u2019])(?P<word>[^\W\d_a-z][\w'\u2019-]*[^\W\d_A-Z]) (?P<roman>II|IX|XI|XV|[IVX]{3})"
    rf"{_POSSESSIVE}(?![\w'\u2019-])"
)
_NO_NUMERALS = frozenset({"XXX"})
_OTHER_SCRIPTS = frozenset({"ar", "hi", "ja", "ko", "zh"})
_IN_OTHER_SCRIPT = re.compile(
    r"(?<![A-Za-z0-9'\u2019.-])(?P<roman>[IVX]{2,7}|(?<=[\u7b2c\uc81c])[IVX]|[VX](?=\u4e16))(?![A-Za-z0-9'\u2019-])"
)
"""In other scripts, these letters are hardly ever a word. A single one follows a mark of ordinals, or precedes that of kings."""


def verbalize_roman_numerals(text: str, locale: LocaleRules) -> str:
    """Verbalize `Henry VIII's`, `XXIe siècle` and `Super Bowl LVIII`."""
    if locale.lexicon.roman.titles and " I" in text:
        titled = _first_with_title(locale)
        text = titled.sub(lambda match: match["title"] + _numbered(match["word"], 1, locale), text)
    if not text.isascii() and _CHARACTER.search(text):
        text = _CHARACTERS.sub(lambda match: _characters(match, locale), text)
    if pattern := _lower_case_after_word(locale):
        text = pattern.sub(lambda match: match[1] + match[2].upper(), text)
    if pattern := _after_word(locale):
        text = pattern.sub(lambda match: _after_name(match, locale), text)
    if pattern := _before_word(locale):
        text = pattern.sub(lambda match: _before_noun(match, locale), text)
    if pattern := _with_article(locale):
        text = pattern.sub(lambda match: _between(match, locale), text)
    if pattern := _with_ending(locale):
        text = pattern.sub(lambda match: _lettered(match, locale), text)
    if locale.language in _OTHER_SCRIPTS:
        text = _IN_OTHER_SCRIPT.sub(lambda match: _in_other_script(match, locale), text)
    if locale.lexicon.roman.cardinal_after and not text.isupper():
        text = _LONG.sub(lambda match: _bare(match, locale), text)
        text = _BEHIND_CAPITAL.sub(lambda match: _bare(match, locale), text)
    return text


def plain_roman_numerals(text: str) -> str:
    """Rewrite Roman numerals that are characters of their own with letters."""
    return _CHARACTERS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _after_word(locale: LocaleRules) -> re.Pattern[str] | None:
    roman = locale.lexicon.roman
    declined = [word for words in roman.forms_after.values() for word in words]
    words = (*roman.cardinal_after, *roman.ordinal_after, *declined)
    if not words:
        return None
    one = {"en": _ONE_IN_ENGLISH, "fr": "(?!)"}.get(locale.language, "I")  # French writes `Ier`
    numeral = _ROMAN.removesuffix(")") + f"|{one})"
    joints = (locale.sign("and"), locale.lexicon.or_word, locale.lexicon.to, "of")
    joint = rf"(?:,? (?:{'|'.join(filter(None, joints))}) |, ?|[-\u2013])"
    return re.compile(
        rf"(?<!\w)(?P<word>(?i:{'|'.join(words)})) (?:(?:der|die) )?{numeral}{_POSSESSIVE}\b"
        rf"(?P<more>(?:{joint}(?:{_MORE})(?!['\u2019-]?\w))+)?"
        rf"(?!['\u2019-]?\w)(?:\.(?=\s+[a-z]|[,;:])|(?P<stop>{_INITIAL_STOP}))?"
    )


@functools.lru_cache(maxsize=MAX_LOCALES)
def _lower_case_after_word(locale: LocaleRules) -> re.Pattern[str] | None:
    if locale.language != "en":
        return None
    words = "|".join(locale.lexicon.roman.cardinal_after)
    return re.compile(rf"(?<!\w)((?i:{words}) )({_LOWER_CASE})(?![\w'\u2019-])")


@functools.lru_cache(maxsize=MAX_LOCALES)
def _first_with_title(locale: LocaleRules) -> re.Pattern[str]:
    """Match `Queen Elizabeth I`, where `I` is no pronoun."""
    roman = locale.lexicon.roman
    titles, names = (
        "|".join(map(str.capitalize, words)) for words in (roman.titles, roman.ordinal_after)
    )
    return re.compile(
        rf"(?<!\w)(?P<title>(?:{titles}) (?:[A-Z][a-z]+ )?)(?P<word>{names}) I(?![\w-])(?!['\u2019](?!s\b))"
    )


def _after_name(match: re.Match[str], locale: LocaleRules) -> str:
    number = parse_roman(match["roman"])
    if not number or (
        not match["word"][0].isupper() and len(match["roman"]) == 1 and locale.language == "en"
    ):
        return match[0]
    stop = match["stop"] or ""
    is_personal = match["word"].lower() in locale.lexicon.roman.ordinal_after
    if stop and is_personal and len(match["roman"]) == 1:
        return match[0].removesuffix(stop)
    more = match["more"] or ""
    if match["word"].lower() in locale.lexicon.roman.cardinal_after:
        more = re.sub(rf"\b(?:{_MORE})\b", lambda one: _cardinal(one[0], locale), more)
        more = _ROMAN_RANGE.sub(f" {locale.lexicon.to} ", more)
    return _numbered(match["word"], number, locale) + (match["possessive"] or "") + more + stop


def _cardinal(written: str, locale: LocaleRules) -> str:
    number = parse_roman(written)
    return locale.numerals.cardinal(number) if number else written


def _numbered(written: str, number: int, locale: LocaleRules) -> str:
    roman = locale.lexicon.roman
    word = written.lower()
    for form, words in roman.forms_after.items():
        if word in words:
            return f"{written} {locale.numerals.ordinal(number, form)}"
    if word not in roman.ordinal_after or number > roman.ordinal_up_to:
        return f"{written} {locale.numerals.cardinal(number)}"
    is_female = word in _FEMALE_NAMES
    form = f"{roman.ordinal_form}-feminine" if is_female else roman.ordinal_form
    numbers = locale.lexicon.numbers
    if form not in numbers.forms and form not in numbers.ordinal_endings:
        form = roman.ordinal_form
    spoken = locale.numerals.ordinal(number, form)
    article = "die" if is_female else "der"
    return f"{written} {roman.ordinal.format(n=spoken, article=article)}"


@functools.lru_cache(maxsize=MAX_LOCALES)
def _before_word(locale: LocaleRules) -> re.Pattern[str] | None:
    roman = locale.lexicon.roman
    words = [*roman.ordinal_before, *roman.forms_before]
    if not words:
        return None
    one = "" if locale.language == "en" else "|(?<=[^\\W\\d_] )I"
    numeral = _ROMAN.removesuffix(")") + f"{one})"
    return re.compile(rf"(?<!\w){numeral}(?:e|\u00e8me|\.)? (?P<word>{'|'.join(words)})(?!\w)")


def _before_noun(match: re.Match[str], locale: LocaleRules) -> str:
    number = parse_roman(match["roman"])
    if not number:
        return match[0]
    roman, years = locale.lexicon.roman, locale.lexicon.calendar.year_forms
    form = roman.forms_before.get(match["word"], roman.before_form)
    if form == "ordinal-genitive":
        before = word_before_number(match.string, match.start(), locale)
        form = next((form for form, words in years.items() if before in words), form)
    spoken = locale.numerals.ordinal(number, form)
    return f"{spoken} {match['word']}"


@functools.lru_cache(maxsize=MAX_LOCALES)
def _with_article(locale: LocaleRules) -> re.Pattern[str] | None:
    roman = locale.lexicon.roman
    articles = (*roman.masculine_articles, *roman.feminine_articles)
    if not articles:
        return None
    nouns = "|".join(map(re.escape, roman.numbered_nouns)) or "(?!)"
    one = rf"[IVX](?= (?i:{nouns})(?!\w))"
    joined = "|".join(map(re.escape, articles))
    return re.compile(
        rf"(?<![\w.])(?P<article>(?i:{joined})) (?P<roman>[IVXL]{{3,9}}|[IVX]{{2}}|{one})"
        r"(?= (?!(?:del?|dos|das|que|con|com|por|para|per|und|the)\b)[^\W\d_]{3})"
    )


def _between(match: re.Match[str], locale: LocaleRules) -> str:
    roman, number = locale.lexicon.roman, parse_roman(match["roman"])
    article = match["article"].lower()
    is_shouted = len(article) > 1 and match["article"].isupper()
    if not number or match["roman"] in _NO_NUMERALS or is_shouted:
        return match[0]
    if number > roman.numbered_up_to:
        spoken = locale.numerals.cardinal(number)
    elif article in roman.plural_articles:
        form = "ordinal-feminine" if article in roman.feminine_articles else "ordinal"
        spoken = f"{locale.numerals.ordinal(number, form)}s"
    elif article in roman.feminine_articles:
        spoken = locale.numerals.ordinal(number, "ordinal-feminine")
    else:
        spoken = locale.numerals.ordinal(number, roman.numbered_form)
    return f"{match['article']} {spoken}"


@functools.lru_cache(maxsize=MAX_LOCALES)
def _with_ending(locale: LocaleRules) -> re.Pattern[str] | None:
    endings = sorted(locale.lexicon.ordinals, key=len, reverse=True)
    if not endings or not locale.lexicon.roman.cardinal_after:
        return None
    first = "|".join(ending for ending in _FIRST_ENDINGS if ending in endings) or "(?!)"
    known = "|".join(map(re.escape, endings))
    return re.compile(
        rf"(?<![\w'\u2019.-])(?:(?P<one>I)(?P<first>{first})|{_NO_WORD}{_ROMAN}(?P<ending>{known})){_POSSESSIVE}(?!\w)"
    )


def _lettered(match: re.Match[str], locale: LocaleRules) -> str:
    number = parse_roman(match["one"] or match["roman"])
    if not number:
        return match[0]
    form = locale.lexicon.ordinals[match["first"] or match["ending"]]
    return locale.numerals.ordinal(number, form) + (match["possessive"] or "")


def _bare(match: re.Match[str], locale: LocaleRules) -> str:
    number = parse_roman(match["roman"])
    if not number or match["roman"] in _NO_NUMERALS:
        return match[0]
    numerals = locale.numerals
    spoken = numerals.year(number) if number in _YEARS else numerals.cardinal(number)
    lead = match.string[match.start() : match.start("roman")]
    return f"{lead}{spoken}{match['possessive'] or ''}"


def _in_other_script(match: re.Match[str], locale: LocaleRules) -> str:
    number = parse_roman(match["roman"])
    return locale.numerals.cardinal(number) if number and match[0] not in _NO_NUMERALS else match[0]


def _characters(match: re.Match[str], locale: LocaleRules) -> str:
    number = parse_roman(unicodedata.normalize("NFKC", match["roman"]).upper())
    if not number:
        number = sum(int(unicodedata.numeric(character)) for character in match["roman"])
    if match["word"]:
        return _numbered(match["word"], number, locale)
    spoken = locale.numerals.cardinal(number)
    if not locale.lexicon.spaced:
        return spoken
    around = match.string[match.start() - 1 : match.start()], match.string[match.end() :][:1]
    return f"{' ' * around[0].isalnum()}{spoken}{' ' * around[1].isalnum()}"
