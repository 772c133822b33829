"""Written and spoken sentences in Turkish, Russian, Czech, Hungarian, Arabic and Hindi."""

from __future__ import annotations

TURKISH = {
    "Oturma odası 21,5 °C.": "Oturma odası yirmi bir virgül beş derece.",
    "Dışarısı -5 °C.": "Dışarısı eksi beş derece.",
    "Saat 17:30'da.": "Saat on yedi otuz'da.",
    "saat 17.30": "saat on yedi otuz",
    "Nem %40.": "Nem yüzde kırk.",
    "23.11.2026": "yirmi üç Kasım iki bin yirmi altı",
    "23 Kasım 2026": "yirmi üç Kasım iki bin yirmi altı",
    "5,20 ₺": "beş lira yirmi kuruş",
    "2 sa 15 dk": "iki saat on beş dakika",
    "Rüzgar 15 km/h": "Rüzgar saatte on beş kilometre",
}

RUSSIAN = {
    "В гостиной 21,5 °C.": "В гостиной двадцать одна целая пять десятых градуса Цельсия.",
    "На улице -5 °C.": "На улице минус пять градусов Цельсия.",
    "Сейчас 17:30 и 8:05.": "Сейчас семнадцать тридцать и восемь ноль пять.",
    "В 17:00, в 21:00.": "В семнадцать часов, в двадцать один час.",
    "23.11.2026 и 3 мая.": "двадцать третьего ноября две тысячи двадцать шестого года и третьего мая.",
    "2 минуты, 5 мин, 1 ч.": "две минуты, пять минут, один час.",
    "5,20 € и 100 ₽.": "пять евро двадцать центов и сто рублей.",
    "Ветер 15 км/ч, влажность 40%.": "Ветер пятнадцать километров в час, влажность сорок процентов.",
    "1-й и 2-я": "первый и вторая",
}

CZECH = {
    "V obýváku je 21,5 °C.": "V obýváku je dvacet jedna celá pět stupně Celsia.",
    "Venku je -5 °C.": "Venku je minus pět stupňů Celsia.",
    "Je 17:30.": "Je sedmnáct třicet.",
    "V 8:00 hodin.": "V osm hodin.",
    "23.11.2026 a 3. května.": "dvacátého třetího listopadu dva tisíce dvacet šest a třetího května.",
    "5 Kč, 2 €, 22 Kč": "pět korun, dvě eura, dvacet dvě korun",
    "Vlhkost 40 %.": "Vlhkost čtyřicet procent.",
    "2,5 kWh": "dvě celé pět kilowatthodiny",
}

HUNGARIAN = {
    "A nappaliban 21,5 °C van.": "A nappaliban huszonegy egész öt tized Celsius-fok van.",
    "Kint -5 °C van.": "Kint mínusz öt Celsius-fok van.",
    "17:30-kor": "tizenhét óra harminc perc-kor",
    "2026. november 23.": "kétezerhuszonhat november huszonharmadika.",
    "2026. 11. 23.": "kétezerhuszonhat november huszonharmadika.",
    "November 1-jén": "November egy-jén",
    "2 óra 15 perc, 2 h": "két óra tizenöt perc, két óra",
    "40%": "negyven százalék",
    "500 Ft": "ötszáz forint",
}

ARABIC = {
    "درجة الحرارة 21.5 °C.": "درجة الحرارة واحد وعشرون فاصلة خمسة درجة مئوية.",
    "الساعة 17:30": "الساعة السابعة عشرة وثلاثون دقيقة",
    "الرطوبة 40%": "الرطوبة أربعون في المئة",
    "23/11/2026": "ثلاثة وعشرون نوفمبر ألفين وستة وعشرون",
    "5 دقائق": "خمسة دقائق",
    "$5": "خمسة دولارات",
}

HINDI = {
    "तापमान 21.5 °C है।": "तापमान इक्कीस दशमलव पाँच डिग्री सेल्सियस है।",
    "बाहर -5 °C है।": "बाहर माइनस पाँच डिग्री सेल्सियस है।",
    "अभी 17:30 बजे हैं।": "अभी सत्रह बजकर तीस मिनट हैं।",
    "5:00 बजे": "पाँच बजे",
    "आर्द्रता 40% है।": "आर्द्रता चालीस प्रतिशत है।",
    "23/11/2026": "तेईस नवंबर दो हज़ार छब्बीस",
    "5 मिनट": "पाँच मिनट",
    "₹500": "पाँच सौ रुपये",
}
