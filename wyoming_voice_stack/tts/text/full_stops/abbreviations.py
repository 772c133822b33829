"""Full stops that do not end a sentence: abbreviations, initials and ordinal numbers."""

from __future__ import annotations

import re

from wyoming_voice_stack.tts.text.full_stops.abbreviation_words import (
    CAPITAL_ABBREVIATIONS,
    LASTING_NOUNS,
    NAME_ABBREVIATIONS,
    NAME_ENDINGS,
    NAMED_BUILDINGS,
    NUMBER_ABBREVIATIONS,
    TAX_WORDS,
    TIME_WORDS,
    VERB_ENDINGS,
)
from wyoming_voice_stack.tts.text.full_stops.letters import is_no_initial
from wyoming_voice_stack.tts.text.full_stops.next_word import (
    STARTERS,
    begins_answer,
    begins_label,
    begins_with_none_of,
    begins_with_one_of,
)
from wyoming_voice_stack.tts.text.full_stops.numbered import numbers_what_follows
from wyoming_voice_stack.tts.text.full_stops.ordinal_numbers import (
    number_ends_sentence,
    ordinal_may_follow,
)

_TITLES = frozenset(CAPITAL_ABBREVIATIONS.split())
"""Abbreviations before a name only with these capital letters; otherwise a word that may end a sentence."""
_NO_VERB = "".join(f"(?<!{ending})" for ending in VERB_ENDINGS.split())
"""Behind a Russian verb, `им` is a pronoun: `Дай им.`"""
_PLACES = {
    "им": re.compile(
        rf"(?<!\w)(?:{'|'.join(NAMED_BUILDINGS.split())})\w{{0,5}}\s$|{_NO_VERB}\s$|^$",
        re.IGNORECASE,
    ),
    "nám": re.compile(r"(?<!\w)(?:na|z|ze|do|od|u|přes|kolem|vedle|před|pod)\s$", re.IGNORECASE),
    "os": re.compile(
        r"(?:^|[^\W\d_]{2}|,)\s*(?<!\w)(?<!zł )(?<!PLN )(?:na|z|do|od|przy|koło|obok|przez)\s$",
        re.IGNORECASE,
    ),
    "ks": re.compile(r"(?<!\d\s)$"),
    "sn": re.compile(r"(?<!\d\s)$"),
    "ir": re.compile(
        r"(?:^|[,;]\s|(?<!\w)(?:heer|mevrouw|dhr\.|mw\.|prof\.|dr\.)\s)$", re.IGNORECASE
    ),
    "fam": re.compile(r"(?:^|[,;]\s|(?<!\w)(?:de|la|il|di|della|alla|bij|van)\s)$", re.IGNORECASE),
    "arch": re.compile(r"(?:l['\u2019]|,\s|^)$"),
}
"""Abbreviations before a name only behind these words: Czech `na nám. Míru`, but `Dal to nám.`"""
_OTHER_SCRIPTS = ("डॉ", "प्रो")
"""Abbreviations before a name that end in a combining character, which is no letter."""


_BEFORE_NAMES = frozenset((*NAME_ABBREVIATIONS.split(), "\u043f\u0440"))
_BEFORE_NUMBERS = frozenset(NUMBER_ABBREVIATIONS.split())
_WEEKDAYS = frozenset({"Mo", "Di", "Mi", "Do", "Fr", "Sa", "Mar", "Mer", "См", "Zob"})
"""Weekdays, and words for `see`, which are words of other languages in lower case."""

_CLOSING = frozenset({"a.m", "p.m", "q.b", "u.s.w", "т.д", "т.п"})
"""Abbreviations that usually end the sentence when a capital letter follows."""

