"""Written and spoken texts as voice assistants write them: weather, prices, titles, formulas, citations."""

from __future__ import annotations

HUNGARIAN = {
    "A 3-ból 2 kész, a 15-ös szoba 5 km-re van.": "A háromból kettő kész, a tizenötös szoba öt kilométerre van.",
    "Az 1000-es és a 100-as szám, 7-kor, 20 °C-os víz.": "Az ezres és a százas szám, hétkor, húsz Celsius-fokos víz.",
    "8:30-tól 10:15-ig tart.": "nyolc óra harminc perctől tíz óra tizenöt percig tart.",
    "A 4-es busz 9-ig jár, 6-tól.": "A négyes busz kilencig jár, hattól.",
    "Ma 12,5 °C van, 2026. május 3-án, 5 Ft.": "Ma tizenkettő egész öt tized Celsius-fok van, kétezerhuszonhat május harmadikán, öt forint.",
    "A 10^6 nagy szám.": "A tíz a hatodik hatványon nagy szám.",
    "Nyitva: 08:00-17:00.": "Nyitva: nyolc órától tizenhét óráig.",
    "Nyitva 08:00-17:00 között.": "Nyitva nyolc óra és tizenhét óra között.",
    "A 90-es években élt.": "A kilencvenes években élt.",
    "Az 1980-as évek zenéje.": "Az ezerkilencszáznyolcvanas évek zenéje.",
    "A 6-os villamos jön.": "A hatos villamos jön.",
    "Az 5-ös busz és a 47-es villamos.": "Az ötös busz és a negyvenhetes villamos.",
    "A 3-as metró.": "A hármas metró.",
    "5 és 10 fok között.": "öt és tíz fok között.",
    "17:30-kor kezdődik.": "tizenhét óra harminc perckor kezdődik.",
    "Este 8-kor.": "Este nyolckor.",
    "20%-os kedvezmény.": "húsz százalékos kedvezmény.",
    "Holnap 15-20 °C lesz.": "Holnap tizenöt-húsz Celsius-fok lesz.",
    "Dr. Kovács és id. Nagy, pl. Budapesten.": "Doktor Kovács és idősebb Nagy, például Budapesten.",
}

POLISH = {
    "18-latek, 3-krotny mistrz, 90-minutowy film, 2-gi.": "osiemnastolatek, trzykrotny mistrz, dziewięćdziesięciominutowy film, drugi.",
    "W 5-tym dniu, 100-lecie i 3-dniowy urlop.": "W piątym dniu, stulecie i trzydniowy urlop.",
    "Potrzebujemy samochodu 5-osobowego.": "Potrzebujemy samochodu pięcioosobowego.",
    "To 5-osobowy samochód.": "To pięcioosobowy samochód.",
    "3-pokojowe mieszkanie.": "trzypokojowe mieszkanie.",
    "Lata 90. były dobre.": "Lata dziewięćdziesiąte były dobre.",
    "W latach 80. i 90. grał w zespole.": "W latach osiemdziesiątych i dziewięćdziesiątych grał w zespole.",
    "Muzyka z lat 70.": "Muzyka z lat siedemdziesiątych.",
    "24-godzinny dyżur": "dwudziestoczterogodzinny dyżur.",
    "2-letnie dziecko ma 100-procentową rację.": "dwuletnie dziecko ma stuprocentową rację.",
    "O godz. 14.30 będzie 25 °C.": "O godzinie czternastej trzydzieści będzie dwadzieścia pięć stopni Celsjusza.",
}

CZECH = {
    "Dvě 2lůžkové pokoje, 3x denně, 5krát.": "Dvě dvoulůžkové pokoje, třikrát denně, pětkrát.",
    "Sejdeme se v 8.30 hod.": "Sejdeme se v osm třicet.",
    "Máme 5pokojový byt.": "Máme pětipokojový byt.",
    "3členná rodina.": "tříčlenná rodina.",
    "24hodinový provoz.": "dvacetičtyřhodinový provoz.",
    "V 90. letech.": "V devadesátých letech.",
    "20letý muž a 2litrová láhev.": "dvacetiletý muž a dvoulitrová láhev.",
    "Ve 14:30 bude 25 °C, např. v Praze.": "Ve čtrnáct třicet bude dvacet pět stupňů Celsia, například v Praze.",
    "MUDr. Novák a Mgr. Svoboda, mj. v Praze.": "doktor Novák a magistr Svoboda, mimo jiné v Praze.",
}

