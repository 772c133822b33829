"""Ordinary words, names and codes that look like an abbreviation, a time, a number or a citation."""

from __future__ import annotations

ENGLISH = {
    "The table is 6 feet 4 in the corner.": "The table is six feet four in the corner.",
    "The flight code is 2E5.": "The flight code is two E five.",
    "My password is 1e6.": "My password is one e six.",
    "Room 4E12 is upstairs.": "Room four E twelve is upstairs.",
    "See section [4].": "See section [four].",
    "Dial [1], then [2].": "Dial [one], then [two].",
    "He moved to the U.S. Many people do.": "He moved to the U.S. | Many people do.",
    "It was I. Nobody else.": "It was I. | Nobody else.",
    "The answer is C. Paris is the capital.": "The answer is C. Paris is the capital.",
    "The answer is B. A is wrong.": "The answer is B. A is wrong.",
    "J. Ma, S. Das and H. Son met.": "J Ma, S Das and H Son met.",
    "He said Rev. 2 is ready.": "He said Rev. two is ready.",
    "I am at 12 Main St. Springfield.": "I am at twelve Main Street Springfield.",
    "P. Diddy met J. P. Morgan.": "P Diddy met J P Morgan.",
    "See p. 5, it costs 50 p. That is all.": "See page five, it costs fifty p. That is all.",
    "The Wall St. Journal, near Penn St. Station.": "The Wall Street Journal, near Penn Street Station.",
    "In 1980 Mount St. Helens erupted.": "In nineteen eighty Mount Saint Helens erupted.",
    "In 2020 St. Louis grew.": "In twenty twenty Saint Louis grew.",
}

GERMAN = {
    "Am Fr. Nachmittag komme ich.": "Am Fr. Nachmittag komme ich.",
    "Es kostet 5 Fr. Das ist viel.": "Es kostet fünf Fr. Das ist viel.",
    "M. E. Müller sagt, das ist m. E. gut.": "M E Müller sagt, das ist meines Erachtens gut.",
    "Es gibt Milch u. v. m. Das reicht.": "Es gibt Milch und vieles mehr. Das reicht.",
    "Nudeln o.Ä. Das ist gut.": "Nudeln oder Ähnliches. Das ist gut.",
    "Merkel, geb. Kasner, kommt.": "Merkel, geboren Kasner, kommt.",
    "Das war A. Nicht B.": "Das war A. Nicht B.",
}

FRENCH = {
    "Le Dr Martin et le Pr Petit arrivent.": "Le docteur Martin et le professeur Petit arrivent.",
    "P. Durand et J.-P. Martin, voir p. 5.": "P Durand et J P Martin, voir page cinq.",
    "Cela fait 2 000 000 tous les ans.": "Cela fait deux millions tous les ans.",
    "Il y a 3 000 000 restants.": "Il y a trois millions restants.",
}

SPANISH = {
    "Vive en Washington D.C. desde 1990.": "Vive en Washington D.C. desde mil novecientos noventa.",
    "Vive en Washington, D. C. ahora.": "Vive en Washington, D. C. ahora.",
    "El A.C. Milan ganó en 50 a.C.": "El A C Milan ganó en cincuenta antes de Cristo.",
}

PORTUGUESE = {
    "Vivo em Washington D.C. desde 1990.": "Vivo em Washington D.C. desde mil novecentos e noventa.",
    "A. C. Milan joga.": "A C Milan joga.",
}

ITALIAN = {
    "L'A.C. Milan ha vinto.": "L'A.C. Milan ha vinto.",
    "S. Mattarella vede S. Pietro e S. Lucia.": "S Mattarella vede San Pietro e Santa Lucia.",
    "La taglia S. Va bene.": "La taglia S. Va bene.",
}

POLISH = {
    "Czytaj na str. 5 p. Nowaka.": "Czytaj na strona pięć p. Nowaka.",
    "Pan dr Nowak.": "Pan doktor Nowak.",
}

RUSSIAN = {
    "В 2020 г. Москва росла.": "В две тысячи двадцатом году Москва росла.",
    "Рост с 1.50 до 1.80 метра.": "Рост с одной целой пятидесяти сотых до одной целой восьмидесяти сотых метра.",
    "В 12.45 секунд.": "В двенадцать целых сорок пять сотых секунд.",
}

HUNGARIAN = {
    "Van 5-8 és 3-10 meg 3-5.": "Van öt-nyolc és három-tíz meg három-öt.",
    "Kérek 5-öt és 7-et.": "Kérek ötöt és hetet.",
}
