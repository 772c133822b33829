"""Written and spoken texts of a home: weather, energy, timers, dates, telephone numbers, recipes, addresses."""

from __future__ import annotations

ENGLISH = {
    "Power costs 28 ct/kWh or 24.5p/kWh. A 2 ct diamond.": "Power costs twenty-eight cents per kilowatt hour or twenty-four point five pence per kilowatt hour. | A two ct diamond.",
    "Timer: 0:45 left. It is 0:45. The alarm rings at 0:45, set the timer.": "Timer: forty-five seconds left. | It is twelve forty-five a.m. | The alarm rings at twelve forty-five a.m., set the timer.",
    "As in Fig. [3] it works. See ref. [2]. Wind from the N. Smith left. Mar. 5 is a Friday.": "As in Figure [three] it works. | See ref. [two]. | Wind from the north. | Smith left. | March fifth is a Friday.",
    "Send a fax. Then call.": "Send a fax. | Then call.",
    "Wind 12 km/h NW, gusts from the SSW. Wind N 3 kn, then 5 m/s (E).": "Wind twelve kilometers per hour northwest, gusts from the south-southwest. | Wind north three knots, then five meters per second (east).",
    "The wind blew. Size S and vitamin E. Winds, size S.": "The wind blew. | Size S and vitamin E. | Winds, size S.",
    "Hall \u2013 21\u00b0C. Bath - 5%. Outside: -5 \u00b0C.": "Hall \u2013 twenty-one degrees Celsius. | Bath - five percent. | Outside: minus five degrees Celsius.",
    "230V and 5.2A. A 16 A fuse. The battery has 48V, 100Ah.": "two hundred thirty volts and five point two amperes. | A sixteen ampere fuse. | The battery has forty-eight volts, one hundred ampere-hours.",
    "500 mAh, 10 kVA, 1.5 MWh at $0.25 per kWh.": "five hundred milliampere-hours, ten kilovolt-amperes, one point five megawatt-hours at twenty-five cents per kilowatt hour.",
    "He lives at 16 A Road.": "He lives at sixteen A Road.",
    "1:05:00 h, 2h30 and 1h 20min left.": "one hour five minutes, two hours thirty minutes and one hour twenty minutes left.",
    "From 11/30 to 12/05.": "From November thirtieth to December fifth.",
    "From 7/10 to 9/10.": "From seven out of ten to nine out of ten.",
    "2/3 of people, 1/2 of it. Page 2/3 of it.": "two thirds of people, a half of it. | Page two slash three of it.",
    "The Min. is 5, min. 3 chars, 5 min. Done.": "The Min. is five, minimum three chars, five minutes. | Done.",
    "It is in C:\\Users\\Bob\\x.txt. Open it.": "It is in C Users Bob x dot txt. | Open it.",
    "Call 555 123 4567, then 42.": "Call five five five, one two three, four five six seven, then forty-two.",
    "He is from the E.U. Parliament voted.": "He is from the E.U. | Parliament voted.",
    "I work in the E.U. Parliament says so. It does.": "I work in the E.U. | Parliament says so. | It does.",
    "The E.U. Parliament says so. He spoke in the U.S. Senate today.": "The E U Parliament says so. | He spoke in the U S Senate today.",
    "Smith et al. The paper is old.": "Smith et al. | The paper is old.",
    "From 1/2 to 3/4 cup, from 05/20 to 06/03.": "From one slash two to three quarters cup, from May twentieth to June third.",
    "On 3/4 of next year. On 5/6 of it.": "On March fourth of next year. | On five slash six of it.",
}

