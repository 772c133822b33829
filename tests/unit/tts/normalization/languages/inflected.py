"""Written and spoken sentences with units, days and ordinals in a case that a preposition requires."""

from __future__ import annotations

RUSSIAN = {
    "1 окно, 2 окна, 1 задача, 22 задачи, 1 новое сообщение": "одно окно, два окна, одна задача, двадцать две задачи, одно новое сообщение",
    "2 или 3, 11 задач, 2 двери": "два или три, одиннадцать задач, две двери",
    "Температура между 18 и 22 °C.": "Температура между восемнадцатью и двадцатью двумя градусами Цельсия.",
    "к 5 кг, к 1 кг, при 21 °C, при 25 °C": "к пяти килограммам, к одному килограмму, при двадцати одном градусе Цельсия, при двадцати пяти градусах Цельсия",
    "в 5 км от дома, над 1 м, над 100 м, к 1 с": "в пяти километрах от дома, над одним метром, над ста метрами, к одной секунде",
    "к 100 ₽, о 5 %, об 1 %, между 1,5 и 2,5 км": "к ста рублям, о пяти процентах, об одном проценте, между одной целой пятью десятыми и двумя целыми пятью десятыми километра",
    "к 5 м², между 100 и 200 км/ч": "к пяти квадратным метрам, между ста и двумястами километрами в час",
    "между 10,50 ₽ и 20,50 ₽": "между десятью рублями пятьюдесятью копейками и двадцатью рублями пятьюдесятью копейками",
    "на 5 °C теплее, с 20 °C до 25 °C": "на пять градусов Цельсия теплее, с двадцати градусов Цельсия до двадцати пяти градусов Цельсия",
    "между 9:00 и 18:00": "между девятью часами и восемнадцатью часами",
    "с 1 по 5 мая, 1, 2 и 3 мая": "с первого по пятое мая, первого, второго и третьего мая",
    "между 1 и 5 мая, к 5 мая, перед 8 марта": "между первым и пятым мая, к пятому мая, перед восьмым марта",
    "с 3 по 7 июня 2026 года": "с третьего по седьмое июня две тысячи двадцать шестого года",
    "Это 200-й выпуск, 300-я серия, 500-го числа, в 900-м.": "Это двухсотый выпуск, трёхсотая серия, пятисотого числа, в девятисотом.",
    "1900 год, в 1900 году, 5 мая 1900 года, 1700 год.": "одна тысяча девятисотый год, в тысяча девятисотом году, пятого мая одна тысяча девятисотого года, одна тысяча семисотый год.",
    "В 44 г. до н. э. его убили, 79 год н. э.": "В сорок четвертом году до нашей эры его убили, семьдесят девятый год нашей эры.",
    "5 г. соли.": "пять грамм. соли.",
    "2 новые лампы, 2 новых сообщения.": "две новые лампы, два новых сообщения.",
}

POLISH = {
    "1 okno, 2 okna, 2 osoby, 1 nowe okno, 2 listy": "jedno okno, dwa okna, dwie osoby, jedno nowe okno, dwa listy",
    "Temperatura między 18 a 22 °C.": "Temperatura między osiemnastoma a dwudziestoma dwoma stopniami Celsjusza.",
    "przy 1 °C, przed 5 km, w 5 km od": "przy jednym stopniu Celsjusza, przed pięcioma kilometrami, w pięciu kilometrach od",
    "przeciwko 100 zł, między 5 a 10 %": "przeciwko stu złotym, między pięcioma a dziesięcioma procentami",
    "między 5 a 10 m², przy 1 kg, dzięki 5 kg": "między pięcioma a dziesięcioma metrami kwadratowymi, przy jednym kilogramie, dzięki pięciu kilogramom",
    "od 1 do 5 maja, między 1 a 5 maja, po 5 maja": "od pierwszego do piątego maja, między pierwszym a piątym maja, po piątym maja",
    "między 9:00 a 17:00": "między dziewiątą a siedemnastą",
    "1. miejsce, 2. piętro, na 3. piętrze, do 3. piętra": "pierwsze miejsce, drugie piętro, na trzecim piętrze, do trzeciego piętra",
    "2. osoba, 1. raz, w 2. klasie": "druga osoba, pierwszy raz, w drugiej klasie",
    "100. rocznica, 200. dzień, 1000. klient, po raz 100. wygrał.": "setna rocznica, dwusetny dzień, tysięczny klient, po raz setny wygrał.",
    "W 1900 r. i w 2000 roku, 5 maja 1900 r. spał.": "W tysiąc dziewięćsetnym roku i w dwutysięcznym roku, piątego maja tysiąc dziewięćsetnego roku spał.",
    "W 44 r. p.n.e. zginął, w 79 r. n.e. wybuchł.": "W czterdziestym czwartym roku przed naszą erą zginął, w siedemdziesiątym dziewiątym roku naszej ery wybuchł.",
    "Było 100. Potem wyszli.": "Było sto. Potem wyszli.",
    "Masz 2 nowe wiadomości, 2 nowe okna i 22 nowe lampy.": "Masz dwie nowe wiadomości, dwa nowe okna i dwadzieścia dwie nowe lampy.",
}