ENGLISH = {
    "J. P. Morgan met E. coli and J. Verne.": "J P Morgan met E. coli and J Verne.",
    "Version v2026.11.1 fixes #1234.": "Version twenty twenty-six point eleven point one fixes number one thousand two hundred thirty-four.",
    "Open 24/7, Mon–Fri 9 a.m.–5 p.m.": "Open twenty-four seven, Monday to Friday nine a.m. to five p.m.",
    "5 × 3 ÷ 2 ≠ 8 and x ≠ y, ∞.": "five times three divided by two is not equal to eight and x is not equal to y, infinity.",
    "$x \\neq \\infty$": "x is not equal to infinity.",
    "Ratio 16:9, time 16:09.": "Ratio sixteen to nine, time four oh nine p.m.",
    "Temp: 68° | Humidity: 45% | CO2: 612 ppm": "Temp: sixty-eight degrees, Humidity: forty-five percent, C O two: six hundred twelve parts per million.",
    "①②③ steps and Ⅳ. Chapter": "one two three steps and four. Chapter.",
    "In the XXI century, see p. 12 and pp. 3-5.": "In the twenty-first century, see page twelve and pages three to five.",
    "It is 1\u2009234\u2009567 m.": "It is one million two hundred thirty-four thousand five hundred sixty-seven meters.",
    "7 * 8 = 56, 9 / 3 = 3, 2^10 = 1024.": "seven times eight equals fifty-six, nine divided by three equals three, two to the power of ten equals one thousand twenty-four.",
    "The timer for 1h 30m is set. 10s left.": "The timer for one hour thirty minutes is set. | ten seconds left.",
    "Commit 3f2a9bc fixed it.": "Commit three F two, A nine B C fixed it.",
    "Tonight: 🌧️ 80% chance, 🌡️ 54°F.": "Tonight: eighty percent chance, fifty-four degrees Fahrenheit.",
    "Width 12,5 cm, price 3,50 USD, 1,000 people.": "Width twelve point five centimeters, price three dollars and fifty cents, one thousand people.",
    "The value is 1e6.": "The value is one times ten to the power of six.",
    "It is 2.5e-3 amps.": "It is two point five times ten to the power of minus three amps.",
    "Speed is 3e8 m/s.": "Speed is three times ten to the power of eight meters per second.",
    "He is 5 ft 10 in tall.": "He is five feet ten inches tall.",
    "He is 5 ft 10 in.": "He is five feet ten inches.",
    "The door is 6 ft 8 in high and 3 ft wide.": "The door is six feet eight inches high and three feet wide.",
    "He's 5'10\" tall.": "He's five feet ten inches tall.",
    "He is 5'10\".": "He is five feet ten inches.",
    "She is 5'4\" and he is 6'1\".": "She is five feet four inches and he is six feet one inch.",
    "It weighs 7 lb 8 oz.": "It weighs seven pounds eight ounces.",
    "It is 12 °C / 54 °F outside.": "It is twelve degrees Celsius, fifty-four degrees Fahrenheit outside.",
    "Rain: 5–10 mm, wind NW 15 km/h, pressure 1013 hPa.": "Rain: five to ten millimeters, wind northwest fifteen kilometers per hour, pressure one thousand thirteen hectopascals.",
    "High of 75°F, low of 58°F, 30% chance of rain.": "High of seventy-five degrees Fahrenheit, low of fifty-eight degrees Fahrenheit, thirty percent chance of rain.",
    "Highs 70-75°F.": "Highs seventy to seventy-five degrees Fahrenheit.",
    "Feels like -3°C with gusts up to 45 km/h.": "Feels like minus three degrees Celsius with gusts up to forty-five kilometers per hour.",
    "AQI is 42 (good).": "AQI is forty-two (good).",
    "Bayern won 3:2 against Dortmund.": "Bayern won three to two against Dortmund.",
    "The final score was 21-14.": "The final score was twenty-one-fourteen.",
    "Call 555-0123 or (212) 555-0187.": "Call five five five, zero one two three or two one two, five five five, zero one eight seven.",
    "Call +1 800 555 0199 now.": "Call plus one, eight zero zero, five five five, zero one nine nine now.",
    "AAPL is up 1.5% at $182.30.": "AAPL is up one point five percent at one hundred eighty-two dollars and thirty cents.",
    "Tesla (TSLA) fell -2.3% to $245.01.": "Tesla (TSLA) fell minus two point three percent to two hundred forty-five dollars and one cent.",
    "Add 1/2 cup of milk and 2 1/2 tbsp sugar.": "Add a half cup of milk and two and a half tablespoons sugar.",
    "Add ½ tsp salt, 1¼ cups flour and ⅓ cup oil.": "Add a half teaspoon salt, one and a quarter cups flour and a third cup oil.",
    "Bake at 350°F for 25–30 min.": "Bake at three hundred fifty degrees Fahrenheit for twenty-five to thirty minutes.",
    "✅ Milk\n✅ Eggs\n❌ Bread": "Milk. | Eggs. | Bread.",
    "🛒 Shopping list:\n🥛 Milk\n🍞 Bread": "Shopping list. | Milk. | Bread.",
    "The formula is $x^2 + y^2 = z^2$.": "The formula is x squared plus y squared equals z squared.",
    "Use $\\frac{a}{b}$ and $\\sqrt{16}$.": "Use a divided by b and the square root of sixteen.",
    "The answer is $E = mc^2$.": "The answer is E equals mc squared.",
    "The area is \\(\\pi r^2\\).": "The area is pi r squared.",
    "We have $5 and $10 left.": "We have five dollars and ten dollars left.",
    "Tom &amp; Jerry cost &lt; 5 &euro;.": "Tom and Jerry cost less than five euros.",
    "Fish &amp; chips&nbsp;for 5&nbsp;&pound; &mdash; nice.": "Fish and chips for five pounds — nice.",
    "It is <b>really</b> hot.<br>Drink water.": "It is really hot. | Drink water.",
    "Paris is the capital of France [1].": "Paris is the capital of France.",
    "Paris is big[1][2] and old.[3] It has a tower.": "Paris is big and old. | It has a tower.",
    "Paris is big.[1] It is old.[2]": "Paris is big. | It is old.",
    "Water boils at 100 °C.【4†source】 It freezes at 0 °C.": "Water boils at one hundred degrees Celsius. | It freezes at zero degrees Celsius.",
    "See https://example.com/search?q=1&b=2 for more.": "See for more.",
    "Go to example.com/search?q=abc&lang=en.": "Go to example dot com slash search.",
    "Mail me at john.doe@example.com.": "Mail me at john dot doe at example dot com.",
    "The U.S. economy grew. The U.S. It grew.": "The U.S. economy grew. | The U.S. | It grew.",
    "Dr. Smith lives on St. John St. He is nice.": "Doctor Smith lives on Saint John Street. | He is nice.",
    "J. R. R. Tolkien wrote it. C. S. Lewis too.": "J R R Tolkien wrote it. | C S Lewis too.",
    "Well... I think so. Wait…what?": "Well... | I think so. | Wait…what?",
    "\"He said, 'Go.' Then he left.\" She nodded.": "He said, 'Go. | Then he left. | She nodded.",
    "Dr. Smith's cat and Mr. Jones met Mrs. Hill.": "Doctor Smith's cat and Mister Jones met Missus Hill.",
    "St. John lives at 12 Main St. in St. Louis.": "Saint John lives at twelve Main Street in Saint Louis.",
    "J. R. R. Tolkien and C.S. Lewis met George W. Bush.": "J R R Tolkien and C S Lewis met George W Bush.",
    "The U.S. Senate and the U.S. economy.": "The U S Senate and the U.S. economy.",
    "A. Lincoln was here at 5 p.m. Monday.": "A. Lincoln was here at five p.m. Monday.",
    "Martin Luther King Jr. was a pastor.": "Martin Luther King Junior was a pastor.",
    "Apple Inc. bought Beats Ltd. for $3B.": "Apple Incorporated bought Beats Limited for three billion dollars.",
    "Sen. Cruz and Rep. Lee met Gov. Brown.": "Senator Cruz and Representative Lee met Governor Brown.",
    "The U.S. It grew. The U.S. Senate met.": "The U.S. | It grew. | The U S Senate met.",
    "He lives on Main St. He is nice.": "He lives on Main Street. | He is nice.",
    "He works at Apple Inc. The pay is good.": "He works at Apple Incorporated. | The pay is good.",
    "Apple Inc. CEO Tim Cook spoke.": "Apple Incorporated CEO Tim Cook spoke.",
    "I met Martin Jr. They left.": "I met Martin Junior. | They left.",
    "Take vitamin C. Oranges have it.": "Take vitamin C. | Oranges have it.",
    "Let us use plan B. Plan A failed.": "Let us use plan B. | Plan A failed.",
    "Ursula K. Le Guin and John F. Kennedy.": "Ursula K Le Guin and John F Kennedy.",
    "Meet at 5 p.m. Monday. Bring it at 9 a.m. Then go.": "Meet at five p.m. Monday. | Bring it at nine a.m. | Then go.",
    "The game starts at 7:30 p.m. EST on ESPN.": "The game starts at seven thirty p.m. E S T on ESPN.",
    "She moved to Washington, D.C. In May she left.": "She moved to Washington, D.C. | In May she left.",
    "It is 5 p.m. The store closes.": "It is five p.m. | The store closes.",
}

