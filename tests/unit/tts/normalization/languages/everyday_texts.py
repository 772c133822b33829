"""Written texts of an ordinary day: abbreviations, addresses, recipes, history, money, instruments."""

from __future__ import annotations

ENGLISH = {
    "10:30: Dentist. A waltz in 3/4 time, the 6/8 time signature.": "ten thirty: Dentist. | A waltz in three four time, the six eight time signature.",
    "Rain, 15 km/h NW. Size NW. It moves 15 mph S.": "Rain, fifteen kilometers per hour northwest. | Size NW. | It moves fifteen miles per hour S.",
    "The 8:30 left early. Only $5 TRY IT. Order 302-1234567 for 500000-1000000 dollars.": "The eight thirty left early. | Only five dollars TRY IT. | Order three zero two, one two three, four five six seven for five hundred thousand-one million dollars.",
    "Set the font to 12 pt. It is 20 pt. in all. Add 2 pt. milk.": "Set the font to twelve points. | It is twenty points in all. | Add two pints milk.",
    "He got a J. Crew shirt. Henry V. Smith met Henry V of England.": "He got a J Crew shirt. | Henry V Smith met Henry the fifth of England.",
    "The band [Music][Applause] played [this][song-1].": "The band [Music][Applause] played this.",
    "| Mon | 21° |\n| Sun | -3° |\n\nRain on Wed. Sun, sand and sea. Wed in June. Fri night.": "Monday, twenty-one degrees. | Sunday, minus three degrees. | Rain on Wednesday. | Sun, sand and sea. | Wed in June. | Friday night.",
    "It comes Mon 12/1. On Fri. 12/5 @ 2:30pm. Play 80s music. Wait 90s.": "It comes Monday December first. | On Friday December fifth at two thirty p.m. | Play eighties music. | Wait ninety seconds.",
    "Take Rte. 9 to Apt. 4B, ext. 5. It is 45.2 %RH, 0.2 in/hr. 12 kWh = $0.98.": "Take Route nine to Apartment four B, extension five. | It is forty-five point two percent relative humidity, zero point two inches per hour. | twelve kilowatt-hours equals ninety-eight cents.",
    "He left 5:00 free. Room 5 1/2 has 3 1/2 doors. Values 1.5,2.5,3.5.": "He left five o'clock free. | Room five and a half has three and a half doors. | Values one point five, two point five, three point five.",
    "The letter N. Next one. It (see http://a.b/c) works.": "The letter N. | Next one. | It (see) works.",
    "It costs US$5.50, $5 CAD or $5 USD. It fell by $-5 to 50¢, not ¢60.": "It costs five point five zero US dollars, five Canadian dollars or five dollars. | It fell by minus five dollars to fifty cents, not sixty cents.",
    "Timer: 5:00 left. The timer 5:00 started. Set a timer at 5:00. 12:30 remaining.": "Timer: five minutes left. | The timer five minutes started. | Set a timer at five o'clock. | twelve minutes thirty seconds remaining.",
    "Blood pressure 120/80, or 118/76 mmHg. 20/20 vision in 2/4 time.": "Blood pressure one hundred twenty over eighty, or one hundred eighteen over seventy-six millimeters of mercury. | twenty twenty vision in two four time.",
    "A pt. of cream is 1 pt. cream, 2 qts milk, 5 fl oz juice, in a 12 pt font.": "A pt. of cream is one pint cream, two quarts milk, five fluid ounces juice, in a twelve pt font.",
    "It is 5 1/4 inches, 2-1/2 miles, bread ×2, the 1,000th time.": "It is five and a quarter inches, two and a half miles, bread times two, the one thousandth time.",
    "The 2024-25 season, and in 2011-12.": "The twenty twenty-four twenty-five season, and in twenty eleven-twelve.",
    "See Act III, Scene ii, page xii, Articles I-III, chapters IV–VI. He said I-beam.": "See Act three, Scene two, page twelve, Articles one to three, chapters four to six. | He said I-beam.",
    "The i7-12700K is fast. Use a 2700K bulb.": "The i seven-twelve thousand seven hundred K is fast. | Use a two thousand seven hundred kelvin bulb.",
    "Version 3.5A is out. A 3.5A fuse.": "Version three point five A is out. | A three point five ampere fuse.",
    "She got an A. Tom got a B. Take a J. Smith along.": "She got an A. | Tom got a B. | Take a J Smith along.",
    "The numbers 100 200 3000 are big. Call 555 123 4567.": "The numbers one hundred two hundred three thousand are big. | Call five five five, one two three, four five six seven.",
    "Zip code 90210, 1500 homes. The codes are code 1234, 5678.": "Zip code nine zero two, one zero, one thousand five hundred homes. | The codes are code one two three four, five six seven eight.",
    "Order 302-1234567 is at 52.5,13.4 with AA-BB-CC-DD-EE-FF.": "Order three zero two, one two three, four five six seven is at fifty-two point five, thirteen point four with A A, B B, C C, D D, E E, F F.",
    "Run ./run.sh from \\\\nas\\music now.": "Run run dot sh from nas music now.",
}