CZECH = {
    "1 okno, 2 okna, 2 osoby, 1 zpráva, 2 stoly": "jedno okno, dvě okna, dvě osoby, jedna zpráva, dva stoly",
    "Teplota mezi 18 a 22 °C.": "Teplota mezi osmnácti a dvaceti dvěma stupni Celsia.",
    "k 5 kg, s 1 kg, s 5 kg, při 1 kg, při 230 V": "k pěti kilogramům, s jedním kilogramem, s pěti kilogramy, při jednom kilogramu, při dvou stech třiceti voltech",
    "s 5 Kč, ke 100 Kč, mezi 5 a 10 %": "s pěti korunami, ke sto korunám, mezi pěti a deseti procenty",
    "mezi 5 a 10 m², k 1 h": "mezi pěti a deseti metry čtverečními, k jedné hodině",
    "mezi 1. a 5. květnem, před 5. květnem": "mezi prvním a pátým květnem, před pátým květnem",
    "mezi 9:00 a 17:00, po 17:00, po 17:30": "mezi devátou hodinou a sedmnáctou hodinou, po sedmnácté hodině, po sedmnácté třicet",
    "Přijdu po 17.": "Přijdu po sedmnácté hodině.",
    "po 17 hodině, po 17. hodině, v 17 hodin": "po sedmnácté hodině, po sedmnácté hodině, v sedmnáct hodin",
    "1. místo, 2. patro, do 2. patra, na 1. místě": "první místo, druhé patro, do druhého patra, na prvním místě",
    "v 90. letech, 80. léta, 19. století, v XX. století": "v devadesátých letech, osmdesátá léta, devatenácté století, v dvacátém století",
    "Karel IV., za Karla IV., Ludvík XIV. byl král": "Karel čtvrtý, za Karla čtvrtého, Ludvík čtrnáctý byl král",
    "II. světová válka, po II. světové válce, 3. třída": "druhá světová válka, po druhé světové válce, třetí třída",
    "To je 100. výročí, 200. den a 1000. návštěvník.": "To je sté výročí, dvoustý den a tisící návštěvník.",
    "Stálo to 100. Potom šel.": "Stálo to sto. Potom šel.",
    "Máte 1 novou zprávu, 2 nové zprávy a 2 velké stoly.": "Máte jednu novou zprávu, dvě nové zprávy a dva velké stoly.",
    "Po–Pá 9:00–17:00, pokoj 3 m x 4 m. Ne - po obědě.": "pondělí až pátek od devíti hodin do sedmnácti hodin, pokoj tři metry na čtyři metry. Ne - po obědě.",
}

TURKISH = {
    "XIV. Louis, II. Mehmet, XX. yüzyıl": "on dördüncü Louis, ikinci Mehmet, yirminci yüzyıl",
    "II. Dünya Savaşı, 1. kat, 2. sırada": "ikinci Dünya Savaşı, birinci kat, ikinci sırada",
    "1000. müşteri, 100. yıl. Toplam 2000. Sonra gitti.": "bininci müşteri, yüzüncü yıl. Toplam iki bin. Sonra gitti.",
}

HUNGARIAN = {
    "XIV. Lajos, a XX. század, II. János Pál": "tizennegyedik Lajos, a huszadik század, második János Pál",
    "1. emelet, 2. helyen": "első emelet, második helyen",
    "november 29-én, május 1-jén, május 3-án": "november huszonkilencedikén, május elsején, május harmadikán",
    "Az 1000. vendég a 2000. évben. Összesen 1000. Aztán elment.": "Az ezredik vendég a kétezredik évben. Összesen ezer. Aztán elment.",
    "A Home Assistant 2026.11.3 megjelent, a határidő 2026.11.3.": "A Home Assistant kétezerhuszonhat pont tizenegy pont három megjelent, a határidő kétezerhuszonhat november harmadika.",
    "Ha 2026.11.30 jó, szólj, a verziója 2026.11.3.": "Ha kétezerhuszonhat november harmincadika jó, szólj, a verziója kétezerhuszonhat pont tizenegy pont három.",
}