GERMAN = {
    "Urlaub vom 5.-3.12. war kurz. Die 3.-4. Klasse, vom 5.-8.12.": "Urlaub vom fünften bis dritten Dezember war kurz. | Die dritte bis vierte Klasse, vom fünften Dezember bis achten Dezember.",
    "Timer auf 0:45. Es ist 0:45 Uhr. Timer um 0:45.": "Timer auf fünfundvierzig Sekunden. | Es ist null Uhr fünfundvierzig. | Timer um null Uhr fünfundvierzig.",
    "Wind aus SW, Böen aus N. Der Wind weht, SO ist das. Größe S bei Wind.": "Wind aus Südwest, Böen aus Nord. | Der Wind weht, SO ist das. | Größe S bei Wind.",
    "1/8 l Sahne, 1/2 Bund Petersilie, 1/2 Zwiebel.": "ein Achtel Liter Sahne, ein halber Bund Petersilie, eine halbe Zwiebel.",
    "1/2 Tl. Salz, 1/2 Pck. Backpulver, 1/2 Std. warten.": "ein halber Teel\u00f6ffel Salz, ein halbes P\u00e4ckchen Backpulver, eine halbe Stunde warten.",
    "3/4 Jahr, aber Hauptstra\u00dfe 1/2 und 3/4 Aufgaben.": "drei Viertel Jahr, aber Hauptstra\u00dfe ein Schr\u00e4gstrich zwei und drei von vier Aufgaben.",
    "Bad \u2013 21 \u00b0C. 5.000 mAh, 4 Bft, 28 ct pro kWh.": "Bad \u2013 einundzwanzig Grad Celsius. | f\u00fcnftausend Milliamperestunden, vier Beaufort, achtundzwanzig Cent pro Kilowattstunde.",
    "Min. 12 \u00b0, noch 5 min. Heute nicht.": "Minimal zw\u00f6lf Grad, noch f\u00fcnf Minuten. | Heute nicht.",
    "Urlaub 1.-3.12. und 5.-7.12.2026.": "Urlaub erster Dezember bis dritten Dezember und f\u00fcnfter Dezember bis siebten Dezember zweitausendsechsundzwanzig.",
    "Um 7h30, dauert 7h30.": "Um sieben Uhr drei\u00dfig, dauert sieben Stunden drei\u00dfig Minuten.",
    "Treffen 7:30 PM, um 5 am Bahnhof, um 7:30 am Montag.": "Treffen neunzehn Uhr drei\u00dfig, um f\u00fcnf am Bahnhof, um sieben Uhr drei\u00dfig am Montag.",
    "Seite 3/4 des Buchs. Hotel \u2013 5 Sterne. Mo. 30.11. Ruhe. 3 El Paso.": "Seite drei Schr\u00e4gstrich vier des Buchs. | Hotel \u2013 f\u00fcnf Sterne. | Montag drei\u00dfigster November. | Ruhe. | drei El Paso.",
    "Ludwig \u2169\u2163. war K\u00f6nig.": "Ludwig der vierzehnte war K\u00f6nig.",
    "Freitag 12.10 Uhr, Montag 12.05 Euro, am Dienstag 3.10 Meter, am Montag 3.10 Grad, Freitag 12.10 frei.": "Freitag zwölf Uhr zehn, Montag zwölf Euro fünf, am Dienstag drei Komma eins null Meter, am Montag drei Komma eins null Grad, Freitag zwölfter Oktober frei.",
    "Die 3 Pkt. sind gut.": "Die drei Pkt. sind gut.",
}

FRENCH = {
    "Vent de O, 20 km/h. Vent de SO.": "Vent d'ouest, vingt kilomètres-heure. | Vent de sud-ouest.",
    "Cuire 2-3 h. Cela prend 1-2 h, de 9h30-10h30.": "Cuire deux à trois heures. | Cela prend une à deux heures, de neuf heures trente à dix heures trente.",
    "Mar. 5 déc. Minuteur de 0:45. Il est 0:45.": "mardi cinq décembre. | Minuteur de quarante-cinq secondes. | Il est zéro heure quarante-cinq.",
    "T\u00e9l. 01.23.45.67.89 apr\u00e8s 7:30 PM.": "T\u00e9l\u00e9phone z\u00e9ro un, deux trois, quatre cinq, six sept, huit neuf apr\u00e8s dix-neuf heures trente.",
    "Il faut 2 000 000 minimums, 5 000 000 disponibles.": "Il faut deux millions minimums, cinq millions disponibles.",
    "2 000 000 habitants, 3 000 000 vues.": "deux millions d'habitants, trois millions de vues.",
    "\u00bd tasse, 2/3 des gens, page 1/2 du livre.": "une demi-tasse, deux tiers des gens, page un barre oblique deux du livre.",
    "Le \u2169\u2164\u2162e si\u00e8cle.": "Le dix-huiti\u00e8me si\u00e8cle.",
    "Le 5/6 de 9h à 10h, le 3/4 du matin, les 3/4 du temps.": "Le cinq juin de neuf heures à dix heures, le trois avril du matin, les trois quarts du temps.",
}