GERMAN = {
    "10:30: Zahnarzt.": "zehn Uhr dreißig: Zahnarzt.",
    "Franz X. Müller schläft. Karl V. war Kaiser. Das war für 1 Pers. gedacht.": "Franz X Müller schläft. | Karl der fünfte war Kaiser. | Das war für eine Person gedacht.",
    "So: 5 Minuten noch. So: 5 °C.": "So: fünf Minuten noch. | Sonntag: fünf Grad Celsius.",
    "Mi.–Fr. frei. Sa./So. zu. So, 5 Leute kamen. Von Gl. 3.": "Mittwoch bis Freitag frei. | Samstag und Sonntag zu. | So, fünf Leute kamen. | Von Gleis drei.",
    "Do, 19 °C. Mo.-Fr. Danach zu.": "Donnerstag, neunzehn Grad Celsius. | Montag bis Freitag. Danach zu.",
    "5 1/2 Zimmer in 3 1/2 Jahren, Blutdruck: 120/80.": "fünfeinhalb Zimmer in dreieinhalb Jahren, Blutdruck: einhundertzwanzig zu achtzig.",
    "Min. -3 °C in KW 48, nach Art. 5 GG im 21. Jh. v. Chr.": "Minimal minus drei Grad Celsius in Kalenderwoche achtundvierzig, nach Artikel fünf GG im einundzwanzigsten Jahrhundert vor Christus.",
    "3 Stk. Eier für 4 Pers. zu 50 Ct., 1 Bd. Petersilie, aber Bd. 2.": "drei Stück Eier für vier Personen zu fünfzig Cent, ein Bund Petersilie, aber Band zwei.",
    "Der 1. FC Köln gewann beim 1. FC Nürnberg.": "Der erste FC Köln gewann beim ersten FC Nürnberg.",
    "Leo XIV. sprach über Hartz IV. Dann ging er.": "Leo der vierzehnte sprach über Hartz vier. | Dann ging er.",
    "Blutdruck 120/80 mmHg, Saison 2024-25.": "Blutdruck einhundertzwanzig zu achtzig Millimeter Quecksilbersäule, Saison zweitausendvierundzwanzig fünfundzwanzig.",
    "Der 100. Tag, das 200. Mal, zum 100. Geburtstag und der 1000. Besucher.": "Der einhundertste Tag, das zweihundertste Mal, zum einhundertsten Geburtstag und der eintausendste Besucher.",
    "Zähle bis 100. Danach ist Schluss. Es ist die 112. Ruf an.": "Zähle bis einhundert. | Danach ist Schluss. | Es ist die einhundertzwölf. | Ruf an.",
    "Nimm die 100. Danach 200. Sie ist die 1000. Kundin.": "Nimm die einhundert. | Danach zweihundert. | Sie ist die eintausendste Kundin.",
}

FRENCH = {
    "La tension de 12/8 est bonne.": "La tension de douze sur huit est bonne.",
    "Cette bd Tintin, ma bd Astérix, pour 1 pers. ou 2 pers. ici.": "Cette bd Tintin, ma bd Astérix, pour une personne ou deux personnes ici.",
    "Au 2e ét. à droite.": "Au deuxième étage à droite.",
    "Une bd Astérix, le bd de Sèvres. Minuteur : 5:00. 2 1/2 tasses, tension de 120/80.": "Une bd Astérix, le boulevard de Sèvres. | Minuteur : cinq minutes. | deux et demie tasses, tension de cent vingt sur quatre-vingts.",
    "Il habite 20 bd St-Michel, puis av. Foch à St-Denis, en 50 av. J.-C.": "Il habite vingt boulevard Saint-Michel, puis avenue Foch à Saint-Denis, en cinquante avant Jésus-Christ.",
    "2 c. à s. d'huile et 1 c. à c. de sel pour 4 pers. au XXIe s. de notre ère.": "deux cuillères à soupe d'huile et une cuillère à café de sel pour quatre personnes au vingt-et-unième siècle de notre ère.",
    "Ajoutez 2 c. à s. Mélangez.": "Ajoutez deux cuillères à soupe. | Mélangez.",
}

