"""Abbreviations before numerals, codes, names and weekdays, and the words that look like them."""

from __future__ import annotations

ENGLISH = {
    "Flight no. LH400 is late. Is seat no. A12 free?": "Flight number LH four hundred is late. | Is seat number A twelve free?",
    "Is it on? No. LED lamps are off. The answer is no. B12 is fine.": "Is it on? | No. | L E D lamps are off. | The answer is no. | B twelve is fine.",
    "I love art. I agree. Wait a sec. It works. I need a cap. V is here.": "I love art. | I agree. | Wait a sec. | It works. | I need a cap. | V is here.",
    "Art. VI applies, see sec. 4 and Section VIII.B of vol. II.": "Article six applies, see section four and Section eight B of volume two.",
    "Price excl. VAT, incl. tips. H.264 streams, API v2.5, TLS 1.2.": "Price excluding VAT, including tips. | H two hundred sixty-four streams, API version two point five, TLS one point two.",
    "Turn it to the max. Then ask Max. He knows.": "Turn it to the max. | Then ask Max. | He knows.",
    "Call ☎ 555-1234 or 📞 +1 (555) 123-4567 now. 📱 Phone. ☎": "Call five five five, one two three four or plus one, five five five, one two three, four five six seven now. | Phone.",
    "The paper (doi:10.1145/3292500.3330701) is out. It is 10.5000.": "The paper is out. | It is ten point five zero zero zero.",
    "Valid through 03/2026, issue 03/2026.": "Valid through March twenty twenty-six, issue zero three, two zero two six.",
    "Set it at 0700 hours, after 1400 hours of work.": "Set it at seven o'clock, after fourteen hundred hours of work.",
    "Mon., Wed., and Fri. at 9. He was wed and sat on the sun.": "Monday, Wednesday, and Friday at nine. | He was wed and sat on the sun.",
    "1 1/2 tsp. vanilla, 2 Tbsp butter, 5 mcg, 2 wks, 350 degrees F.": "one and a half teaspoons vanilla, two tablespoons butter, five micrograms, two weeks, three hundred fifty degrees Fahrenheit.",
    "The LED lasts 2000 hours. He flew 1500 hours.": "The L E D lasts two thousand hours. | He flew one thousand five hundred hours.",
    "📱 20 new messages, 📞 12 missed calls, 📱 +2.5 GB, ☏ 50 %.": "twenty new messages, twelve missed calls, plus two point five gigabytes, fifty percent.",
    "Room 12/2024 is free. Only 12/2000 people came.": "Room twelve slash twenty twenty-four is free. | Only twelve slash two thousand people came.",
    "$5/mo., w/ milk, b/c of Rt. 66 and ZIP code 90210.": "five dollars per month, with milk, because of Route sixty-six and ZIP code nine zero two, one zero.",
    "Adobe XD is a tool. Rate 10.5000/kg.": "Adobe XD is a tool. | Rate ten point five zero zero zero/kg.",
    "Turn the volume to max. Music is playing. Min. Dinner is ready.": "Turn the volume to max. | Music is playing. | Min. | Dinner is ready.",
    "There is definitely no. CO2 is high. Yes or no. B12 helps.": "There is definitely no. | C O two is high. | Yes or no. | B twelve helps.",
    "I love art. VI is old. In the app. XL sizes are out. Close the tab. F5 reloads.": "I love art. | VI is old. | In the app. | XL sizes are out. | Close the tab. | F five reloads.",
    "It is modern art. 20 paintings hang. Wait a sec. 3 more minutes.": "It is modern art. twenty paintings hang. | Wait a sec. three more minutes.",
    "Zip 1000 files. It is 50 € incl. Shipping is free. 5 € incl. 3 drinks.": "Zip one thousand files. | It is fifty euros incl. | Shipping is free. | five euros including three drinks.",
}