SPANISH = {
    "Págs. 3-7. Llama al 912 345 678. Llama al 112. Viento del N. Mañana sol.": "Páginas tres a siete. | Llama al nueve uno dos, tres cuatro cinco, seis siete ocho. | Llama al ciento doce. | Viento del norte. | Mañana sol.",
    "Viento de 12 km/h del NO. El viento sopla, NO salga.": "Viento de doce kilómetros por hora del noroeste. | El viento sopla, NO salga.",
    "El XIX congreso, la II Guerra Mundial y la IX edici\u00f3n.": "El decimonoveno congreso, la segunda Guerra Mundial y la novena edici\u00f3n.",
    "El III Reich, el XXV aniversario, la V Rep\u00fablica.": "El tercer Reich, el veinticinco aniversario, la quinta Rep\u00fablica.",
    "En los siglos XVIII y XIX, cap\u00edtulo IV, anexo II.": "En los siglos dieciocho y diecinueve, cap\u00edtulo cuatro, anexo dos.",
    "La V de victoria, el I Ching, el CD nuevo, el XL.": "La V de victoria, el I Ching, el CD nuevo, el XL.",
    "Los II Juegos, EL II CONGRESO.": "Los segundos Juegos, EL II CONGRESO.",
    "M\u00e1x. 21\u00b0, m\u00edn. 12\u00b0.": "M\u00e1ximo veinti\u00fan grados, m\u00ednimo doce grados.",
    "Tel. 91 234 56 78, a las 7:30 p. m.": "Tel\u00e9fono nueve uno, dos tres cuatro, cinco seis, siete ocho, a las siete y treinta p. m.",
    "DNI 12345678Z, \u00bd taza.": "DNI uno dos tres, cuatro cinco seis, siete ocho Z, media taza.",
    "VIENTO O LLUVIA, VIENTO E INUNDACIONES. Viento O a 20 km/h.": "VIENTO O LLUVIA, VIENTO E INUNDACIONES. | Viento oeste a veinte kilómetros por hora.",
}

ITALIAN = {
    "Pagg. 3-7. Mancano 0:10. Il mar. nero.": "Pagine tre a sette. | Mancano dieci secondi. | Il mar. nero.",
    "Il XIX congresso e la II guerra mondiale.": "Il diciannovesimo congresso e la seconda guerra mondiale.",
    "Lun 30 nov, 3 set 2026, vinse 3 set a 2.": "luned\u00ec trenta novembre, tre settembre duemilaventisei, vinse tre set a due.",
    "\u00bd tazza, 1 \u00bd tazze, 2/3 della gente.": "mezza tazza, una e mezza tazze, due terzi della gente.",
    "Cell. 333 123 4567, ore 7:30 PM.": "Cell. tre tre tre, uno due tre, quattro cinque sei sette, ore diciannove e trenta.",
    "VENTO E PIOGGIA. Vento: E 5 nodi. Il 5/6 di sera, 2/3 di mela.": "VENTO E PIOGGIA. | Vento: est cinque nodi. | Il cinque giugno di sera, due terzi di mela.",
}

DUTCH = {
    "Timer 0:45. Het is 0:45. Blz. 3 of 4.": "Timer vijfenveertig seconden. | Het is nul uur vijfenveertig. | Bladzijde drie of vier.",
    "Nog 2 uur 15 min, \u00bd kop, 2/3 van de mensen.": "Nog twee uur vijftien minuten, een halve kop, twee derde van de mensen.",
    "Max. 21\u00b0, min. 12\u00b0, 4-5 Bft.": "Maximaal eenentwintig graden, minimaal twaalf graden, vier tot vijf beaufort.",
    "Hij woont op 1071 VA Amsterdam. Vermogen 1071 VA.": "Hij woont op duizendeenenzeventig VA Amsterdam. | Vermogen duizendeenenzeventig voltampère.",
    "Op 5/6 van 9 tot 10 uur. Windows N.": "Op vijf juni van negen tot tien uur. | Windows N.",
}