_WITH_TIMES = frozenset(TIME_WORDS.split())
"""Words that go on with a time of day: `at 5 p.m. Monday`."""
_TAXED = frozenset({"incl", "excl"})
_TAXES = frozenset(TAX_WORDS.split())
"""Words that may follow these abbreviations, which may also end a sentence: `5 € excl. VAT`."""
_AFTER_NAMES = frozenset(NAME_ENDINGS.split())
"""Abbreviations behind a name, which the name may go on after, or the sentence may end."""
_SURNAMES = frozenset({"Das", "Den", "Han", "Ma", "Son", "To", "Vi"})
"""Those that are surnames, which follow a single initial: `J. Ma`."""
_NUMBERED = ("str", "nr")
"""Endings of words before a number, such as "Hauptstr."."""
_FIRST_NUMERAL = re.compile(r"(?<!\w)(?:[IVXL]{1,8}|\d{1,2})\. (?:und|oder|sowie|bis|i|a) $")
"""The numeral before another one: `im XIX. und XX. Jh.`"""
_ANSWER = "No"
"""At the beginning of a sentence: `No. 3 lamps are off.`, but `No. 3 is off.`"""
_UNITS = frozenset({"Min", "Std", "Sek"})
_LASTING = frozenset(LASTING_NOUNS.split())
"""What may follow these German units: `5 Min. Pause`."""
_LIMITS = frozenset({"max", "min"})
_BEFORE_LIMIT = re.compile(
    r"(?<!\w)(?:die|der|das|den|dem|des|eine|einer|einen|einem|ein|mit|bei) $", re.IGNORECASE
)
"""German words in front of `max.` and a noun."""
_DIGITS = tuple("0123456789\u00bd\u00bc\u00be")
_LAST_WORD = re.compile(r"(?<![^\W_])(?<!\w\.)(?<![\u00b0\u00ba/\\@=&])[^\W\d_]+(?:\.[^\W\d_]+)*$")
"""The letters behind a degree sign or a digit are a unit, those behind a slash a part of an address."""
_UNIT = re.compile(
    r"(?:^|[^\w.,])(?:\d+(?:[.,]\d+)?\s[mglsht\u0447\u043b]|(?:\d{1,3}|\d+[.,]\d+)\s[VWAKJL])$"
)
"""A number and a unit of one letter; a capital letter behind a year is an initial."""
_ENDING = re.compile(r"\d-[\u0430-\u044f]{1,3}$")
"""The ending of a Russian ordinal in digits: `5-\u0439.`"""
_HOURS = re.compile(r"\d\s?[h\u0447]$")
_MINUTES = re.compile(r"\d{1,2}\s?(?P<unit>[m\u043c])?")
"""What goes on behind hours: `2 h. 15 min`."""
_AMOUNT = re.compile(r"\d\s[^\W\d_]{2,4}$")
_CURRENCIES = frozenset({"K\u010d", "Ft", "EUR", "USD", "CHF", "CZK", "HUF", "Euro"})
"""What may follow `5 mil.`"""
_CURRENCY_LETTERS = frozenset(currency[0] for currency in _CURRENCIES)
_FLAT = re.compile(r"(?<!\w)(?:ul|al|os|pl)\. [^.!?]{2,40} \d{1,4}[A-Za-z]? m$")
"""A Polish address before the number of the flat: `ul. D\u0142uga 5 m. 3`."""
_AND_SO_ON = re.compile(
    r"(?<!\w)(?:т\.\s[дп]|(?:ст|ч)\.\s?л|c\.\s?\u00e0\s?[sc]|\u0438\s\u043f\u0440|[ap]\.\sm)$",
    re.IGNORECASE,
)
_UNCERTAIN = "uncertain"
_YEAR = re.compile(r"(?<![\w.,])(?:19|20)\d\d$")
_DATE_BEHIND_YEAR = re.compile(r"\d{1,2}(?:$|\.\s?(?:$|(?P<day>\d)))")
"""Month and day of a Hungarian date: `2026. 11. 30.`"""
_ROMAN = re.compile(r"[IVXL]{2,8}")
_GENITIVE = re.compile(
    r"(?<!\w)(?:Karl|Ludwig|Heinrich|Friedrich|Wilhelm|Otto|Paul|Georg|Leopold|Ferdinand|Rudolf|Jose(?:ph|f)|Gregor|Konrad"
    r"|Philipp|Maximilian|Katharina|Elisabeth|Benedikt|Leo)s $"
)
"""German names in front of a numeral: `Ludwigs XIV. Hof`."""
_LONGEST_INITIAL = 2
_LONGEST_WORD = 40
_BEHIND_VERB = re.compile(
    r"(?:^|\W)(?:He|She|I|We|They|It|You|There) [a-z].*\b(?:in|to|from|left|joined|entered|visited) (?:the )?$"
)
_REPORT = re.compile(r"[A-Z][a-z]+ (?P<verb>[a-z]*)(?P<end>\W?)")
_REPORT_VERBS = (
    "says",
    "said",
    "announced",
    "voted",
    "votes",
    "passed",
    "agreed",
    "approved",
    "rejected",
)
_BEFORE_ALLEY = re.compile(
    r"(?<!\w)(?:przy|w|na|do|z|od|ko\u0142o|obok|wzd\u0142u\u017c|naprzeciw|rogu) $", re.IGNORECASE
)
"""Polish words in front of the avenue in `przy al. Niepodleg\u0142o\u015bci`; in Turkish `al` is a verb."""
_LISTED_ADDRESS = re.compile(r"(?:^|[,;:]\s)$")
"""In front of `Al.`, a Polish avenue or a Portuguese alameda; elsewhere it is a name too."""
_SPACED = re.compile(r"(?<!\w)[a-z\u00e0-\u00ff]\. ?$")
"""The first part of an abbreviation such as `z. B.`"""
_CONTEXT_CHARACTERS = 120
"""Characters before a full stop that say what it means; more would be searched again at each full stop."""