GERMAN = {
    "Art. LIII GG. Kap. IX. Danach Kap. V. Flug Nr. LH400 ist da.": "Artikel dreiundfünfzig GG. Kapitel neun. | Danach Kapitel fünf Flug Nummer LH vierhundert ist da.",
    "Im XIX. und XX. Jh. war das so.": "Im neunzehnten und zwanzigsten Jahrhundert war das so.",
    "§ 5 Abs. 2 S. 1 BGB. Siehe S. 12 und S. Fischer.": "Paragraf fünf Absatz zwei Satz eins BGB. | Siehe Seite zwölf und S Fischer.",
    "z. Hd. Frau Meier, Hr. u. Fr. Müller, verh. seit 1990.": "zu Händen Frau Meier, Herr und Frau Müller, verheiratet seit neunzehnhundertneunzig.",
    "Ich bin Max. Und du? Ruf Max. Max. 5 Grad.": "Ich bin Max. | Und du? | Ruf Max. | Maximal fünf Grad.",
    "Die max. Leistung ist da. Max. Dann Mia.": "Die maximal Leistung ist da. | Max. | Dann Mia.",
    "Max. Leistung: 5 W": "Maximal Leistung: fünf Watt.",
    "Min. Spannung: 5 V bei 1600 U/min und 40 kbit/s.": "Minimal Spannung: fünf Volt bei eintausendsechshundert Umdrehungen pro Minute und vierzig Kilobit pro Sekunde.",
    "Liste (z. B. [1, 2, 4]). Zeit für autom. Sperre.": "Liste (zum Beispiel [eins, zwei, vier]). | Zeit für automatische Sperre.",
    "1. Stelle den Herd an.\n2. Reihe die Kisten auf.": "eins. Stelle den Herd an. | zwei. Reihe die Kisten auf.",
    "Lernt Befehle per IR. Aktion starten. Phase 1 Spannung.": "Lernt Befehle per IR. | Aktion starten. | Phase eins Spannung.",
    "Ab 16 J. frei, das sind 5 J. Energie.": "Ab sechzehn Jahren frei, das sind fünf Joule. | Energie.",
    "☎ 030 12345, ☎ 112. Bis 03/2026.": "null drei null, eins zwei drei vier fünf, eins eins zwei. | Bis März zweitausendsechsundzwanzig.",
    "In der 2. Woche, am Ende der 2. Woche, die 3. Folge der 2. Staffel.": "In der zweiten Woche, am Ende der zweiten Woche, die dritte Folge der zweiten Staffel.",
    "Der 2. Platz. Anna war der 2. Gast. In der 1. und 2. Klasse.": "Der zweite Platz. | Anna war der zweite Gast. | In der ersten und zweiten Klasse.",
    "Jeden 2. Tag, mein 40. Geburtstag, ihr 1. Auto. Das sind seine 4. Danach nichts.": "Jeden zweiten Tag, mein vierzigster Geburtstag, ihr erstes Auto. | Das sind seine vier. | Danach nichts.",
    "Im 18./19. Jh. war das, 5 % von 200 € = 10 €.": "Im achtzehnten und neunzehnten Jahrhundert war das, fünf Prozent von zweihundert Euro gleich zehn Euro.",
    "Noch 5 Min. Pause. Noch 5 Min. Dann los.": "Noch fünf Minuten Pause. | Noch fünf Minuten. | Dann los.",
    "Am Mo. ist zu. Mo.–Fr. 8.00–12.00 Uhr.": "Am Montag ist zu. | Montag bis Freitag acht Uhr bis zwölf Uhr.",
    "Goethe († 22. März 1832), Ø 5 cm.": "Goethe (gestorben am zweiundzwanzigsten März achtzehnhundertzweiunddreißig), Durchmesser fünf Zentimeter.",
    "Super :-) Haha :D, gut. Option 8) ist da :).": "Super Haha, gut. | Option acht) ist da.",
    "So und so ist es. Mo bis Fr offen.": "So und so ist es. | Montag bis Freitag offen.",
    "100 m² sind 10 m × 10 m, 5 · 3 = 15.": "einhundert Quadratmeter sind zehn Meter mal zehn Meter, fünf mal drei gleich fünfzehn.",
    "1. Hund füttern\n2. Kaffee kochen\n3. Termin: Zahnarzt": "eins. Hund füttern. | zwei. Kaffee kochen. | drei. Termin: Zahnarzt.",
    "1. Reihe, Platz 5. Drucksache 12/2023, Aktenzeichen 05/2024.": "erste Reihe, Platz fünf. | Drucksache zwölf Schrägstrich zweitausenddreiundzwanzig, Aktenzeichen null fünf, zwei null zwei vier.",
    "Noch 2 Std. Akku ist leer. 40 Min. Ofen vorheizen.": "Noch zwei Stunden. | Akku ist leer. | vierzig Minuten. | Ofen vorheizen.",
    "Max. Essen ist fertig! Mit max. Helligkeit. Auf max. Musik läuft.": "Max. | Essen ist fertig! | Mit maximal Helligkeit. | Auf maximal. | Musik läuft.",
    "Jedes 3. Kind, von 5 J. auf 10 J. erhöht, auf Schritt 1 Minute warten.": "Jedes dritte Kind, von fünf Joule auf zehn Joule erhöht, auf Schritt eine Minute warten.",
    "Im 19. und XX. Jahrhundert war es. Ich mag Do und Mi als Noten.": "Im neunzehnten und zwanzigsten Jahrhundert war es. | Ich mag Do und Mi als Noten.",
    "Es kostet 5 € excl. Versand.": "Es kostet fünf Euro excl. Versand.",
}