PORTUGUESE = {
    "Ligue para o 912 345 678. Tel. (11) 91234-5678, seg. 30 nov.": "Ligue para o nove um dois, três quatro cinco, seis sete oito. | Telefone um um, nove um dois, três quatro, cinco seis sete oito, segunda-feira trinta de novembro.",
    "O XIX congresso, a II Guerra Mundial, s\u00e9culos XVIII e XIX.": "O d\u00e9cimo nono congresso, a segunda Guerra Mundial, s\u00e9culos dezoito e dezenove.",
}

POLISH = {
    "Z os. Bema przez pl. Wilsona, na os. Bema. Jest.": "Z osiedla Bema przez plac Wilsona, na osiedlu Bema. | Jest.",
    "Maks. 4 os. W domu. Bilet 5 zł na os. Nie ma.": "Maksymalnie cztery os. | W domu. | Bilet pięć złotych na os. | Nie ma.",
    "Sklep 9:00-18:00, pon. 30.11.": "Sklep od dziewiątej do osiemnastej, poniedziałek trzydziestego listopada.",
    "Skr\u0119\u0107 w ul. D\u0142ug\u0105, mieszkam na ul. D\u0142ugiej.": "Skr\u0119\u0107 w ulic\u0119 D\u0142ug\u0105, mieszkam na ulicy D\u0142ugiej.",
    "Od ul. Prostej przez pl. Wilsona do al. Róż.": "Od ulicy Prostej przez plac Wilsona do alei Róż.",
    "U prof. Nowaka i z prof. Nowakiem.": "U profesora Nowaka i z profesorem Nowakiem.",
    "30 lis 2026, pon. 30.11 i dnia 5.12, cena 30.11 z\u0142.": "trzydziestego listopada dwa tysi\u0105ce dwudziestego sz\u00f3stego roku, poniedzia\u0142ek trzydziestego listopada i dnia pi\u0105tego grudnia, cena trzydzie\u015bci z\u0142otych jedena\u015bcie groszy.",
    "Maks. 21\u00b0 na przyklad.pl.": "Maksymalnie dwadzie\u015bcia jeden stopni na przyklad kropka pl.",
    "0,85 z\u0142/kWh, 5000 mAh.": "osiemdziesi\u0105t pi\u0119\u0107 groszy na kilowatogodzin\u0119, pi\u0119\u0107 tysi\u0119cy miliamperogodzin.",
    "Tel. 22 123 45 67, 501 234 567.": "Telefon dwa dwa, jeden dwa trzy, cztery pi\u0119\u0107, sze\u015b\u0107 siedem, pi\u0119\u0107 zero jeden, dwa trzy cztery, pi\u0119\u0107 sze\u015b\u0107 siedem.",
    "We wtorek 5.10 zł, we wtorek 5.10 rano.": "We wtorek pięć złotych dziesięć groszy, we wtorek piątego października rano.",
    "Jadę na pl. Wilsona. Stoi przy al. Niepodległości.": "Jadę na plac Wilsona. | Stoi przy alei Niepodległości.",
}

CZECH = {
    "Bydlím na nám. Míru. Před nám. Míru. Jdeme k nám. Petr přišel.": "Bydlím na náměstí Míru. | Před náměstím Míru. | Jdeme k nám. | Petr přišel.",
    "Otevřeno 9:00-18:00, 5 Kč/kWh, 5.-8.12.": "Otevřeno od devíti hodin do osmnácti hodin, pět korun za kilowatthodinu, pátého prosince až osmého prosince.",
    "Bydlím v ul. Dlouhá. Dal to nám. Potom šel.": "Bydlím v ulici Dlouhá. | Dal to nám. | Potom šel.",
    "Karel IV. a Jan II. cestovali, XX. stolet\u00ed.": "Karel \u010dtvrt\u00fd a Jan druh\u00fd cestovali, dvac\u00e1t\u00e9 stolet\u00ed.",
    "Když II. světová válka skončila. Začíná II. kolo. Karel IV. se narodil.": "Když druhá světová válka skončila. | Začíná druhé kolo. | Karel čtvrtý se narodil.",
}