RUSSIAN = {
    "\u041d\u0430\u0441\u0435\u043b\u0435\u043d\u0438\u0435 1\xa0500\xa0000 \u0447\u0435\u043b\u043e\u0432\u0435\u043a.": "Население один миллион пятьсот тысяч человек.",
    "Цена до 19.30 рублей.": "Цена до девятнадцати рублей тридцати копеек.",
    "Фильм начнётся в 19.30.": "Фильм начнётся в девятнадцать тридцать.",
    "Магазин работает с 9.00 до 21.00.": "Магазин работает с девяти часов до двадцати одного часа.",
    "Встреча в 8.05 утра.": "Встреча в восемь ноль пять утра.",
    "В 90-х годах.": "В девяностых годах.",
    "Температура поднялась до 19.30 градусов.": "Температура поднялась до девятнадцати целых тридцати сотых градусов.",
    "3-комнатная квартира и 5-летний план.": "трёхкомнатная квартира и пятилетний план.",
    "Ему 25-й год, 2-го ряда, 5-ю часть.": "Ему двадцать пятый год, второго ряда, пятую часть.",
    "В 14:30 будет 25 °C, т. е. тепло.": "В четырнадцать тридцать будет двадцать пять градусов Цельсия, то есть тепло.",
    "А. С. Пушкин родился в Москве.": "А С Пушкин родился в Москве.",
}