FRENCH = {
    "Le vol n°12, le vol n° LH400 et le vol no AF123.": "Le vol numéro douze, le vol numéro LH quatre cents et le vol numéro AF cent vingt-trois.",
    "Art. L. 121-1 du Code, art. R. 4. Voir l'art. L. 5. J'aime l'art. Les gens aussi.": "Article L cent vingt-et-un-un du Code, article R quatre. | Voir l'article L cinq. | J'aime l'art. | Les gens aussi.",
    "M. et Mme Dupont, Mgr Untel, un vol. Il est tard.": "monsieur et madame Dupont, monseigneur Untel, un vol. | Il est tard.",
    "Bât. A, apt. 12, pl. d'Italie, XVIe arr., nos 3 amis.": "Bâtiment A, appartement douze, place d'Italie, seizième arrondissement, nos trois amis.",
    "Du lun. au ven. C'est un jeu. Et la mer et le sam.": "Du lundi au vendredi. | C'est un jeu. | Et la mer et le sam.",
    "Elle mesure 1m65, 1,5 M d'habitants, 5mn, RDV à midi.": "Elle mesure un mètre soixante-cinq, un virgule cinq million d'habitants, cinq minutes, rendez-vous à midi.",
    "Acte V, scène II. Vol. II.": "Acte cinq, scène deux. | Volume deux.",
    "Ouvert 8h30-12h et 14h-15h30, Lun-Ven 9h-17h.": "Ouvert huit heures trente à douze heures et quatorze heures à quinze heures trente, lundi à vendredi neuf à dix-sept heures.",
    "1 pomme, 31 pommes, 21 bouteilles, 1 côté.": "une pomme, trente-et-une pommes, vingt-et-une bouteilles, un côté.",
    "3 Md$, 2 M€, 1/4 l, les n°s 1 et 2.": "trois milliards de dollars, deux millions d’euros, un quart de litre, les numéros un et deux.",
    "Temp. : 21 °C, hum. : 45 %, th. 6-7, env. 5 km.": "Température : vingt-et-un degrés Celsius, humidité : quarante-cinq pour cent, thermostat six-sept, environ cinq kilomètres.",
    "M. le Président, 1 càc de sel, 1 c.à.s d'huile.": "monsieur le Président, une cuillère à café de sel, une cuillère à soupe d'huile.",
    "J'ai 1 portable, 31 portables, 1 spécialiste et 1 véritable problème, 1 liste et 21 tables.": "J'ai un portable, trente-et-un portables, un spécialiste et un véritable problème, une liste et vingt-et-une tables.",
    "Le chronomètre affiche 2m30.": "Le chronomètre affiche deux m trente.",
}

SPANISH = {
    "Vuelo núm. LH400. Nº 8 y n.º 6. Art. LIII de la ley.": "Vuelo número LH cuatrocientos. | número ocho y número seis. | Artículo cincuenta y tres de la ley.",
    "De lun. a vie. El mar y la luz. D.ª Ana, Pº de Gracia.": "De lunes a viernes. | El mar y la luz. | doña Ana, paseo de Gracia.",
    "El 1º de mayo, vol. II, fig. 3, Pza. Mayor.": "El primero de mayo, volumen dos, figura tres, plaza Mayor.",
    "Mide 3 m x 4 m. No 5, sino 6.": "Mide tres metros por cuatro metros. | No cinco, sino seis.",
    "2do lugar, 3ra vez, 4to piso, 5° grado.": "segundo lugar, tercera vez, cuarto piso, quinto grado.",
    "1 000 000 de pasos, 12 mil €, 5 000 €.": "un millón de pasos, doce mil euros, cinco mil euros.",
    "Real Madrid 2-1 Barça, el vuelo IB3456 llega.": "Real Madrid dos-uno Barça, el vuelo IB tres mil cuatrocientos cincuenta y seis llega.",
    "Sta. María, Nro. 5, p. 3, los n.os 1 y 2, c/u.": "Santa María, Número cinco, página tres, los números uno y dos, cada uno.",
    "La Ley 12/2023. El código es 123 000.": "La Ley doce barra dos mil veintitrés. | El código es uno dos tres, cero cero cero.",
    "Creo que no. B2 es alto. El art. VI es largo.": "Creo que no. | B dos es alto. | El artículo seis es largo.",
}

