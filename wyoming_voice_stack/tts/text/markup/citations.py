"""Citations and footnote marks, which are not spoken: `[1]`, `[2](https://...)`, `【4†source】`."""

from __future__ import annotations

import re

_NUMBERS = r"\[\d{1,3}(?:\s?[,\u2013-]\s?\d{1,3}){0,5}\]"
_LINKED = re.compile(r" ?\[{1,2}\^?\d{1,3}\]{1,2}\([^()\s]{1,500}\)")
_GENERATED = re.compile(
    r":contentReference\[oaicite:\d{1,3}\]\{index=\d{1,3}\}"
    r"|\u3010(?:\d{1,3}|[^\u3010\u3011]{0,60}[\u2020:][^\u3010\u3011]{0,60})\u3011"
)
"""Marks that models write for the program that shows the answer."""
_NUMBERED = re.compile(
    rf"`[^`\n]{{0,200}}`|(?:(?<=[^\W_][^\W_])|(?<=[.,;:!?)*_%\u201d\u00bb\u3002]))(?:{_NUMBERS}){{1,6}}(?!\w)"
    rf"|(?<=[.!?)\u2026\u201d\u00bb\u3002\uff01\uff1f])\s{{1,2}}{_NUMBERS}(?:\s?{_NUMBERS}){{0,5}}\s*$"
    rf"|(?P<before>(?<!\w)[^\W\d_]{{1,20}}) (?:{_NUMBERS}){{1,6}}(?=[.,;:!?)]|\s*$)"
)
_WORDS_BEFORE_NUMBERS = """
    in see from by of and or with to then press dial choose select pick enter type ref refs reference
    source sources section chapter page line row column figure fig table equation example exercise note
    key button channel number step option item
    siehe von und oder mit dann quelle quellen abschnitt kapitel seite zeile taste drücke wähle tabelle
    abbildung bild beispiel nummer schritt punkt
    voir selon et ou puis chapitre ligne touche étape tableau exemple numéro
    ver según fuente y o luego sección capítulo página línea tecla tabla ejemplo número paso opción
    vedi fonte e poi sezione capitolo pagina riga tasto tabella esempio numero passo opzione figura
    см источник источники источнику рис глава страница zob źródło źródła rozdział strona viz zdroj zdroje kapitola strana
    bkz kaynak bölüm sayfa fonte fontes lásd forrás fejezet oldal se källa källan kapitel sida див джерело розділ
    zie bron en sectie hoofdstuk pagina regel toets tabel voorbeeld stap optie
"""
_NAMING = frozenset(_WORDS_BEFORE_NUMBERS.split())
"""Words before a number in brackets that is part of the sentence: `see [1]`."""


def without_citation_marks(text: str) -> str:
    """Return `text` without citations; a number in brackets stays where the sentence needs it."""
    if "\u3010" in text or "oaicite" in text:
        text = _GENERATED.sub("", text)
    if "[" not in text:
        return text
    return _NUMBERED.sub(_without_number, _LINKED.sub("", text))


def _without_number(match: re.Match[str]) -> str:
    before = match["before"] or ""
    is_needed = match[0][0] == "`" or before.lower() in _NAMING
    return match[0] if is_needed else before