def full_stop_ends_sentence(before: str, after: str) -> bool | None:
    """Return whether the full stop at the end of `before` ends a sentence.

    `after` is the text after the white space, from its first letter, digit or currency sign on.
    Returns None if more of it must be seen.
    """
    stem = before[-_CONTEXT_CHARACTERS:-1]
    if goes_on := _goes_on(stem, after):
        return None if goes_on is _UNCERTAIN else False
    if stem[-1:].isdecimal():
        return number_ends_sentence(stem, after)
    end = stem[-_LONGEST_WORD:]
    word = _LAST_WORD.search(end)
    if end.endswith(_OTHER_SCRIPTS):
        return False
    if word is None or _UNIT.search(end) or _ENDING.search(end) or _AND_SO_ON.search(end):
        return True
    place = _PLACES.get(word[0].lower())
    if place is not None and after[0].isupper():
        return place.search(end[: word.start()]) is None or begins_with_one_of(STARTERS, after)
    return _word_is_end(word[0], end[: word.start()], after)


def _goes_on(stem: str, after: str) -> bool | str:
    """Return whether a date, an address or an amount goes on behind the full stop, or `_UNCERTAIN`."""
    if after[0].isdigit():
        if _HOURS.search(stem) and (minutes := _MINUTES.match(after)):
            is_open = minutes.end() == len(after) and not minutes["unit"]
            return _UNCERTAIN if is_open else minutes["unit"] is not None
        date = _DATE_BEHIND_YEAR.match(after) if _YEAR.search(stem) else None
        is_open_date = date is not None and not date["day"]
        return _UNCERTAIN if is_open_date else date is not None or _FLAT.search(stem) is not None
    if after[0] in _CURRENCY_LETTERS and _AMOUNT.search(stem):
        is_currency = begins_with_one_of(_CURRENCIES, after)
        return _UNCERTAIN if is_currency is None else is_currency
    return False