ITALIAN = {
    "Il sec. XIX, art. LIII, n° 6, Nº 8, il volo n. LH400.": "Il secolo diciannovesimo, articolo cinquantatré, numero sei, numero otto, il volo numero LH quattrocento.",
    "Il dott. Rossi, la sig.na Bianchi, l'ing. Neri e l'arch. Blu.": "Il dottor Rossi, la signorina Bianchi, l'ingegner Neri e l'architetto Blu.",
    "Dal 1° al 15 marzo, dall'1 maggio, da lun. a ven.": "Dal primo al quindici marzo, dal primo maggio, da lunedì a venerdì.",
    "L'1 è un numero. 5 sec. Ecco.": "L'uno è un numero. | cinque secondi. | Ecco.",
    "La 2a guerra, nei secoli XVIII e XIX, arrivato 3°, il 5° figlio.": "La seconda guerra, nei secoli diciotto e diciannove, arrivato terzo, il quinto figlio.",
    "Fuori 3°: freddo.": "Fuori tre gradi: freddo.",
    "5 mln €, 200 mila €, 1 zaino, 1 studente, 1 amico.": "cinque milioni di euro, duecentomila euro, uno zaino, uno studente, un amico.",
    "Alle h. 18.30, h 18, 20 h di luce, 10 gg.": "Alle ore diciotto e trenta, ore diciotto, venti ore di luce, dieci giorni.",
    "La fam. Rossi, tel.: 333.1234567.": "La famiglia Rossi, telefono: tre tre tre, uno due tre, quattro cinque sei sette.",
    "Tra 1 h 20 min. Velocità in km/h 50.": "Tra un'ora venti minuti. | Velocità in km/h cinquanta.",
    "Sono arrivati 35° in città. Oggi 30° giorno caldo. Il 30° giorno.": "Sono arrivati trentacinque gradi in città. | Oggi trenta gradi giorno caldo. | Il trentesimo giorno.",
    "20°: Roma": "venti gradi: Roma.",
    "Il codice è 123 000. Il numero 333 000 000.": "Il codice è uno due tre, zero zero zero. | Il numero trecentotrentatré zero zero zero, zero zero zero.",
    "Credo di no. B2 va bene. Nel sec. XIX era così.": "Credo di no. | B due va bene. | Nel secolo diciannovesimo era così.",
}

DUTCH = {
    "Vlucht nr. LH400, nrs. 5 en 6, no. 7, hfst. 4, ir. Groot.": "Vlucht nummer LH vierhonderd, nummers vijf en zes, nummer zeven, hoofdstuk vier, ingenieur Groot.",
    "Ma. t/m vr. open. Zo en zo is het. WO II was lang.": "maandag tot en met vrijdag open. | Zo en zo is het. | wereldoorlog twee was lang.",
    "10 - 5 = 5, het is -5 graden.": "tien minus vijf is vijf, het is min vijf graden.",
    "Het is ma 30-11-2026. 1,5 mln. mensen.": "Het is maandag dertig november tweeduizendzesentwintig. | één komma vijf miljoen mensen.",
    "Nog 3:25 op de timer, wekker op 6.45, om 7.15 uur.": "Nog drie minuten vijfentwintig seconden op de timer, wekker op zes uur vijfenveertig, om zeven uur vijftien.",
    "Het kost 6.45. Ma-vr open, zo-zo.": "Het kost zes komma vijfenveertig. | maandag tot vrijdag open, zo-zo.",
    "2 dl melk, a.d.h.v. dit, o.m. dat, fam. Jansen.": "twee deciliter melk, aan de hand van dit, onder meer dat, familie Jansen.",
    "Het gaat om 2.10 punten en om 1.20 meter. Kom om 7.15.": "Het gaat om twee komma tien punten en om één komma twintig meter. | Kom om zeven uur vijftien.",
    "Ik ben bij ma - zo thuis. Dat is zo - ma komt. Open ma-vr en Ma - Vr.": "Ik ben bij ma - zo thuis. | Dat is zo - ma komt. | Open maandag tot vrijdag en maandag tot vrijdag.",
}

