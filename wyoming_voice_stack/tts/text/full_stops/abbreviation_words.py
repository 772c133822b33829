"""Lists of words for the end of a sentence: abbreviations, and the words around them."""

from __future__ import annotations

NAME_ABBREVIATIONS = """
    dr mr mrs ms sr prof st ste mt gen sgt capt lt rev hon vs approx resp fig et autom
    hr hrn fr frl dipl bzw bspw ca vgl sog inkl zzgl ggf evtl
    mme mlle cf sra srta dra exmo exma sig dott avv ing geom
    mio mrd tsd bzgl med phil
    dhr mevr mw drs bijv np tzw ul mgr tj tzv např tis mld bkz sn doç yrd ún özv
    ul inż św ok temp pow rozdz tel prof
    ул им проф акад тов напр тел
    örn bkz özv ifj id pl kl bl dvs нар вул ім
    просп пл пер пос оз наб бул корп оф эт каб \u0433\u043e\u0440
    avda bd geb fa vgl sog tél tř woj máx mín maks ks séc
"""
"""Abbreviations before a name or a noun: a capital letter after them does not begin a sentence.

In this order: English; German; French, Spanish, Portuguese and Italian; Dutch, Polish, Czech,
Turkish and Hungarian; Russian; Turkish, Hungarian, Swedish and Ukrainian; Spanish, French and German.
"""
CAPITAL_ABBREVIATIONS = """
    Sen Rep Gov Pres Col Ft Ph Av Mgr MUDr JUDr PhDr RNDr Bc Sn Cad Dña Sres Sigg Profa Srta Dott Pck Pkt Msp Tl
    Fam Pza Pça Sta Sto Hd Bât Eng Exmo Exma Arq
"""
NUMBER_ABBREVIATIONS = """
    no nr nos p pp fig vol art ch chap sec abb abs kap tel bd bl str max min mind
    ref eq буд blz seg ter qua qui cell fax pon std sek godz ext apt ep eps gl hausnr kb kap
    núm pág págs pag pagg cap č čl poz стр рис гл табл ст кв пл д эт
    jan feb apr jun jul aug sept dec okt dez nov oct janv févr juil déc ene abr dic gen mag giu lug ago ott
    mon tue wed thu fri sat sun lun mié jue vie sáb dom jeu ven dim gio
    мин макс ок род пн вт чт пт вс янв фев февр мар апр июн июл авг сен сент окт ноя нояб дек
    \u0441\u0440 \u0441\u0431
    incl excl rt th sem env nro rte ust pok dn ur zm wt śr czw pt sob niedz hfst afb rys nrs aprox mins segs zach wsch ap
    hum umid wilg esc int exp est ver wo vr za qua sex \u0442\u0435\u043c\u043f \u0432\u043b\u0430\u0436\u043d
    hod sa dk sn pzt çar cmt
"""
"""Abbreviations only before a number; otherwise a word that may end a sentence."""
NUMERAL_ABBREVIATIONS = """
    nr nrs núm chap kap vol abb bd rozdz rys tabl hfst afb
    гл рис табл разд
"""
"""Abbreviations before a Roman numeral or a code that are no words."""
NUMERAL_WORDS = """
    no art arts cap sec sect abs tab fig app anh anl ch pt tit tom ust t sz lib
    ст кн
"""
"""Those that are words too."""
ENGLISH_WORDS = "art arts cap sec abs tab fig app tit"
"""Those that are English words."""
NUMBERED_THINGS = """
    flight seat room train bus gate platform track ticket order part model item invoice apartment flat lot serial
    vlucht stoel kamer trein vuelo asiento sala tren volo posto treno camera vol voo assento
"""
"""Nouns before `no.` and a code."""
TIME_WORDS = """
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday Eastern Pacific Central Mountain EST EDT
    CST CDT MST MDT PST PDT ET PT GMT UTC CET CEST
"""
TAX_WORDS = "VAT GST HST PST QST MwSt USt BTW TVA IVA Mehrwertsteuer Versand Frühstück"
LASTING_NOUNS = """
    Pause Verspätung Fahrt Fahrzeit Wartezeit Laufzeit Restzeit Garzeit Backzeit Kochzeit Ruhezeit Ladezeit
    Training Schlaf Fußweg Gehzeit Spielzeit Arbeit
"""
NAME_ENDINGS = """
    jr sr inc ltd corp co bros st ave blvd rd hwy av stk pers
"""
FIRST_WORDS = """
    The It He She We They You This That These Those There Here What How Why When Where If But And Then
    However Also In On At For As My Your Our His Her Their Its Please Now Today Tomorrow Der Die Das Es
    Er Sie Wir Ihr Dann Danach Aber Und Wenn Ein Eine Heute Morgen Gestern Hier Dort Jetzt Bitte Il Elle
    Nous Vous Ils Elles Je Ce Cette Ces Une Mais Puis El Los Las Ella Ellos Una Pero Si Entonces Luego
    Hoy Es Son Gli Ma Se Poi Oggi Domani Het Een Hij Zij Wij Ik Dat Dit Maar Als Dan Os As Ele Ela Um
    Uma Mas Então On Ona Ono To Ale Je Jest Když Jeśli Он Она Они Мы Вы Это Если Bu Ama Az Ez Den Det
    Han Hon Vi Many Some Most Nobody Everyone Several Each Every Both Since While After Before Because
    Although Though Once Until Yes Not Only Just So Or Let Did Does Is Are Was Were Can Could Would Should
    Mit Bei Nach Vor Aus Auf Für Ohne Durch Noch Nun Auch Nur Schon Alle Alles Kein Keine Mein Meine Dein Deine
    Seit Während Weil Obwohl Falls Sobald Deshalb Daher Außerdem Zuerst Zuletzt Schließlich Draußen Drinnen
    Potem Potom Pak Wtedy Потом Затем Depois Después Dopo Puis Daarna Toen Sonra
    Jag Men Och Sedan Nu
    Has Have To With From By Even Still Perhaps Maybe Who Which Another Finally Meanwhile Unfortunately
"""
WORDS_BEFORE_LETTERS = """
    letter buchstabe lettre letra lettera litera буква size größe taille talla grade
    vitamin vitamins vitamina vitamine plan plano piano option opción opzione opció hepatitis type typ
    tipo gate terminal block group gruppe groupe grupo gruppo klasse class classe grade category
    kategorie team answer antwort exhibit appendix anhang section abschnitt teil part point punkt hall
    klasa klasie třída класс klas klasse plán план группа группе grupa skupina
    dostał dostała dostałem dostałam ocenę ocena witamina witaminę witaminy vitamín vitamini витамин
    halle saal gleis linie line exit ausgang tor variante route
"""
NUMBERED_WORDS = """
    chapter act scene module phase volume season capítulo acto escena módulo capítol capitolo atto scena
    chapitre acte scène hoofdstuk akte kapitel akt szene modul rozdział kapitola fase
"""
"""Words before a numeral of one letter that is no initial: `Chapter I.`"""
RULERS = """
    Xerxes Darius Cyrus Ramses Ramesses Seti Ptolemy Justinian Napoleon Umberto Elizabeth Elisabeth Franz Wilhelm
    Ludwig Friedrich Otto Karl Franciszek Zygmunt Kazimierz Napoleone Napoléon Pio Pius Pie Leopold Ferdinand
    Charles Henri Philippe Felipe Carlos Isabel Fernando Pedro Manuel Willem
"""
"""Names before the numeral `I`, which is hardly ever an initial behind them."""
STARTERS_BEHIND_NUMBERS = """
    Ich Du Man Wo Wie Wer Wann Warum Von Am Im Zum Zur Zu Ist Sind Gibt Geht Hast Kannst Willst Soll Stell Mach Schalte
"""
"""Words that begin a sentence behind a German ordinal, but may follow an initial: `W. E. B. Du Bois`."""
ORDINAL_NOUNS = (
    "Klasse Stelle Hand Liga Bundesliga Auflage Etage Halbzeit Reihe Wahl Grades Ordnung Instanz"
)
"""German nouns behind an ordinal without an article: `ein Ticket 2. Klasse`."""
NAMED_BUILDINGS = (
    "завод парк площад улиц театр школ библиотек музе университет институт академи больниц стадион станци метро "
    "дворец дворц дом клуб центр аэропорт консерватори филармони фабрик фонд преми орден медал гимнази лице училищ "
    "кинотеатр галере мост сад сквер набережн порт колхоз совхоз комбинат дивизи батальон"
)
"""Beginnings of Russian nouns before `им.` and a name."""
VERB_ENDINGS = "ай уй яй ри жи ди ги ши ти ть л ла ло ли ет ит ут ют ат ят шь те ем ся сь жно"
ORDINAL_LEADS = "der die das dem den des am im vom zum zur beim bis"
"""German words before an ordinal number with a full stop."""
GERMAN_DETERMINERS = """
    jeden jede jedes jedem dieses diesem diesen diese letzten mein meine meinen meinem meiner dein deine deinen deinem
    sein seine seinen seinem seiner ihr ihre ihren ihrem ihrer unser unsere unseren unserem euer eure einen einem einer
    kein keine keinen ein eine
"""
"""Those before which a sentence may also end: `Das sind seine 4. Danach`."""
