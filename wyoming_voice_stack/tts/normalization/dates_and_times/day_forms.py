"""The grammatical form of a day in a date, by the words before it."""

from __future__ import annotations

import re

from wyoming_voice_stack.tts.normalization.locale.grammatical_case import word_before_number
from wyoming_voice_stack.tts.normalization.locale.locale_rules import LocaleRules

_WORDS_BACK = re.compile(r"([^\W\d_]+)\W*$")


def day_form(before: str, locale: LocaleRules) -> str:
    """Return the day's form: in German it depends on the article or preposition before it.

    A weekday between the two does not matter.
    """
    word = word_before_number(before, len(before), locale) or last_word(before)
    if word.title() in locale.names.weekdays.values():
        word = last_word(before[: before.lower().rindex(word)])
    governors = (word, _word_before_joint(before, locale))
    for governor in governors:
        for form, words in locale.lexicon.calendar.day_forms.items():
            if governor in words:
                return form
    for form, words in locale.lexicon.dotted_ordinals.items():
        if word in words:
            return form
    return locale.lexicon.calendar.day_form


def _word_before_joint(before: str, locale: LocaleRules) -> str:
    """Return the word before the first of two days, if it is in words already, or ``""``."""
    if not (joints := locale.lexicon.calendar.day_joints):
        return ""
    found = re.search(rf"([^\W\d_]+)(?: [^\W\d_]+){{1,2}},? (?:{'|'.join(joints)}) $", before[-48:])
    return found[1].lower() if found else ""


def is_announced(before: str, locale: LocaleRules) -> bool:
    """Return whether the text before the match announces a date."""
    if not before.strip() or before.rstrip().endswith((":", ",", "(")):
        return True
    word = last_word(before)
    ordinals = (word for words in locale.lexicon.dotted_ordinals.values() for word in words)
    leads = (*ordinals, *locale.lexicon.calendar.dotted_leads, locale.lexicon.to)
    return word in leads or word in map(str.lower, locale.names.weekdays.values())


def last_word(text: str) -> str:
    """Return the last word in lower case, or ``""``."""
    match = _WORDS_BACK.search(text[-24:])
    return match[1].lower() if match else ""