PORTUGUESE = {
    "Nº 8, nº 5, art. 5, fig. 3, págs. 3-5, ex.: maçã.": "número oito, número cinco, artigo cinco, figura três, páginas três a cinco, exemplo: maçã.",
    "Eng. Costa, Prof.ª Ana, D. Maria e D. Pedro.": "engenheiro Costa, professora Ana, dona Maria e dom Pedro.",
    "De seg. a sex. Aprox. 20 %. Ter e ter.": "De segunda-feira a sexta-feira. | Aproximadamente vinte por cento. | Ter e ter.",
    "1 vez por semana, 2 colheres, 1 mensagem, 1 mês.": "uma vez por semana, duas colheres, uma mensagem, um mês.",
    "Sta. Maria, ap. 12, Seg-Sex 9h-17h, 14h30-16h.": "Santa Maria, apartamento doze, segunda-feira a sexta-feira nove horas a dezessete horas, catorze horas e trinta a dezesseis horas.",
    "A Lei 12/2020. O telefone 210 000 000, 5 000 €.": "A Lei doze barra dois mil e vinte. | O telefone duzentos e dez zero zero zero, zero zero zero, cinco mil euros.",
    "1 licor, 21 cores, 1 parte.": "um licor, vinte e uma cores, uma parte.",
}

POLISH = {
    "W LV edycji, na XXV zjeździe, przed I wojną światową, w I w.": "W pięćdziesiątej piątej edycji, na dwudziestym piątym zjeździe, przed pierwszą wojną światową, w pierwszym wieku.",
    "I wieku nie widać. Art. LIII ustawy, rys. 3.": "I wieku nie widać. | Artykuł pięćdziesiąt trzy ustawy, rysunek trzy.",
    "U dr. Nowaka i z dr. Nowakiem, od pon. do pt.": "U doktora Nowaka i z doktorem Nowakiem, od poniedziałku do piątku.",
    "Al. Jerozolimskie 5. Wiatr płn.-zach. 15 km/h.": "Aleje Jerozolimskie pięć. | Wiatr północno-zachodni piętnaście kilometrów na godzinę.",
    "W XVIII i XIX w., IV piętro, III RP.": "W osiemnastym wieku i w dziewiętnastym wieku, czwarte piętro, trzecia RP.",
    "Masz 1 wiadomość, ma 1 psa. Dn. 5 maja.": "Masz jedną wiadomość, ma jednego psa. | Dnia piątego maja.",
    "Pon.-pt. 9-17, sob. 10-12, pok. 12.": "od poniedziałku do piątku dziewięć-siedemnaście, sobota dziesięć-dwanaście, pokój dwanaście.",
    "Minutnik: zostało 3:25.": "Minutnik: zostało trzy minuty dwadzieścia pięć sekund.",
    "Byłem z dr Anną, a potem u dr Anny.": "Byłem z doktor Anną, a potem u doktor Anny.",
    "Mam 1 książkę.": "Mam jedną książkę.",
    "W art. 5 pkt 2 ustawy. Zdobył 5 pkt. Mam 1 imię. Masz 1 zwierzę.": "W artykuł pięć punkt dwa ustawy. | Zdobył pięć punktów. | Mam jedno imię. | Masz jedno zwierzę.",
}

RUSSIAN = {
    "Ст. LIII закона, п. 5 ст. 3, рейс № LH400, №№ 5 и 6.": "Статья пятьдесят три закона, пункт пять статьи три, рейс номер LH четыреста, номера пять и шесть.",
    "В LIV главе, в IV квартале, у д-ра Иванова.": "В пятьдесят четвертой главе, в четвертом квартале, у доктора Иванова.",
    "Из-за г. Белого. В гор. Грозного. С пн по пт.": "Из-за города Белого. | В городе Грозного. | С понедельника по пятницу.",
    "В XVIII и XIX вв., 70-е и 80-е, 40-е место, 80-й год.": "В восемнадцатом веке и в девятнадцатом веке, семидесятые и восьмидесятые, сороковое место, восьмидесятый год.",
    "Пн-Пт, счёт 2:1, время 14:07.": "с понедельника по пятницу, счёт два, один, время четырнадцать ноль семь.",
    "См. рис. 3, 5 см. Потом.": "Смотри рисунок три, пять сантиметров. | Потом.",
    "Дело № 05/2024, до 12/2024.": "Дело номер ноль пять, два ноль два четыре, до декабря две тысячи двадцать четвертого.",
}