SPANISH = {
    "Tensión de 12/8.": "Tensión de doce sobre ocho.",
    "Programo en C/C++ en la C/ Mayor. Juan V. Pérez nombró a Juan V de Castilla.": "Programo en C/C++ en la calle Mayor. | Juan V Pérez nombró a Juan quinto de Castilla.",
    "Vive en 3.º izq. y 2.º dcha.": "Vive en tercero izquierda y segundo derecha.",
    "1 vez, 1 mujer, presión 120/80.": "una vez, una mujer, presión ciento veinte sobre ochenta.",
    "Vive en C/ Mayor 5. Pon 3 cdas. de aceite y 1 cdta. de sal.": "Vive en calle Mayor cinco. | Pon tres cucharadas de aceite y una cucharadita de sal.",
    "21 mujeres, 21 veces. León X y León XIV. II Guerra Mundial, III Reich.": "veintiuna mujeres, veintiuna veces. | León décimo y León catorce. | segunda Guerra Mundial, tercer Reich.",
}

ITALIAN = {
    "Giorgio V. Rossi, un FIX sec.": "Giorgio V Rossi, un FIX sec.",
    "1 mln di euro, pressione 120/80.": "un milione di euro, pressione centoventi su ottanta.",
    "1/2 limone, 1/2 mela, nel XXI sec. dopo 5 sec. di attesa.": "mezzo limone, mezza mela, nel ventunesimo secolo dopo cinque secondi di attesa.",
    "1,5 mln di euro in V.le Roma e P.zza Duomo. Leone XIV dopo la II guerra mondiale.": "uno virgola cinque milioni di euro in viale Roma e piazza Duomo. | Leone quattordicesimo dopo la seconda guerra mondiale.",
}

DUTCH = {
    "Er zijn 2 TL lampen, maar 2 tl zout.": "Er zijn twee TL lampen, maar twee theelepels zout.",
    "Om 9.30 u. begint het.": "Om negen uur dertig begint het.",
    "Dit gaat m.b.v. een app, b.v. thuis. 3 el olie, 1 tl zout.": "Dit gaat met behulp van een app, bijvoorbeeld thuis. | drie eetlepels olie, één theelepel zout.",
}

POLISH = {
    "W maju br. padało, do końca br. też. Nasz br. jest tu. Był tu Leon V. Nowak.": "W maju bieżącego roku padało, do końca bieżącego roku też. | Nasz br. jest tu. | Był tu Leon V Nowak.",
    "Na przełomie XIX i XX w. było.": "Na przełomie dziewiętnastego wieku i dwudziestego wieku było.",
    "Wiatr SW 12 km/h. W XIX w. mieszkał przy ul. Długiej 5 m. 3 w Łodzi. Mam 5 m. 3 razy.": "Wiatr południowo-zachodni dwanaście kilometrów na godzinę. | W dziewiętnastym wieku mieszkał przy ulicy Długiej pięć mieszkanie trzy w Łodzi. | Mam pięć metrów. | trzy razy.",
    "5 szt. jajek, 1 szt., 1/2 cytryny. Wiek XX. Kup 5 ks. Jutro wróć. Był ks. Nowak.": "pięć sztuk jajek, jedna sztuka, pół cytryny. | Wiek dwudziesty. | Kup pięć ks. | Jutro wróć. | Był ksiądz Nowak.",
    "Dostał A. Powiedział to. Mówił A. Kowalski.": "Dostał A. | Powiedział to. | Mówił A Kowalski.",
}

PORTUGUESE = {
    "Pressão 12/8 hoje.": "Pressão doze por oito hoje.",
    "R. Costa, 45 anos, mora na R. Costa, 45.": "R Costa, quarenta e cinco anos, mora na rua Costa, quarenta e cinco.",
    "Vento de SO a 12 km/h, 1.º de maio. R. Augusta, 3, mas R. Silva chegou.": "Vento de sudoeste a doze quilômetros por hora, primeiro de maio. | rua Augusta, três, mas R Silva chegou.",
    "½ xícara, 1 1/2 xícaras, meio copo, 1/2 maçã. 22 mulheres no séc. XXI.": "meia xícara, uma e meia xícaras, meio copo, meia maçã. | vinte e duas mulheres no século vinte e um.",
    "Leão X, Dom Manuel I, II Guerra Mundial.": "Leão décimo, Dom Manuel primeiro, segunda Guerra Mundial.",
}

