"""Codes are spelled, and characters, currencies and numerals of all scripts are words in each language."""

from __future__ import annotations

import pytest

from tests.support.normalization import Table, normalized_texts
from wyoming_voice_stack.tts.normalization import normalize
from wyoming_voice_stack.tts.normalization.locale.lexicon import languages

CODES = {
    "urn:uuid:550e8400-e29b-41d4-a716-446655440000": "UUID five five zero E, eight four zero zero,"
    " E two nine B, four one D four, A seven one six, four four six six, five five four four,"
    " zero zero zero zero.",
    "Job 550e8400-e29b-41d4-a716-446655440000 failed.": "Job five five zero E, eight four zero zero,"
    " E two nine B, four one D four, A seven one six, four four six six, five five four four,"
    " zero zero zero zero failed.",
    "The MAC is 00:1A:2B:3C:4D:5E.": "The MAC is zero zero, one A, two B, three C, four D, five E.",
    "Or 00-1a-2b-3c-4d-5e, 001a.2b3c.4d5e": "Or zero zero, one A, two B, three C, four D, five E,"
    " zero zero one A, two B three C, four D five E.",
    "Ping 2001:db8::42/64 and fe80::1%eth0.": "Ping two zero zero one, D B eight, four two slash"
    " six four and F E eight zero, one, E T H zero.",
    "At [::1]:8080": "At one, eight zero eight zero.",
    "MAC:00:1A:2B:3C:4D:5E": "MAC:zero zero, one A, two B, three C, four D, five E.",
    "Call +1 555-123-4567 or +49-30-1234567.": "Call plus one, five five five, one two three, four five"
    " six seven or plus four nine, three zero, one two three, four five six seven.",
    "VIN 1HGCM82633A004352 here": "VIN one H G, C M eight, two six three three, A zero zero,"
    " four three five two here.",
    "ISBN 978-3-16-148410-0 is out": "ISBN nine seven eight, three, one six, one four eight four one"
    " zero, zero is out.",
    "ISBN 0-306-40615-X": "ISBN zero, three zero six, four zero six one five, X.",
    "Track 1Z999AA10123456784": "Track one Z nine, nine nine A A, one zero one, two three four five,"
    " six seven eight four.",
    "Track RR123456785DE": "Track R R one, two three four, five six seven, eight five D E.",
    "Track 9400 1000 0000 0000 0000 00": "Track nine four zero zero, one zero zero zero, zero zero"
    " zero zero, zero zero zero zero, zero zero zero zero, zero zero.",
    "Commit a1b2c3d4": "Commit A one B two, C three D four.",
    "Order 112-1234567-1234567": "Order one one two, one two three, four five six seven, one two three,"
    " four five six seven.",
    "MAC aa:bb:cc:dd:ee:ff": "MAC A A, B B, C C, D D, E E, F F.",
    "sha256:9f86d081884c7d65": "SHA two five six, nine F eight six, D zero eight one, eight eight"
    " four C, seven D six five.",
    "Serial number SN-4F7K-22XQ": "Serial number S N, four F seven K, two two X Q.",
    "The serial is AB1234": "The serial is A B one two three four.",
    "IBAN DE89 3704 0044 0532 0130 00": "IBAN D E eight nine, three seven zero four, zero zero four"
    " four, zero five three two, zero one three zero, zero zero.",
}
NO_CODES = {
    "COVID-19, MP3, B2B and H264": "COVID-nineteen, MP three, B two B and H two hundred sixty-four.",
    "At 12:30:45 in std::vector and a::b": "At twelve thirty and forty-five seconds in std::vector"
    " and a::b.",
    "In 2024 2025 2026, on 2026-11-23": "In twenty twenty-four twenty twenty-five twenty twenty-six,"
    " on November twenty-third, twenty twenty-six.",
    "The decade and the facade": "The decade and the facade.",
    "Episode S02E05": "Episode S zero two E zero five.",
}
ADDRESSES = {
    "See example.com/help. Then rest.": "See example dot com slash help. | Then rest.",
    "See example.com/a.b/c.html, ok": "See example dot com slash a dot b slash c dot html, ok.",
    "Look in /etc/hosts. Then rest.": "Look in etc hosts. | Then rest.",
    "Go to 192.168.1.1:8123/admin. Then rest.": "Go to one nine two dot one six eight dot one dot"
    " one, eight one two three slash admin. | Then rest.",
    "Mail a@b.co. Then rest.": "Mail a at b dot co. | Then rest.",
    "Open smb://nas/share. Then rest.": "Open. | Then rest.",
    "Open file:///home/x/y.txt. Then rest.": "Open. | Then rest.",
}
NUMERALS = {
    "Act Ⅳ, Scene Ⅸ.": "Act four, Scene nine.",
    "Henry Ⅷ and Elizabeth Ⅰ": "Henry the eighth and Elizabeth the first.",
    "King Charles III's car is red.": "King Charles the third's car is red.",
    "Henry VIII’s wives": "Henry the eighth’s wives.",
    "The IVth day of the XXIst century": "The fourth day of the twenty-first century.",
    "Super Bowl LVIII was good.": "Super Bowl fifty-eight was good.",
    "Final Fantasy XVI, Volume CXII": "Final Fantasy sixteen, Volume one hundred twelve.",
    "In MCMXCIX and MMXXVI": "In nineteen ninety-nine and twenty twenty-six.",
    "World War II's end": "World War two's end.",
    "World War I's end, World War I was": "World War one's end, World War one was.",
    "Part I of II, Part III": "Part one of two, Part three.",
    "Queen Elizabeth I was crowned": "Queen Elizabeth the first was crowned.",
    "Elizabeth I's reign": "Elizabeth the first's reign.",
    "In Elizabeth I lived, and Paul, I know, met George I. Smith": "In Elizabeth I lived,"
    " and Paul, I know, met George I Smith.",
    "King Charles I've met": "King Charles I've met.",
    "Fantasy VII and XVI": "Fantasy seven and sixteen.",
    "Pentium II and Apollo XIII": "Pentium two and Apollo thirteen.",
    "DVD MIX, CIVIL CD and DVI": "DVD MIX, CIVIL CD and DVI.",
}
DECIMALS = {
    "It is 12,5 degrees for 3,5 hours.": "It is twelve point five degrees for three point five hours.",
    "21,5 °C and 1,234 lamps": "twenty-one point five degrees Celsius and one thousand two hundred"
    " thirty-four lamps.",
    "between 1,5 and 2,5": "between one point five and two point five.",
    "₹1,00,000 of 12,34,567": "one hundred thousand rupees of one million two hundred thirty-four"
    " thousand five hundred sixty-seven.",
    "About 3,14 or 0,125": "About three point one four or zero point one two five.",
    "On May 5,2024 and July 20,1969": "On May fifth, twenty twenty-four and July twentieth,"
    " nineteen sixty-nine.",
    "pages 3,5 or 1,2 and 3": "pages three, five or one, two and three.",
}
SIGNS = {
    "10⁶, 10⁻³ and x²": "ten to the power of six, ten to the power of minus three and x squared.",
    "1⅞ inches and ⅔": "one and seven eighths inches and two thirds.",
    "№ 5": "number five.",
    "₹20 rupees": "twenty rupees.",
    "−5 and ﹣3": "minus five and minus three.",
    "$5-10 million": "five to ten million dollars.",
    "RMB 100": "one hundred Chinese yuan.",
    "₿0.5": "Bitcoin zero point five.",
    "￥99.50, ₩5,000, ₫20": "ninety-nine point five zero yen, five thousand won,"
    " twenty Vietnamese dong.",
    "฿3 ₱4 ₽5 ₺6 ₴7 ₪8": "three Thai baht four Philippine pesos five Russian rubles six Turkish Lira"
    " seven Ukrainian hryvnias eight Israeli new shekels.",
}
ENGLISH = {**CODES, **NO_CODES, **ADDRESSES, **NUMERALS, **DECIMALS, **SIGNS}
CHINESE = {
    "时间是１８：３０，２６．５度。": "时间是十八点三十分，二十六点五度。",
    "价格￥99.50。": "价格九十九点五零元。",
    "¥1.5万起，￥3亿元": "一点五万元起，三亿元。",
    "¥5-10万，RMB 100元": "五 到 十万元，一百人民币。",
    "₩5000和₹20": "五千韩元和二十卢比。",
    "第Ⅳ章，10⁶和⅛": "第四章，十的六次方和八分之一。",
    "编号a1b2c3d4。": "编号A 一 B 二, C 三 D 四。",
}
JAPANESE = {
    "￥500円です。": "五百円です。",
    "¥1.5万と$3億": "一点五万円と三億ドル。",
    "￥500です。": "五百円です。",
    "１０～２０分": "十から二十分。",
    "₩5,000と₹20": "五千ウォンと二十ルピー。",
    "10⁶と⅛": "十の六乗と八分の一。",
}
KOREAN = {
    "￦3,000입니다.": "삼천 원입니다.",
    "￥500": "오백 엔.",
    "₩3만에 샀다": "삼만 원에 샀다.",
    "₩1.5억": "일 점 오 억 원.",
    "제Ⅲ장 ５０％": "제삼장 오십 퍼센트.",
}
FRENCH = {
    "Au XXIe siècle": "Au vingt-et-unième siècle.",
    "François Ier et la IIe République": "François premier et la deuxième République.",
    "3 000 habitants, 3 050 ₩ et 2 000 €": "trois mille habitants, trois mille cinquante wons"
    " sud-coréens et deux mille euros.",
    "le 01 23 45 67 89": "le zéro un, deux trois, quatre cinq, six sept, huit neuf.",
    "chapitre II et III": "chapitre deux et trois.",
    "le XIXᵉ siècle": "le dix-neuvième siècle.",
}
GERMAN = {
    "Kapitel Ⅳ, ₩5": "Kapitel vier, fünf Südkoreanische Won.",
    "im XXI. Jahrhundert": "im einundzwanzigsten Jahrhundert.",
    "Kapitel I und II": "Kapitel eins und zwei.",
    "Karl V., Ludwig XIV. und er": "Karl der fünfte, Ludwig der vierzehnte und er.",
}
DUTCH = {"de XXIe eeuw": "de eenentwintigste eeuw."}
RUSSIAN = {"№ 5, глава Ⅳ, ₴7": "номер пять, глава четыре, семь украинских гривен."}
ARABIC = {"الساعة ١٧:٣٠": "الساعة السابعة عشرة وثلاثون دقيقة."}
HINDI = {"तापमान २१.५ °C": "तापमान इक्कीस दशमलव पाँच डिग्री सेल्सियस."}
SWEDISH = {"Kapitel Ⅳ, １８：３０": "Kapitel IV, 18:30."}