def _word_is_end(word: str, previous: str, after: str) -> bool | None:
    """Return the same for a full stop behind `word`; `previous` is the text before the word."""
    if words := _words_behind(word, previous, after):
        return begins_with_none_of(words, after)
    is_label = word in {"Max", "Min"} and not previous.strip()
    goes_on = begins_label(after) if is_label else numbers_what_follows(word, previous, after)
    if goes_on is not False:
        return goes_on and False
    if len(word) == 1 and word.isupper() and is_no_initial(word, previous):
        return True
    if _precedes_noun(word, previous):
        return begins_with_one_of(STARTERS, after)
    if _ROMAN.fullmatch(word) and ordinal_may_follow(previous):
        return False
    return _is_end_behind_name(word, previous, after)


def _words_behind(word: str, previous: str, after: str) -> frozenset[str]:
    """Return the only words that may follow an abbreviation, if these are known."""
    if word.lower() in _CLOSING:
        return _WITH_TIMES
    is_unit = word in _UNITS and previous.rstrip().endswith(_DIGITS)
    words = _TAXES if word.lower() in _TAXED else _LASTING if is_unit else frozenset()
    return words if after[0].isalpha() else frozenset()


def _precedes_noun(word: str, previous: str) -> bool:
    """Return whether the text before an abbreviation says that a noun may follow."""
    if _ROMAN.fullmatch(word):
        is_listed = previous.endswith(", ") or _FIRST_NUMERAL.search(previous) is not None
        return is_listed or _GENITIVE.search(previous) is not None
    if word in {"al", "Al"}:
        is_behind = word == "al" and _BEFORE_ALLEY.search(previous) is not None
        return is_behind or _LISTED_ADDRESS.search(previous) is not None
    return word in _LIMITS and _BEFORE_LIMIT.search(previous) is not None


def _is_end_behind_name(word: str, previous: str, after: str) -> bool | None:
    """Return the same for a word that may be an initial or belong to the name before it."""
    if word == _ANSWER and not previous.strip() and (answers := begins_answer(after)) is not False:
        return answers
    is_name = _is_dotted_name(word) and not _SPACED.search(previous)
    is_and_others = word == "al" and previous.endswith("et ")
    if word.lower() in _AFTER_NAMES or is_and_others or is_name:
        is_start = begins_with_one_of(STARTERS - _SURNAMES if len(word) == 1 else STARTERS, after)
        is_place = is_start is False and len(word) > 1 and _BEHIND_VERB.search(previous) is not None
        return _begins_report(after) if is_place else is_start
    return not _is_abbreviation(word, followed_by_letter=after[0].isalpha())


def _is_dotted_name(word: str) -> bool:
    """Return whether a word is an initial, or several: `U.S`, `UU`."""
    return _is_plural(word) or all(len(part) == 1 and part.isupper() for part in word.split("."))


def _is_plural(word: str) -> bool:
    """Return whether it is a part of a Spanish plural such as `EE. UU`."""
    is_pair = len(word) == _LONGEST_INITIAL and word[0] == word[1] and word.isupper()
    return is_pair and word not in {"II", "XX"}


def _begins_report(after: str) -> bool | None:
    """Return whether a name and a verb begin a sentence: `Parliament says so.`; None if it is not certain yet."""
    found = _REPORT.match(after)
    if found is None:
        return None if re.fullmatch(r"[A-Z][a-z]*", after) else False
    if found["end"]:
        return found["verb"] in _REPORT_VERBS
    return None if any(verb.startswith(found["verb"]) for verb in _REPORT_VERBS) else False


def _is_abbreviation(word: str, *, followed_by_letter: bool) -> bool:
    lowered = word.lower()
    parts = word.split(".")
    if len(parts) > 1:
        return all(len(part) <= _LONGEST_INITIAL for part in parts)
    if len(word) == 1:
        return word.lower() != word.upper()
    if _is_plural(word):
        return True
    if lowered in _BEFORE_NAMES or word in _TITLES:
        return True
    is_before_number = (
        lowered in _BEFORE_NUMBERS or lowered.endswith(_NUMBERED) or word in _WEEKDAYS
    )
    return not followed_by_letter and is_before_number