TURKISH = {
    "M. S. Y\u0131lmaz ve M. \u00d6. Kaya geldi.": "M S Y\u0131lmaz ve M \u00d6 Kaya geldi.",
    "M.\u00d6. 200 ve M. S. 500 y\u0131llar\u0131.": "milattan \u00f6nce iki y\u00fcz ve milattan sonra be\u015f y\u00fcz y\u0131llar\u0131.",
    "Süt al. Ekmek de al. Sonra gel.": "Süt al. | Ekmek de al. | Sonra gel.",
}

RUSSIAN = {
    "Магазин работает 9:00-18:00 и с 10:00-15:00.": "Магазин работает с девяти часов до восемнадцати часов и с десяти часов до пятнадцати часов.",
    "2 ст. л. сахара, 0,5 ч.л. соли, ½ ст. л. масла. Потом 3 ч. л. Потом перемешайте. Ехать 3 ч. Лето.": "две столовые ложки сахара, ноль целых пять десятых чайной ложки соли, половина столовой ложки масла. | Потом три чайные ложки. | Потом перемешайте. | Ехать три часа. | Лето.",
    "Дай им. Потом иди. Завод им. Кирова. МГУ им. Ломоносова.": "Дай им. | Потом иди. | Завод имени Кирова. | МГУ имени Ломоносова.",
    "Таймер 0:45. Сейчас 0:45. До 5.12.": "Таймер сорок пять секунд. | Сейчас ноль сорок пять. | До пятого декабря.",
    "Это важный ген. Пришёл полк.": "Это важный ген. | Пришёл полк.",
    "Ветер СЗ 5 м/с. Ветер: С, 3 м/с. Был ветер. С. Иванов ушёл.": "Ветер северо-западный пять метров в секунду. | Ветер: северный, три метра в секунду. | Был ветер. | С Иванов ушёл.",
    "\u041e\u043d \u0436\u0438\u0432\u0451\u0442 \u0432 \u0433. \u041c\u043e\u0441\u043a\u0432\u0435.": "\u041e\u043d \u0436\u0438\u0432\u0451\u0442 \u0432 \u0433\u043e\u0440\u043e\u0434\u0435 \u041c\u043e\u0441\u043a\u0432\u0435.",
    "Мы едем из г. Перми в г. Омск и в г. Москву.": "Мы едем из города Перми в город Омск и в город Москву.",
    "Летом в г. Сочи жарко, к г. Минску идёт дождь.": "Летом в городе Сочи жарко, к городу Минску идёт дождь.",
    "На ул. Пушкина, с ул. Садовой, на пр. Мира.": "На улице Пушкина, с улицы Садовой, на проспекте Мира.",
    "ул. Ленина, д. 5, корп. 2, стр. 1, кв. 12.": "улица Ленина, дом пять, корпус два, строение один, квартира двенадцать.",
    "В Московской обл. дождь. Хлеб и пр. Потом дом.": "В Московской области дождь. | Хлеб и пр. | Потом дом.",
    "Масса 5 г. Москва. А. С. Пушкин, О. Иванов.": "Масса пять грамм. Москва. | А С Пушкин, О Иванов.",
    "5,47 ₽/кВт·ч, 12 кВтч, 5000 мА·ч.": "пять рублей сорок семь копеек на киловатт-час, двенадцать киловатт-часов, пять тысяч миллиампер-часов.",
    "Ветер 3-5 м/с, 20–25 °C, 2-3 ч, 5-10 ₽, от 5-7 кг.": "Ветер три-пять метров в секунду, двадцать-двадцать пять градусов Цельсия, два-три часа, пять-десять рублей, от пяти-семи килограмм.",
    "Комната 50 кв. м, участок 3 кв. км.": "Комната пятьдесят квадратных метров, участок три квадратных километра.",
    "Тел. 8 800 555-35-35.": "Телефон восемь, восемь ноль ноль, пять пять пять, три пять, три пять.",
    "Ветер: С утра слабый. ВЕТЕР В МОСКВЕ. Ветер В до 5 м/с.": "Ветер: С утра слабый. | ВЕТЕР В МОСКВЕ. | Ветер восточный до пяти метров в секунду.",
    "В 1000 раз больше. 15 тыс. р. Иванов взял.": "В тысячу раз больше. | пятнадцать тысяч р. Иванов взял.",
}
