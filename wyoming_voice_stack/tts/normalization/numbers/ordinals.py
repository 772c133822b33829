"""Ordinal numbers."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.numbers.cardinals import gender_of

_SHORT_ENDING = "er"
"""Spanish: `1er piso`, `3er piso`."""
_WORD_BEFORE = re.compile(r"(?<!\w)([^\W\d_]{1,40}) $")
_MASCULINE, _GOVERNED = "ordinal-r", "ordinal-n"
"""A masculine noun behind a word is mostly the object of a verb, or has a preposition before it."""
_FEMININE, _NEUTER = "ordinal", "ordinal-s"
_ARTICLE = "der"
_VERBS = frozenset({"Stelle", "Reihe"})
"""Nouns that are verbs at the beginning of a step: `1. Stelle den Herd an.`"""
_OBJECT = re.compile(r" (?:den|die|das|ein|eine|einen|[dm]eine?n?|alles?|es|ihn|sie)\b")
_BEFORE_ARTICLE = re.compile(r"([^\W\d_]{2,40}|[^\W\d_] ?\d{1,3}) $")
_LONGEST_WORD = 42
_MOST_DIGITS = 2
"""A longer number before a full stop may be the end of a sentence behind most words: `bis 100. Danach`."""
_EMERGENCY = "11[02]"
"""Telephone numbers, not ordinals: `die 112. Dann`."""
_FEMININE_ARTICLE = "die"
_CHOICE = re.compile(
    r"(?<!\w)(?:auf|w\u00e4hle?|dr\u00fccke?|nimm|nehme?|stelle?) $", re.IGNORECASE
)
"""Behind these words, `die 5` is a number: `Stell die Heizung auf die 5.`"""
_NOUN_AFTER = re.compile(r"\s([^\W\d_]{2,40})")


def restore_ordinal_signs(text: str, locale: LocaleRules) -> str:
    """Rewrite `2° piano` as `2º piano`: many keyboards lack the ordinal indicator.

    Only for numbers up to 12, because higher ones may be temperatures.
    """
    if not locale.lexicon.ordinal_nouns or "°" not in text:
        return text
    return _with_degrees(locale).sub(lambda match: _with_ordinal_sign(match, locale), text)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _with_degrees(locale: LocaleRules) -> re.Pattern[str]:
    nouns = "|".join(locale.lexicon.ordinal_nouns)
    return re.compile(rf"{locale.before}([1-9]|1[0-2])°(?= (?i:{nouns})(?!\w))")


def _with_ordinal_sign(match: re.Match[str], locale: LocaleRules) -> str:
    shortened = match[1] in {"1", "3"} and _SHORT_ENDING in locale.lexicon.ordinals
    return match[1] + (_SHORT_ENDING if shortened else "º")


def verbalize_ordinals(text: str, locale: LocaleRules) -> str:
    """Verbalize `1st` and German `am 3.`."""
    if pattern := _with_letters(locale):
        text = pattern.sub(lambda match: _lettered(match, locale), text)
    if pattern := _with_full_stop(locale):
        text = pattern.sub(lambda match: _dotted(match, locale), text)
    if locale.lexicon.bare_ordinals:
        text = _bare_pattern(locale).sub(lambda match: _bare(match, locale), text)
    return text


@functools.lru_cache(maxsize=MAX_LOCALES)
def _bare_pattern(locale: LocaleRules) -> re.Pattern[str]:
    nouns = "|".join(noun for nouns in locale.lexicon.bare_ordinals.values() for noun in nouns)
    return re.compile(rf"(?<![\w.,/-])(?P<n>\d{{1,2}})\. ?(?=(?P<noun>{nouns})(?!\w))")


def _bare(match: re.Match[str], locale: LocaleRules) -> str:
    forms = locale.lexicon.bare_ordinals.items()
    is_step = match.start() == 0 and match["noun"] in _VERBS
    if is_step and _OBJECT.match(match.string, match.end("noun")):
        return match[0]
    form = next(form for form, nouns in forms if match["noun"] in nouns)
    before = _WORD_BEFORE.search(match.string, 0, match.start())
    if before is not None:
        form = _bare_form(before[1], form, locale)
    return f"{locale.numerals.ordinal(int(match['n']), form)} "


def _bare_form(word: str, form: str, locale: LocaleRules) -> str:
    """Return the form behind `word`: `ein Ticket zweiter Klasse`, `aus zweiter Hand`, but `sie fährt erste Klasse`."""
    if form == _MASCULINE:
        return _GOVERNED
    takes_dative = word.lower() in locale.lexicon.oblique_leads or word[0].isupper()
    return _MASCULINE if form == _FEMININE and takes_dative else form


@functools.lru_cache(maxsize=MAX_LOCALES)
def _with_letters(locale: LocaleRules) -> re.Pattern[str] | None:
    endings = sorted(locale.lexicon.ordinals, key=len, reverse=True)
    if not endings:
        return None
    known = "|".join(map(re.escape, endings))
    grouped = r"\d{1,3}(?:,\d{3}){1,3}|" if "," in locale.lexicon.numbers.groups else ""
    return re.compile(rf"{locale.before}({grouped}\d{{1,4}})({known})(?!\w)")


def _lettered(match: re.Match[str], locale: LocaleRules) -> str:
    form, _, ending = locale.lexicon.ordinals[match[2]].partition("+")
    return locale.numerals.ordinal(int(match[1].replace(",", "")), form) + ending


@functools.lru_cache(maxsize=MAX_LOCALES)
def _with_full_stop(locale: LocaleRules) -> re.Pattern[str] | None:
    contexts = [word for words in locale.lexicon.dotted_ordinals.values() for word in words]
    if not contexts:
        return None
    return re.compile(
        rf"(?<!\w)((?i:{'|'.join(contexts)})) (\d{{1,2}}|(?!{_EMERGENCY})\d{{3}}|[1-9]000)\.(?=\s+[^\W\d_]|$)"
    )


def _dotted(match: re.Match[str], locale: LocaleRules) -> str:
    word = match[1].lower()
    is_large, at_end = len(match[2]) > _MOST_DIGITS, match.end() == len(match.string)
    if at_end and (is_large or word not in locale.lexicon.dotted_at_end):
        return match[0]
    if at_end and word == _FEMININE_ARTICLE and _CHOICE.search(match.string, 0, match.start()):
        return match[0]
    if is_large and word not in locale.lexicon.dotted_hundreds_after:
        return match[0]
    return f"{match[1]} {locale.numerals.ordinal(int(match[2]), _form_after(word, match, locale))}"


def _form_after(word: str, match: re.Match[str], locale: LocaleRules) -> str:
    """Return the form behind `word`, which begins the match, for the noun behind the match."""
    contexts = locale.lexicon.dotted_ordinals.items()
    form = next((form for form, words in contexts if word in words), "ordinal")
    found = _NOUN_AFTER.match(match.string, match.end())
    noun = found[1] if found else ""
    known = locale.lexicon.bare_ordinals
    masculine = (*known.get(_MASCULINE, ()), *locale.lexicon.masculine_ordinals)
    if form == _NEUTER and noun.lower().endswith(tuple(map(str.lower, masculine))):
        return _MASCULINE
    if word != _ARTICLE or not locale.lexicon.oblique_leads:
        return form
    begin = match.start()
    before = _BEFORE_ARTICLE.search(match.string, max(begin - _LONGEST_WORD, 0), begin)
    if before is None:
        return form
    is_feminine = noun in known.get("ordinal", ()) or gender_of(noun.lower(), locale) == "feminine"
    is_noun = before[1][0].isupper() and before.start() > 0
    is_genitive = is_feminine and (is_noun or before[1][-1].isdigit())
    return _GOVERNED if is_genitive or before[1].lower() in locale.lexicon.oblique_leads else form


def verbalize_series(text: str, locale: LocaleRules) -> str:
    """Verbalize a list of ordinals: `am 1., 2. und 3. Mai`."""
    if not locale.lexicon.series or "." not in text:
        return text
    return _series(locale).sub(lambda match: _in_series(match, locale), text)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _series(locale: LocaleRules) -> re.Pattern[str]:
    contexts = [word for words in locale.lexicon.dotted_ordinals.values() for word in words]
    joint = rf"(?:, ?|,? (?:{'|'.join(locale.lexicon.series)}) )"
    return re.compile(
        rf"(?:(?P<lead>(?<!\w)(?i:{'|'.join(contexts)})) |(?<![\w.,]))"
        rf"(?P<row>\d{{1,2}}\.(?:{joint}\d{{1,3}}\.)+)(?P<more>\d|(?= [^\W\d_])|$)"
    )


def _in_series(match: re.Match[str], locale: LocaleRules) -> str:
    lead = match["lead"] or ""
    if not lead and not match["more"] and match.end() == len(match.string):
        return match[0]
    contexts = locale.lexicon.dotted_ordinals.items()
    is_known = any(lead.lower() in words for _, words in contexts)
    form = _form_after(lead.lower(), match, locale) if is_known else None
    form = form or locale.lexicon.calendar.day_form
    row = match["row"]
    last = row.rindex(".", 0, -1) + 1 if match["more"] else len(row)
    spoken = re.sub(r"(\d+)\.", lambda day: locale.numerals.ordinal(int(day[1]), form), row[:last])
    return f"{lead} {spoken}{row[last:]}{match['more']}".lstrip()