@pytest.mark.parametrize(
    ("language", "table"),
    [
        ("en", ENGLISH),
        ("zh", CHINESE),
        ("ja", JAPANESE),
        ("ko", KOREAN),
        ("fr", FRENCH),
        ("de", GERMAN),
        ("nl", DUTCH),
        ("ru", RUSSIAN),
        ("ar", ARABIC),
        ("hi", HINDI),
        ("sv", SWEDISH),
    ],
)
def test_codes_signs_and_numerals(language: str, table: Table) -> None:
    assert normalized_texts(table, language) == table


@pytest.mark.parametrize("language", sorted(languages()))
@pytest.mark.parametrize("sign", "¥₩₹₫฿₱₽₺₴₪₸₦")
def test_every_language_names_every_currency(language: str, sign: str) -> None:
    spoken = normalize(f"{sign}500", language)
    assert sign not in spoken
    assert len(spoken) > len(normalize("500", language))


@pytest.mark.parametrize("language", ["en", "de", "zh"])
@pytest.mark.parametrize(
    "piece", ["a1", "A1-", "0:", "::", "1 ", "4111 ", "XVI", "Ab XVI ", "/a.", "⅛", "^1"]
)
def test_long_texts_come_to_an_end(language: str, piece: str) -> None:
    normalize(piece * (5_000 // len(piece)), language)
