"""Ambiguous text is not interpreted, and words stay as they are."""

from __future__ import annotations

import pytest

from tests.support.normalization import Table, normalized
from wyoming_voice_stack.tts.normalization import normalize

WORDS = [
    (
        "en",
        [
            "Turn on the lights in the living room, please.",
            'He spoken: "Yes…" - and left!',
            "I am here, am I not?",
            "We met in May, on a Monday in March.",
            "It is fine; isn't it?",
            "Smith's cat and/or dog.",
            "The min and the max, the h and the s.",
            "Take me with us to it.",
            "So did Henry I think, in part V of it.",
            "THE TV IS ON.",
            "C++ programs.",
            "@anna spoken #home.",
            "a.m. or p.m.?",
            "Pay in $ or €.",
            "So-called and well-known…",
        ],
    ),
    (
        "de",
        [
            "Der Mai ist da, und so ist es am Montag.",
            "Die Uhr tickt, es ist drei Uhr.",
            "Wie viel Grad hat es? Sehr viel!",
            "Am Abend kommt Ludwig.",
            "Das ist so: „Gut.“ – Ja.",
            "DIE LED IST AN.",
        ],
    ),
    ("fr", ["Il est tard en mars, n'est-ce pas ?", "L'heure d'été, s'il vous plaît."]),
    ("es", ["El mar y la luz.", "¿Qué hora es? ¡La una!"]),
    ("it", ["L'ora di mezzo, a casa.", "Il set è pronto."]),
    ("nl", ["Zo is het, om vijf uur.", "'s Morgens in de tuin."]),
    ("pt", ["A hora do dia é esta.", "Ele é o set do filme."]),
    ("pl", ["To jest pro, a nie kontra.", "O siódmej w maju."]),
    ("cs", ["Led a pro, po a so."]),
    ("tr", ["Saat beş, mart ayında."]),
    ("ru", ["Сегодня с утра г и ч."]),
    ("zh", ["现在几点？点灯。"]),
    ("ja", ["何時ですか。時は金なり。"]),
    ("ko", ["지금 몇 시입니까?"]),
    ("hi", ["अभी कितने बजे हैं?"]),
    ("ar", ["كم الساعة الآن؟"]),
    ("hu", ["Hány óra van?"]),
]


@pytest.mark.parametrize(("language", "texts"), WORDS)
def test_words_stay(language: str, texts: list[str]) -> None:
    assert [normalize(text, language) for text in texts] == texts


ENGLISH = {
    "He scored 3-4.": "He scored three-four.",
    "5 A, 5 K, 5 C, 5 in a row.": "five A, five K, five C, five in a row.",
    "Wait 5m.": "Wait five m.",
    "At 16:75.": "At sixteen to seventy-five.",
    "It's 13/13/2026.": "It's thirteen/thirteen/two thousand twenty-six.",
    "Address 400.1.1.1.": "Address four hundred point one point one point one.",
    "Room 12, 34.": "Room twelve, thirty-four.",
    "12/25": "twelve slash twenty-five",
    "COVID-19": "COVID-nineteen",
    "Part I of II.": "Part one of two.",
    "24 hours": "twenty-four hours",
    "1500 lamps": "one thousand five hundred lamps",
    "He paid $5/10.": "He paid five dollars slash ten.",
    "1/2 is on": "one slash two is on",
    "Seat 12F, gate 22C, an iPhone 5C.": "Seat twelve F, gate twenty-two C, an iPhone five C.",
    "4K videos": "four K videos",
    "I will call 100 people.": "I will call one hundred people.",
    'He spoken "room 12" and "20".': 'He spoken "room twelve" and "twenty".',
    "The 45s are here.": "The forty-five seconds are here.",
    "A/B testing, and/or, km/h.": "A/B testing, and/or, km/h.",
}


GERMAN = {
    "Sie spielten 3-1.": "Sie spielten drei-eins.",
    "OS 16.3.": "OS sechzehn Komma drei.",
    "Termin: 31.12.": "Termin: einunddreißigster Dezember.",
    "Zähle bis 5.": "Zähle bis fünf.",
    "Die Antwort ist 42.": "Die Antwort ist zweiundvierzig.",
    "Seit 2005.": "Seit zweitausendfünf.",
    "12,345": "zwölf Komma drei vier fünf",
    "1.500": "eintausendfünfhundert",
    "1.5": "eins Komma fünf",
    "99.99.2026": "neunundneunzig Punkt neunundneunzig Punkt zweitausendsechsundzwanzig",
}


@pytest.mark.parametrize(("language", "table"), [("en", ENGLISH), ("de", GERMAN)])
def test_ambiguous_writings(language: str, table: Table) -> None:
    assert normalized(table, language) == table


@pytest.mark.parametrize("language", ["sv", "und", "", "xx-YY", "x", "-"])
def test_without_a_lexicon_only_names_of_programs_change(language: str) -> None:
    text = "Kl. 17:30 är light.living_room_2 på, 21,5 °C, snake_case, $5."
    spoken = "Kl. 17:30 är light living room 2 på, 21,5 °C, snake case, $5."
    assert normalize(text, language) == spoken