FRENCH = {
    "J.-P. Sartre et J. Verne. Il écrit.": "J P Sartre et J Verne. | Il écrit.",
    "Il est 18h30. Rendez-vous p. 5, art. 3.": "Il est dix-huit heures trente. | Rendez-vous page cinq, article trois.",
    "Rendez-vous à 9 h 05 le 1er juin 2026.": "Rendez-vous à neuf heures cinq le premier juin deux mille vingt-six.",
    "La ville a 3 000 000 d'habitants.": "La ville a trois millions d'habitants.",
    "Il y a 2 000 000 d’euros.": "Il y a deux millions d’euros.",
    "Elle compte 3 000 000 habitants.": "Elle compte trois millions d'habitants.",
    "Il y a 3 200 000 habitants.": "Il y a trois millions deux cent mille habitants.",
    "Cela coûte 2 000 000 €.": "Cela coûte deux millions d'euros.",
    "Le PSG a gagné 3-0.": "Le PSG a gagné trois-zéro.",
    "M. Dupont habite au 3e étage, 5 rue St. Honoré.": "monsieur Dupont habite au troisième étage, cinq rue saint Honoré.",
    "Le 1er mai à 14h30, il fera 25 °C.": "Le premier mai à quatorze heures trente, il fera vingt-cinq degrés Celsius.",
    "M. Dupont et Mme Martin voient le Dr. Petit.": "monsieur Dupont et madame Martin voient le docteur Petit.",
    "M. Le Pen est là. M. Le Clézio aussi.": "monsieur Le Pen est là. | monsieur Le Clézio aussi.",
}