RUSSIAN = {
    "Всё ок. 3 лампы. Это ок. 3 ламп.": "Всё ок. три лампы. | Это около трёх ламп.",
    "Рядом г. Волжский, г. Женева, г. Киров и г. Губкин. Умер г. Иванов.": "Рядом город Волжский, город Женева, город Киров и город Губкин. | Умер господин Иванов.",
    "На рубеже XIX и XX вв. жили г. Кузнецов и г. Ковров.": "На рубеже девятнадцатого века и двадцатого века жили господин Кузнецов и город Ковров.",
    "Пришёл г. Петров. Письмо г. Смирнову из г. Саратова. г. Пушкин стоит, в г. Иванове тепло.": "Пришёл господин Петров. | Письмо господину Смирнову из города Саратова. город Пушкин стоит, в городе Иванове тепло.",
    "о. Павел служит, с о. Сергием. На о. Сахалин и о. Крит.": "отец Павел служит, с отцом Сергием. | На острове Сахалин и остров Крит.",
    "Мин. -3°, макс. 5°. Пн. 30 нояб. 2026 г., ок. 5 км, 5 мин. 20 сек.": "Минимум минус три градуса, максимум пять градусов. | понедельник тридцатого ноября две тысячи двадцать шестого года, около пяти километров, пять минут двадцать секунд.",
    "В XIX в. жили. Конец XVIII в. близок. 5 шт. яиц, 2-х дней, 5-ти лет, 80-х годов.": "В девятнадцатом веке жили. | Конец восемнадцатого века близок. | пять штук яиц, двух дней, пяти лет, восьмидесятых годов.",
    "XXIV съезд при Петре I был. Тут нужно 1/2 лимона.": "двадцать четвертый съезд при Петре первом был. | Тут нужно половина лимона.",
}

CZECH = {
    "Sejdeme se v 9.30. Ve 12.15 přijde, odejde v 9.30 hod. Je v 9.30 metru.": "Sejdeme se v devět třicet. | Ve dvanáct patnáct přijde, odejde v devět třicet. | Je v devět celých třicet metru.",
    "2 mld. Kč.": "dvě miliardy korun.",
    "Vítr JZ 12 km/h. Vítr. V Praze prší. 1 hod. 5 min. a 21. stol.": "Vítr jihozápadní dvanáct kilometrů za hodinu. | Vítr. | V Praze prší. | jedna hodina pět minut a dvacáté první století.",
    "1,5 mil. Kč, 3 mil. Kč, 5 mil. lidí. Stálo to 5 mil. Karel šel. 1/2 citronu a 5 ks.": "jedna celá pět milionu korun, tři milióny korun, pět miliónů lidí. | Stálo to pět miliónů. | Karel šel. | půl citronu a pět kusů.",
    "Je na nám. Potom šel. Jdu na nám.": "Je na náměstí. | Potom šel. | Jdu na náměstí.",
}

TURKISH = {
    "Randevu 9.30'da, pay 5.5'e.": "Randevu dokuz otuz'da, pay beş virgül beş'e.",
    "5 sn. Sonra gel. Sn. Yılmaz geldi.": "beş saniye. | Sonra gel. | sayın Yılmaz geldi.",
    "Rüzgar GB 12 km/sa, 8 GB bellek. XX. yüzyıl, III. Selim. Adres No: 5. Tamam.": "Rüzgar güneybatı saatte on iki kilometre, sekiz gigabayt bellek. | yirminci yüzyıl, üçüncü Selim. | Adres No: beş. | Tamam.",
    "1 sa. 5 dk. sürdü. 1,5 milyon TL.": "bir saat beş dakika sürdü. | bir virgül beş milyon lira.",
}

HUNGARIAN = {
    "Ma nov. 30., hétfő van. Ma 2026. 11. 30. van. Ez 2026. Jó volt.": "Ma november harmincadika, hétfő van. | Ma kétezerhuszonhat november harmincadika van. | Ez kétezerhuszonhat. | Jó volt.",
    "Fő u. 5. Szél DNy. 1,5 millió Ft a XXI. sz. elején. IV. Béla, II. Endre, III. Béla.": "Fő utca öt. | Szél délnyugati. | egy egész öt tized millió forint a huszonegyedik század elején. | negyedik Béla, második Endre, harmadik Béla.",
}

CHINESE = {
    "牛奶2L、面粉500g。": "牛奶两升、面粉五百克。",
}

JAPANESE = {
    "牛乳2L、小麦粉500g、5G。3Lサイズ、100m。": "牛乳二リットル、小麦粉五百グラム、五G。 | 三エルサイズ、百メートル。",
}

KOREAN = {
    "우유 2L, 밀가루 500g, 5G.": "우유 이리터, 밀가루 오백그램, 오G.",
}

ARABIC = {
    "درجة حرارة الغرفة 21.5°م.": "درجة حرارة الغرفة واحد وعشرون فاصلة خمسة درجة مئوية.",
}
