"""Details of the rules, each with a case that looks similar."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.tts.normalization import normalize

DETAILS = [
    ("en", "3/ 4/ 2026", "three/ four/ twenty twenty-six"),
    ("en", "1/45/2026", "one/forty-five/two thousand twenty-six"),
    ("de", "45.1.2026", "fünfundvierzig Punkt eins Punkt zweitausendsechsundzwanzig"),
    ("de", "25:30", "fünfundzwanzig zu dreißig"),
    ("de", "24:00", "vierundzwanzig Uhr"),
    ("en", "25:00", "twenty-five:zero zero"),
    ("en", "17:05:23", "five oh five p.m. and twenty-three seconds"),
    ("en", "1:05:23", "one hour five minutes twenty-three seconds"),
    ("de", "17:05:23", "siebzehn Uhr fünf und dreiundzwanzig Sekunden"),
    ("en", "9am-5pm", "nine a.m. to five p.m."),
    ("en", "0:30 am", "twelve thirty a.m."),
    ("en", "$5.00", "five dollars"),
    ("en", "$5.05", "five dollars and five cents"),
    ("en", "$0.01", "one cent"),
    ("en", "-$5", "minus five dollars"),
    ("en", "$5-10", "five to ten dollars"),
    ("en", "4.99 dollars and 5 dollars", "four dollars and ninety-nine cents and five dollars"),
    ("de", "1 Mio. € und 1,5 Mio. €", "eine Million Euro und eins Komma fünf Millionen Euro"),
    ("de", "12.000,50 Euro", "zwölftausend Euro fünfzig"),
    ("en", "-5–-2 °C", "minus five to minus two degrees Celsius"),
    ("en", "-5 to -2 °C", "minus five to minus two degrees Celsius"),
    ("it", "½ h", "mezzo ore"),
    ("pl", "½ l", "pół litra"),
    ("en", "½ l and 1 1/2 cups", "a half liter and one and a half cups"),
    ("en", ".5 and 1,2", "zero point five and one, two"),
    ("en", "5... 5, 5…", "five... five, five…"),
    ("de", "Mo-Fr 8-17 Uhr", "Montag bis Freitag acht Uhr bis siebzehn Uhr"),
    ("en", "Mon–Fri", "Monday to Friday"),
    ("en", "No. 5", "number five"),
    ("en", "192.168.0.0/24", "one nine two dot one six eight dot zero dot zero slash two four"),
    ("hu", "2026. november 23.", "kétezerhuszonhat november huszonharmadika."),
    ("hu", "November 1-jén", "November elsején"),
    ("ko", "6월 10일", "유월 십일"),
    ("tr", "Nem %40.", "Nem yüzde kırk."),
]


@pytest.mark.parametrize(("language", "text", "spoken"), DETAILS)
def test_details(language: str, text: str, spoken: str) -> None:
    assert normalize(text, language) == spoken


@pytest.mark.parametrize("text", ["Um 9h.", "um 9:00 Uhr.", "Um 9 Uhr."])
def test_german_hours(text: str) -> None:
    assert normalize(text, "de").lower() == "um neun uhr."
    assert normalize("Noch 9h.", "de") == "Noch neun Stunden."


def test_the_last_full_stop_stays() -> None:
    assert normalize("Noch 5 Min.", "de") == "Noch fünf Minuten."
    assert normalize("Am 24.12.", "de") == "Am vierundzwanzigsten Dezember."
    assert normalize("At 5 p.m.", "en") == "At five p.m."
