from __future__ import annotations

from wyoming_voice_stack.tts.normalization import normalize

DUTCH = {
    "Het is 21,5 °C in de woonkamer.": "Het is eenentwintig komma vijf graden Celsius in de woonkamer.",
    "Het is -5 °C buiten.": "Het is min vijf graden Celsius buiten.",
    "Het is 17:30.": "Het is zeventien uur dertig.",
    "Om 8:00 uur en om 17.30 uur.": "Om acht uur en om zeventien uur dertig.",
    "Op 23-11-2026 en 3 mei.": "Op drieëntwintig november tweeduizendzesentwintig en drie mei.",
    "Het kost € 5,20 of €1.": "Het kost vijf euro twintig of één euro.",
    "Nog 2 u 15 min.": "Nog twee uur vijftien minuten.",
    "1 lamp, 1 graad, 1 °C.": "één lamp, één graad, één graad Celsius.",
    "De 3e en 2de en 1ste keer.": "De derde en tweede en eerste keer.",
    "Wind 15 km/h.": "Wind vijftien kilometer per uur.",
    "40% vochtigheid.": "veertig procent vochtigheid.",
    "1.234.567 mensen": "een miljoen tweehonderdvierendertigduizendvijfhonderdzevenenzestig mensen",
    "3,4 kWh": "drie komma vier kilowattuur",
    "van 9:00-17:00 uur": "van negen uur tot zeventien uur",
    "in 1999 en 2026": "in negentiennegenennegentig en tweeduizendzesentwintig",
    "De wekker gaat om 7:05 uur.": "De wekker gaat om zeven uur vijf.",
    "De wasmachine gebruikt 1.950 W.": "De wasmachine gebruikt duizendnegenhonderdvijftig watt.",
    "CO2 is 1.250 ppm.": "C O twee is duizendtweehonderdvijftig p p m.",
    "Voeg 500 g meel en 2 l melk toe.": "Voeg vijfhonderd gram meel en twee liter melk toe.",
    "light.woonkamer is aan.": "light woonkamer is aan.",
    "Het adres is 192.168.1.10.": "Het adres is één negen twee punt één zes acht punt één punt één nul.",
    "Stap 3 van 5.": "Stap drie van vijf.",
    "Het antwoord is 42.": "Het antwoord is tweeënveertig.",
    "De code is 1234.": "De code is één twee drie vier.",
    "example.com": "example punt com",
    "De accu is op 87%.": "De accu is op zevenentachtig procent.",
    "Bel 020 1234567.": "Bel nul twee nul, één twee drie, vier vijf zes zeven.",
}

POLISH = {
    "Jest 21,5 °C w salonie.": "Jest dwadzieścia jeden przecinek pięć stopnia Celsjusza w salonie.",
    "Jest -5 °C na zewnątrz.": "Jest minus pięć stopni Celsjusza na zewnątrz.",
    "Jest 17:30.": "Jest siedemnasta trzydzieści.",
    "O 17:30 i o 8:05.": "O siedemnastej trzydzieści i o ósmej zero pięć.",
    "Spotkanie o 2:00.": "Spotkanie o drugiej.",
    "23.11.2026 i 3 maja.": "dwudziestego trzeciego listopada dwa tysiące dwudziestego szóstego roku i trzeciego maja.",
    "Dnia 23 listopada 2026 roku.": "Dnia dwudziestego trzeciego listopada dwa tysiące dwudziestego szóstego roku.",
    "Kosztuje 5,20 zł albo 1 € lub 22 zł.": "Kosztuje pięć złotych dwadzieścia groszy albo jedno euro lub dwadzieścia dwa złote.",
    "Zostało 2 h 15 min.": "Zostało dwie godziny piętnaście minut.",
    "Wilgotność 40%, 2%.": "Wilgotność czterdzieści procent, dwa procent.",
    "Wiatr 15 km/h, 2 km/h.": "Wiatr piętnaście kilometrów na godzinę, dwa kilometry na godzinę.",
    "1 lampa, 2 lampy.": "jedna lampa, dwie lampy.",
    "Zużycie 3,4 kWh, 2 kWh.": "Zużycie trzy przecinek cztery kilowatogodziny, dwie kilowatogodziny.",
    "1 234 567 osób": "milion dwieście trzydzieści cztery tysiące pięćset sześćdziesiąt siedem osób",
    "od 8:00-16:00": "od ósmej do szesnastej",
    "Budzik dzwoni o 7:05.": "Budzik dzwoni o siódmej zero pięć.",
    "Pralka zużywa 1950 W.": "Pralka zużywa tysiąc dziewięćset pięćdziesiąt watów.",
    "CO2 wynosi 1250 ppm.": "C O dwa wynosi tysiąc dwieście pięćdziesiąt pe pe em.",
    "Dodaj 500 g mąki i 2 l mleka.": "Dodaj pięćset gramów mąki i dwa litry mleka.",
    "light.salon jest włączone.": "light salon jest włączone.",
    "Adres to 192.168.1.10.": "Adres to jeden dziewięć dwa kropka jeden sześć osiem kropka jeden kropka jeden zero.",
    "Krok 3 z 5.": "Krok trzy z pięć.",
    "Odpowiedź to 42.": "Odpowiedź to czterdzieści dwa.",
    "Kod to 1234.": "Kod to jeden dwa trzy cztery.",
    "example.com": "example kropka com",
    "Bateria ma 87%.": "Bateria ma osiemdziesiąt siedem procent.",
    "Spotkanie 1 maja o 12:00.": "Spotkanie pierwszego maja o dwunastej.",
    "1 minuta, 2 minuty, 5 minut.": "jedna minuta, dwie minuty, pięć minut.",
    "O godz. 17.30.": "O godzinie siedemnastej trzydzieści.",
}


def test_dutch() -> None:
    assert {text: normalize(text, "nl") for text in DUTCH} == DUTCH


def test_polish() -> None:
    assert {text: normalize(text, "pl") for text in POLISH} == POLISH