GERMAN = {
    "Dr. Hans-J. Müller, geb. am 3.5.1960 in St. Gallen, wohnt Nr. 5.": "Doktor Hans-J Müller, geboren am dritten Mai neunzehnhundertsechzig in Sankt Gallen, wohnt Nummer fünf.",
    "Wetter: 12 °C/54 °F, 5–10 mm, Luftdruck 1.013 hPa.": "Wetter: zwölf Grad Celsius, vierundfünfzig Grad Fahrenheit, fünf bis zehn Millimeter, Luftdruck eintausenddreizehn Hektopascal.",
    "Sonnenaufgang 7:05 Uhr, Sonnenuntergang 16.30 Uhr. Danach Nacht.": "Sonnenaufgang sieben Uhr fünf, Sonnenuntergang sechzehn Uhr dreißig. | Danach Nacht.",
    "x ≠ ∞": "x ungleich unendlich.",
    "Timer auf 1:30 Min. gestellt.": "Timer auf eine Minute dreißig Sekunden gestellt.",
    "Es kostet 3 Mio. € bzw. 2,5 Mrd. $.": "Es kostet drei Millionen Euro beziehungsweise zwei Komma fünf Milliarden Dollar.",
    "Der 2. Platz ging an J. Müller.": "Der zweite Platz ging an J Müller.",
    "Timer auf 90 Sek. gestellt. Noch 2 Std. 15 Min.": "Timer auf neunzig Sekunden gestellt. | Noch zwei Stunden fünfzehn Minuten.",
    "Es sind 12\u202f345 Euro.": "Es sind zwölftausenddreihundertfünfundvierzig Euro.",
    "Bayern gewann 3:2 gegen Dortmund.": "Bayern gewann drei zu zwei gegen Dortmund.",
    "Das Spiel endete 0:0.": "Das Spiel endete null zu null.",
    "Ruf 030 1234567 an.": "Ruf null drei null, eins zwei drei, vier fünf sechs sieben an.",
    "Zutaten: 250 g Mehl, 1 TL Backpulver, 3 Eier.": "Zutaten: zweihundertfünfzig Gramm Mehl, ein Teelöffel Backpulver, drei Eier.",
    "Backe bei 180 °C ca. 25–30 Min.": "Backe bei einhundertachtzig Grad Celsius circa fünfundzwanzig bis dreißig Minuten.",
    "Eine 3-Zimmer-Wohnung und ein 5-Gang-Menü.": "Eine drei-Zimmer-Wohnung und ein fünf-Gang-Menü.",
    "Wir haben z. B. Äpfel, d. h. Obst, u. a. Birnen.": "Wir haben zum Beispiel Äpfel, das heißt Obst, unter anderem Birnen.",
    "Haus Nr. 5 um 10.30 Uhr.": "Haus Nummer fünf um zehn Uhr dreißig.",
    "Am 3. Mai um 10.30 Uhr bis 12 Uhr.": "Am dritten Mai um zehn Uhr dreißig bis zwölf Uhr.",
    "Der 1. FC Köln spielt am 21.12.": "Der erste FC Köln spielt am einundzwanzigsten Dezember.",
    "Dr. Müller und Prof. Dr. Schmidt wohnen in der Hauptstr. 5.": "Doktor Müller und Professor Doktor Schmidt wohnen in der Hauptstraße fünf.",
    "Dr. med. Schmidt, Fr. Meier und Hr. Kunz.": "Doktor med Schmidt, Frau Meier und Herr Kunz.",
    "St. Pauli und J. S. Bach.": "Sankt Pauli und J S Bach.",
    "Wir haben u. a. Birnen, v.a. Äpfel, i.d.R. frisch, s.o., z.T. gekocht.": "Wir haben unter anderem Birnen, vor allem Äpfel, in der Regel frisch, siehe oben, zum Teil gekocht.",
    "Nimm Vitamin C. Das hilft.": "Nimm Vitamin C. | Das hilft.",
    "Wir sehen z. B. Das Boot.": "Wir sehen zum Beispiel Das Boot.",
}

