"""Codes, colours, addresses and amounts in ordinary sentences of several languages."""

from __future__ import annotations

import pytest

from tests.support.normalization import Table, normalized_texts

ENGLISH = {
    "Device 0017880104e45520 is on.": "Device zero zero one seven, eight eight zero one, zero four E four,"
    " five five two zero is on.",
    "It is 12e3 and 5e10.": "It is twelve times ten to the power of three and five times ten to the power"
    " of ten.",
    "Track 1Z 999 AA1 01 2345 6784 please.": "Track one Z, nine nine nine, A A one, zero one,"
    " two three four five, six seven eight four please.",
    "Track 420 94107 9400 1112 0255 5555 5555 55 now.": "Track four two zero, nine four one zero seven,"
    " nine four zero zero, one one one two, zero two five five, five five five five, five five five five,"
    " five five now.",
    "VIN: 1hgcm82633a004352": "VIN: one H G, C M eight, two six three three, A zero zero, four three five two.",
    "serial version2024beta1": "serial version twenty twenty-four beta one.",
    "Colour #FF8800 or #1a2b3c, #FFFFFF or #000000": "Colour F F eight eight zero zero or one A two B three C,"
    " F F F F F F or zero zero zero zero zero zero.",
    "#decade, #facade, #fff, issue #42 and #123456": "#decade, #facade, #fff, issue number forty-two and"
    " number one hundred twenty-three thousand four hundred fifty-six.",
    "¥-5, €-3, ₹-2 and ¥5-10": "minus five yen, minus three euros, minus two rupees and five to ten yen.",
    "I paid 500円, 300 元 and 200원.": "I paid five hundred yen, three hundred Chinese yuan and"
    " two hundred won.",
    "50 ﷼": "fifty Iranian rials.",
    "Lesson LVI, WrestleMania XL": "Lesson fifty-six, WrestleMania forty.",
    "x ≤ y, a ≥ b, p ≈ q": "x at most y, a at least b, p about q.",
    r"The sum $\sum_{i=1}^{n} i$ of $\int_0^1 x dx$": "The sum sum i equals one to n, i of integral"
    " zero to one, x dx.",
    "James II. He died. Louis XIV. Then came Charles III.": "James the second. | He died. | Louis the"
    " fourteenth. | Then came Charles the third.",
}
GERMAN = {
    "Eine 1/2 Stunde, in 1/2 Jahr, nach ½ Stunde, ½ Tag.": "Eine halbe Stunde, in einem halben Jahr,"
    " nach einer halben Stunde, ein halber Tag.",
    "Nimm 1/2 Liter Milch, ½ TL Salz und 1/2l Wasser.": "Nimm einen halben Liter Milch, einen halben"
    " Teelöffel Salz und einen halben Liter Wasser.",
    "Noch 1/2 Std. Mit der 1/2 Tasse, ein ½ Jahr.": "Noch eine halbe Stunde. | Mit der halben Tasse,"
    " ein halbes Jahr.",
    "1 1/2 Liter, 2½ Tassen, Seite 1/2, 1/2 m²": "eineinhalb Liter, zweieinhalb Tassen, Seite eins"
    " Schrägstrich zwei, ein Schrägstrich zwei Quadratmeter.",
    "Karls V. Sohn, Ludwigs XIV. Hof und Katharinas II. Reich.": "Karls des fünften Sohn, Ludwigs des"
    " vierzehnten Hof und Katharinas der zweiten Reich.",
    "Zur Zeit Ludwigs XIV. Er war König. Pauls IV-Anlage, Georgs CD.": "Zur Zeit Ludwigs des vierzehnten."
    " | Er war König. | Pauls IV-Anlage, Georgs CD.",
    "In 3 Bd. erschienen, in 2 Bd. Radieschen, Bd. 3.": "In drei Bänden erschienen, in zwei Bund"
    " Radieschen, Band drei.",
}
SPANISH = {
    "El viento NO para. Viento NO 20 km/h.": "El viento NO para. | Viento noroeste veinte kilómetros"
    " por hora.",
    "Con viento NO y lluvia.": "Con viento noroeste y lluvia.",
}
DUTCH = {"3 tl-buizen en 2 tl zout.": "drie TL-buizen en twee theelepels zout."}
RUSSIAN = {
    "Население г. Волжского растёт.": "Население города Волжского растёт.",
    "В г. Волжском, ул. Горького.": "В городе Волжском, улица Горького.",
}
TURKISH = {
    "bölüm XLII, cilt IV, XLII. bölüm.": "bölüm kırk iki, cilt dört, kırk ikinci bölüm.",
    "İki bölüm VE bir cilt.": "İki bölüm VE bir cilt.",
}
CHINESE = {
    "见example.com/help。然后休息。": "见example 点 com 斜杠 help。 | 然后休息。",
    "邮箱是bob@example.com。": "邮箱是bob 艾特 example 点 com。",
    "文件在/etc/hosts。": "文件在etc hosts。",
    "今天¥-12.5，￥-3": "今天负十二点五元，负三元。",
    "百度/谷歌都行，5元/kg。": "百度/谷歌都行，五元每公斤。",
}
JAPANESE = {
    "これはexample.comです。": "これはexample ドット comです。",
    "東京/大阪間、えっ‥何。": "東京/大阪間、えっ‥何。",
}
KOREAN = {"주소는example.com입니다.": "주소는example 점 com입니다."}
ARABIC = {"السعر 50 ﷼.": "السعر خمسون ريال."}


@pytest.mark.parametrize(
    ("language", "table"),
    [
        ("en", ENGLISH),
        ("de", GERMAN),
        ("es", SPANISH),
        ("nl", DUTCH),
        ("ru", RUSSIAN),
        ("tr", TURKISH),
        ("zh", CHINESE),
        ("ja", JAPANESE),
        ("ko", KOREAN),
        ("ar", ARABIC),
    ],
)
def test_codes_and_addresses_in_texts(language: str, table: Table) -> None:
    assert normalized_texts(table, language) == table
