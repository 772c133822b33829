"""Notations that several languages share, or that come from another one."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.tts.normalization import normalize

FOREIGN_NUMBERS = [
    ("de", "1,234.56 €", "eintausendzweihundertvierunddreißig Euro sechsundfünfzig"),
    ("de", "1'234.50 CHF", "eintausendzweihundertvierunddreißig Franken fünfzig"),
    ("en", "1.234,5", "one thousand two hundred thirty-four point five"),
    ("en", "1'234", "one thousand two hundred thirty-four"),
    ("de", "1'000'000 CHF", "eine Million Franken"),
    ("de", "CHF 2'000'500.00", "zwei Millionen fünfhundert Franken"),
    ("it", "10'000 CHF", "diecimila franchi svizzeri"),
    ("de", "5,- €, € 5,--", "fünf Euro, fünf Euro"),
    ("nl", "€ 5,-", "vijf euro"),
    ("tr", "% 25", "yüzde yirmi beş"),
    ("pt", "R$ 5 mil, R$ 2 mi", "cinco mil reais, dois milhões de reais"),
]
RATIOS_AND_FRACTIONS = [
    ("en", "a ratio of 1:10, at 1:10", "a ratio of one to ten, at one ten"),
    ("de", "Maßstab 1:25.000", "Maßstab eins zu fünfundzwanzigtausend"),
    ("zh", "比例1:10", "比例一比十"),
    ("en", "24/7, 50/50", "twenty-four seven, fifty fifty"),
    ("fr", "24h/24, 3/4 d'heure", "vingt-quatre heures sur vingt-quatre, trois quarts d'heure"),
    ("es", "3/4 de hora", "tres cuartos de hora"),
    ("it", "3/4 d'ora, 2/3", "tre quarti d'ora, due terzi"),
    ("pt", "3/4 de hora", "três quartos de hora"),
    ("tr", "1/2 bardak", "yarım bardak"),
    ("hu", "3/4 csésze", "háromnegyed csésze"),
    ("hi", "3/4 कप", "तीन चौथाई कप"),
]
LISTS_AND_DATES = [
    ("tr", "1. Işığı aç.", "bir. Işığı aç."),
    ("hu", "2. Zárd be.", "kettő. Zárd be."),
    ("hu", "Ma 2026. december 1. van.", "Ma kétezerhuszonhat december elseje van."),
    (
        "en",
        "6 mg, max. 6/day @ 350°F",
        "six milligrams, maximum six per day at three hundred fifty degrees Fahrenheit",
    ),
]
EAST_ASIA = [
    ("zh", "¥5/斤，¥1,000/月，3次/天", "五元每斤，一千元每月，三次每天"),
    ("zh", "5-10分钟，2024-2025年", "五到十分钟，二零二四到二零二五年"),
    ("zh", "5%-10%", "百分之五 到 百分之十"),
    ("zh", "10-4=6", "十 减 四 等于 六"),
    ("ja", "100円/個、7時05分、8÷2=4", "百円、一個あたり、七時五分、八 割る 二 イコール 四"),
    ("ko", "5,000원/개, 7시 05분", "오천원, 개당, 일곱 시 오분"),
]
ROMAN_NUMERALS = [
    ("zh", "路易XIV，第IV章", "路易十四，第四章"),
    ("ja", "ルイXIV世", "ルイ十四世"),
    ("ko", "루이 XIV", "루이 십사"),
    ("ar", "لويس XIV", "لويس أربعة عشر"),
    ("hi", "लुई XIV", "लुई चौदह"),
]
UNITS = [
    ("ru", "5 ГБ, 10 Мбит/с", "пять гигабайт, десять мегабит в секунду"),
    ("fr", "5 Go, 500 Mo", "cinq gigaoctets, cinq cents mégaoctets"),
    ("hi", "100 किमी/घंटा, 5 किग्रा", "एक सौ किलोमीटर प्रति घंटा, पाँच किलोग्राम"),
    ("ar", "100 كم/س", "مائة كيلومتر في الساعة"),
    ("en", "48°51'30\" N", "forty-eight degrees fifty-one arcminutes thirty arcseconds N"),
]
CODES = [
    ("en", "0x80070057", "zero X, eight zero zero seven, zero zero five seven"),
    ("en", "0xDEADBEEF", "zero X, D E A D, B E E F"),
    ("sv", "MAC 00:1A:2B:3C:4D:5E", "MAC 0 0, 1 A, 2 B, 3 C, 4 D, 5 E"),
    ("sv", "2026-11-29, 17:30", "2026-11-29, 17:30"),
    ("en", "example.com/a?x=1&y=2", "example dot com slash a"),
    ("en", "app.example.io/#/dash", "app dot example dot io"),
    ("en", "mailto:bob@example.com", "bob at example dot com"),
]
RUSSIAN = [
    ("с 10.12 по 15.12", "с десятого декабря по пятнадцатое декабря"),
    ("от 10.12 до 15.12.", "от десятого декабря до пятнадцатого декабря."),
    ("от 10.5 до 15.25", "от десяти целых пяти десятых до пятнадцати целых двадцати пяти сотых"),
    ("90-е годы, в 90-х годах", "девяностые годы, в девяностых годах"),
    ("в 90-е", "в девяностые"),
    ("5-е июня", "пятое июня"),
    ("2024-2025 гг.", "две тысячи двадцать четвертый - две тысячи двадцать пятый годы."),
    ("в 2024-2025 гг.", "в две тысячи двадцать четвертом - две тысячи двадцать пятом годах."),
    ("5-комнатная, 3-этажный", "пятикомнатная, трёхэтажный"),
    ("100-летний, 1-местный", "столетний, одноместный"),
    ("08:00-17:00", "с восьми часов до семнадцати часов"),
]
SIGNS_AND_SCALES = [
    ("it", "dalle 8.00 alle 17.30", "dalle otto alle diciassette e trenta"),
    ("pl", "o 19.30", "o dziewiętnastej trzydzieści"),
    ("pl", "od 10.12 do 15.12", "od dziesiątego grudnia do piętnastego grudnia"),
    ("cs", "od 10.12 do 15.12", "od desátého prosince do patnáctého prosince"),
    (
        "en",
        "Vol. 2, Nos. 3 and 4",
        "Volume two, numbers three and four",
    ),
    ("de", "Kap. 5, Abs. 3", "Kapitel fünf, Absatz drei"),
    ("de", "$1,234.5k", "eintausendzweihundertvierunddreißig Komma fünf tausend Dollar"),
    ("es", "$5k", "cinco mil dólares"),
    ("zh", "$5k", "五千美元"),
    ("ru", "$5k", "пять тысяч долларов"),
    ("fr", "§ 12", "paragraphe douze"),
    ("en", "C# and F#", "C sharp and F sharp"),
    ("en", "Ch. 5", "Chapter five"),
    ("nl", "-5°", "min vijf graden"),
    ("hi", "#1", "नंबर एक"),
    ("zh", "№ 7", "第 七"),
    ("ko", "CO₂", "이산화탄소"),
    ("ja", "CO2", "二酸化炭素"),
    ("it", "1¾", "uno e tre quarti"),
    ("es", "1¾", "uno y tres cuartos"),
    ("cs", "1¾", "jeden a tři čtvrtiny"),
    ("cs", "tlak 2 psi", "tlak dvě libry na čtvereční palec"),
    ("hi", "v1.2.3", "संस्करण एक डॉट दो डॉट तीन"),
    ("ko", "비율은 2:1입니다, 차 3대", "비율은 이 대 일입니다, 차 세대"),
    ("pl", "08:00-17:00", "od ósmej do siedemnastej"),
    ("de", "2. Platz", "zweiter Platz"),
    ("de", "Er belegte 2. Platz.", "Er belegte zweiten Platz."),
    ("de", "3. Runde, 2. Quartal", "dritte Runde, zweites Quartal"),
    ("de", "im 2. Stock", "im zweiten Stock"),
]


@pytest.mark.parametrize(
    ("language", "written", "spoken"),
    [
        *(("ru", *example) for example in RUSSIAN),
        *SIGNS_AND_SCALES,
        *FOREIGN_NUMBERS,
        *RATIOS_AND_FRACTIONS,
        *LISTS_AND_DATES,
        *EAST_ASIA,
        *ROMAN_NUMERALS,
        *UNITS,
        *CODES,
    ],
)
def test_notations(language: str, written: str, spoken: str) -> None:
    assert normalize(written, language) == spoken
