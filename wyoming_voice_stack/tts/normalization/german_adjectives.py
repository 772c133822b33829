"""Abbreviated German adjectives in front of a noun: `die max. Leistung`, `mit autom. Abschaltung`."""

from __future__ import annotations

import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import LocaleRules
from wyoming_voice_stack.tts.normalization.numbers.cardinals import gender_of

_STEMS = {"max": "maximal", "min": "minimal", "autom": "automatisch"}
_ADJECTIVE = re.compile(
    r"(?:(?<![\w.-])(?P<before>[^\W\d_]{2,20}) )?(?<![\w.-])(?<!\d )(?P<short>[Mm]ax|min|^Min|[Aa]utom)\. "
    r"(?=(?P<noun>[A-Z\u00c4\u00d6\u00dc][^\W\d_]+))"
)
_ENDINGS = {
    "e": "die das eine keine meine deine seine ihre unsere diese jede dieses jedes",
    "en": """den dem des einen einem einer eines keinen keinem keiner meinen meinem meiner deinen deinem deiner
        seinen seinem seiner ihren ihrem ihrer unseren unserem unserer diesen diesem vom zum zur beim im am""",
    "er": "ein kein mein dein sein ihr unser",
}
_ENDING_BEHIND = {word: ending for ending, words in _ENDINGS.items() for word in words.split()}
_ARTICLES = frozenset({"der", "dieser", "jeder"})
"""Nominative of masculine nouns, and genitive or dative of feminine ones."""
_PREPOSITIONS = frozenset({"ab", "aus", "bei", "mit", "nach", "von", "zu"})
_PLURAL = re.compile(r"(?:en|werte)$")


def verbalize_german_adjectives(text: str, locale: LocaleRules) -> str:
    """Write out the adjective with the ending that the word in front of it and the noun require."""
    if locale.language != "de" or "." not in text:
        return text
    return _ADJECTIVE.sub(lambda match: _adjective(match, locale), text)


def _adjective(match: re.Match[str], locale: LocaleRules) -> str:
    before, short = match["before"], match["short"]
    stem = _STEMS[short.lower()]
    if short[0].isupper():
        stem = stem.capitalize()
    lead = f"{before} " if before else ""
    return f"{lead}{stem}{_ending((before or '').lower(), match['noun'].lower(), locale)} "


def _ending(before: str, noun: str, locale: LocaleRules) -> str:
    is_feminine = gender_of(noun, locale) == "feminine"
    if before in _ARTICLES:
        return "en" if is_feminine else "e"
    if before == "die" and _PLURAL.search(noun):
        return "en"
    if before in _PREPOSITIONS:
        return "er" if is_feminine else "em"
    return _ENDING_BEHIND.get(before) or ("e" if is_feminine else "")
