"""A half before a German noun, with which it agrees: `1/2 Stunde`."""

from __future__ import annotations

import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import LocaleRules

_GERMAN = "de"
_FEMININE = (
    "Stunde|Tasse|Packung|Zwiebel|Zitrone|Limette|Orange|Banane|Gurke|Paprika|Paprikaschote|Avocado|Zucchini|Aubergine"
    "|Melone|Tomate|Kartoffel|Knoblauchzehe|Knolle|Dose|Flasche|Woche|Minute|Sekunde|Portion|Drehung|Tablette|Seite|Million"
    "|Schachtel|Scheibe|Birne"
)
_MASCULINE = "Liter|Teel\u00f6ffel|Essl\u00f6ffel|Tag|Monat|Apfel|K\u00fcrbis|Kopf|Becher|Meter|Kilometer|Bund|Zentimeter"
_NEUTER = (
    "Jahr|P\u00e4ckchen|Pfund|Kilo|Kilogramm|Glas|Gramm|Brot|Br\u00f6tchen|Dutzend|St\u00fcck|Blatt"
)
_ABBREVIATIONS = {
    "TL": "Teel\u00f6ffel",
    "Tl": "Teel\u00f6ffel",
    "EL": "Essl\u00f6ffel",
    "El": "Essl\u00f6ffel",
    "l": "Liter",
    "kg": "Kilogramm",
    "g": "Gramm",
    "km": "Kilometer",
    "m": "Meter",
    "cm": "Zentimeter",
    "Std": "Stunde",
    "Pck": "P\u00e4ckchen",
    "Pkt": "P\u00e4ckchen",
}
_HALF = re.compile(
    r"(?:(?<!\w)(?P<before>[^\W\d_]{1,12}) )?(?<![\w/.,-])(?<!\d )(?:1/2|\u00bd) ?"
    rf"(?P<noun>(?:{_FEMININE}|{_MASCULINE}|{_NEUTER})(?![\w-])|(?:{'|'.join(_ABBREVIATIONS)})(?![\w/\u00b2\u00b3-])(?P<stop>\.)?)"
)
_WITH_DATIVE = frozenset(
    ["in", "vor", "nach", "seit", "mit", "bei", "von", "aus", "ab", "zu", "binnen"]
)
_WITH_ARTICLE = {
    "eine": "halbe",
    "die": "halbe",
    "jede": "halbe",
    "diese": "halbe",
    "keine": "halbe",
    "das": "halbe",
    "der": "halbe",
    "einer": "halben",
    "dieser": "halben",
    "einem": "halben",
    "dem": "halben",
    "den": "halben",
    "einen": "halben",
    "jeden": "halben",
    "jedes": "halbe",
    "im": "halben",
    "vom": "halben",
    "zum": "halben",
}
"""The half behind an article in the nominative, or in a case that the article shows."""
_DATIVE = {"feminine": "einer halben", "masculine": "einem halben", "neuter": "einem halben"}
_NOMINATIVE = {"feminine": "eine halbe", "masculine": "ein halber", "neuter": "ein halbes"}
_OBJECT = {**_NOMINATIVE, "masculine": "einen halben"}
_WITH_OBJECT = re.compile(r"(?:Du|Ich|Wir|Man|Sie|Er|Ihr|Nimm|Nehmen|Gib|F\u00fcge|Kaufe?)(?!\w)")
"""First words of a sentence in which a list of amounts is its object."""
_NO_FRACTIONS = frozenset(
    ["seite", "schritt", "teil", "nummer", "kapitel", "folge", "spiel", "runde", "lektion"]
)


def verbalize_german_halves(text: str, locale: LocaleRules) -> str:
    """Verbalize `1/2 Stunde` as eine halbe Stunde."""
    if locale.language != _GERMAN or not ("1/2" in text or "\u00bd" in text):
        return text
    return _HALF.sub(_verbalize, text)


def _verbalize(match: re.Match[str]) -> str:
    written = match["noun"].removesuffix(".")
    noun = _ABBREVIATIONS.get(written, written)
    gender = _gender(noun)
    before = match["before"] or ""
    word = before.lower()
    if word in _NO_FRACTIONS:
        return match[0]
    if word == "ein":
        half = _NOMINATIVE[gender].split()[1]
    elif word in _WITH_ARTICLE:
        is_dative = word == "der" and gender == "feminine"
        half = "halben" if is_dative else _WITH_ARTICLE[word]
    elif word in _WITH_DATIVE:
        half = _DATIVE[gender]
    else:
        is_object = before or _WITH_OBJECT.match(match.string)
        half = (_OBJECT if is_object else _NOMINATIVE)[gender]
    end = match.string[match.end() :].strip()
    stop = "." if match["stop"] and not end else ""
    return f"{before} {half} {noun}{stop}".lstrip()


def _gender(noun: str) -> str:
    if re.fullmatch(_FEMININE, noun):
        return "feminine"
    return "masculine" if re.fullmatch(_MASCULINE, noun) else "neuter"