SPANISH = {
    "Son las 5:30 p. m. Luego voy.": "Son las cinco y treinta p. m. | Luego voy.",
    "Cuesta 1\u202f234,50 \u20ac y 1\xa0000\xa0000 personas.": "Cuesta mil doscientos treinta y cuatro euros con cincuenta y un millón de personas.",
    "Los años 90 y el s. XX.": "Los años noventa y el siglo veinte.",
    "El Madrid ganó 2-1 al Barça.": "El Madrid ganó dos-uno al Barça.",
    "La empresa S.A. ganó 5 M€.": "La empresa S A ganó cinco millones de euros.",
    "El Sr. Gómez y la Dra. Ruiz llegaron a las 10:30 h.": "El señor Gómez y la doctora Ruiz llegaron a las diez y treinta.",
    "El Sr. Gómez y la Dra. Ruiz, D. Juan y Ud. también.": "El señor Gómez y la doctora Ruiz, don Juan y usted también.",
    "Traiga pan, leche, etc. Luego descanse.": "Traiga pan, leche, etcétera. | Luego descanse.",
}

ITALIAN = {
    "Il 1° maggio alle 14:30 ci saranno 25 °C.": "Il primo maggio alle quattordici e trenta ci saranno venticinque gradi Celsius.",
    "Il Sig. Rossi e la Dott.ssa Bianchi, ecc.": "Il signor Rossi e la dottoressa Bianchi, eccetera.",
}

DUTCH = {
    "Om 14.30 uur is het 25 °C, d.w.z. warm.": "Om veertien uur dertig is het vijfentwintig graden Celsius, dat wil zeggen warm.",
    "Dhr. de Vries en mevr. Jansen wonen in de Kerkstr. 5.": "De heer de Vries en mevrouw Jansen wonen in de Kerkstraat vijf.",
}

PORTUGUESE = {
    "Às 14h30 fará 25 °C, p. ex. em Lisboa.": "Às catorze horas e trinta fará vinte e cinco graus Celsius, por exemplo em Lisboa.",
    "O Sr. Silva e a Dra. Ana moram na Av. Paulista.": "O senhor Silva e a doutora Ana moram na avenida Paulista.",
}

TURKISH = {
    "Saat 14:30'da 25 °C olacak.": "Saat on dört otuz'da yirmi beş derece olacak.",
    "Dr. Ayşe ve Prof. Ali, örn. Ankara'da.": "Doktor Ayşe ve Profesör Ali, örneğin Ankara'da.",
}

ARABIC = {
    "الساعة 14:30 والحرارة 25 °C.": "الساعة الرابعة عشرة وثلاثون دقيقة والحرارة خمسة وعشرون درجة مئوية.",
}

HINDI = {
    "14:30 बजे 25 °C होगा।": "चौदह बजकर तीस मिनट पच्चीस डिग्री सेल्सियस होगा।",
    "डॉ. शर्मा आए।": "डॉक्टर शर्मा आए।",
}

CHINESE = {
    "第3名，3月5日星期一，￥1,234.50，电话010-12345678。": "第三名，三月五日星期一，一千二百三十四点五零元，电话零 一 零, 一 二 三, 四 五 六, 七 八。",
    "下午2:30气温25°C，降水概率30%。": "下午两点三十分气温二十五摄氏度，降水概率百分之三十。",
}

JAPANESE = {
    "午後2:30の気温は25℃、降水確率は30%です。": "午後二時三十分の気温は二十五度、降水確率は三十パーセントです。",
}

KOREAN = {
    "오후 2:30 기온은 25°C, 강수 확률은 30%입니다.": "오후 두 시 삼십 분 기온은 이십오 도, 강수 확률은 삼십 퍼센트입니다.",
}
