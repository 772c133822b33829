from __future__ import annotations

from wyoming_voice_stack.tts.normalization import normalize

FRENCH = {
    "Il fait 21,5 °C dans le salon.": "Il fait vingt-et-un virgule cinq degrés Celsius dans le salon.",
    "Il fait -5 °C dehors.": "Il fait moins cinq degrés Celsius dehors.",
    "Il est 17:30.": "Il est dix-sept heures trente.",
    "Il est 17h30.": "Il est dix-sept heures trente.",
    "Rendez-vous à 8h00.": "Rendez-vous à huit heures.",
    "À 1h05 du matin.": "À une heure cinq du matin.",
    "À 17 h 30.": "À dix-sept heures trente.",
    "Ouvert de 9h à 17h.": "Ouvert de neuf heures à dix-sept heures.",
    "Le 23/11/2026 et le 1er mai.": "Le vingt-trois novembre deux mille vingt-six et le premier mai.",
    "Lundi 23 novembre 2026.": "Lundi vingt-trois novembre deux mille vingt-six.",
    "Ça coûte 5,20 € ou 12 €.": "Ça coûte cinq euros vingt ou douze euros.",
    "1 234,5 mètres et 1234567 personnes.": "mille deux cent trente-quatre virgule cinq mètres et un deux trois, quatre cinq six sept personnes.",
    "2h 15min restantes.": "deux heures quinze minutes restantes.",
    "Humidité 40 %.": "Humidité quarante pour cent.",
    "Vent de 15 km/h.": "Vent de quinze kilomètres-heure.",
    "3,4 kWh et 1 kWh.": "trois virgule quatre kilowatt-heures et un kilowatt-heure.",
    "1 minute, 21 minutes, 1 lampe, 1 jour.": "une minute, vingt-et-une minutes, une lampe, un jour.",
    "Le 2e essai, la 1re fois.": "Le deuxième essai, la première fois.",
    "Louis XIV au XXe siècle.": "Louis quatorze au vingtième siècle.",
    "Appelez le 01 23 45 67 89.": "Appelez le zéro un, deux trois, quatre cinq, six sept, huit neuf.",
    "Version 2.4.1, code 1234.": "Version deux point quatre point un, code un deux trois quatre.",
    "example.com et a.b@c.fr": "example point com et a point b arobase c point fr",
    "Pi vaut 3,14 et 0,05.": "Pi vaut trois virgule quatorze et zéro virgule zéro cinq.",
    "Entre 18-21 °C.": "Entre dix-huit à vingt-et-un degrés Celsius.",
    "CO2 à 800 ppm.": "C O deux à huit cents p p m.",
    "La batterie est à 87 %.": "La batterie est à quatre-vingt-sept pour cent.",
    "light.salon est allumée.": "light salon est allumée.",
    "La réponse est 42.": "La réponse est quarante-deux.",
    "1,5 l de lait et 500 g de farine.": "un virgule cinq litre de lait et cinq cents grammes de farine.",
}

SPANISH = {
    "La luz del 1° piso y la del 2° piso.": "La luz del primer piso y la del segundo piso.",
    "Hoy 20° y el 3° piso.": "Hoy veinte grados y el tercer piso.",
    "Hay 21,5 °C en el salón.": "Hay veintiuno coma cinco grados Celsius en el salón.",
    "Hace -5 °C.": "Hace menos cinco grados Celsius.",
    "Son las 17:30.": "Son las diecisiete y treinta.",
    "Es la 1:00.": "Es la una.",
    "A las 8:05 y a las 21:00.": "A las ocho y cinco y a las veintiuna.",
    "El 23/11/2026 y el 1 de mayo de 2026.": "El veintitrés de noviembre de dos mil veintiséis y el uno de mayo de dos mil veintiséis.",
    "Cuesta 5,20 € o 1 €.": "Cuesta cinco euros con veinte o un euro.",
    "La temperatura es de 21 °C, 1 °C.": "La temperatura es de veintiún grados Celsius, un grado Celsius.",
    "Faltan 2 h 15 min.": "Faltan dos horas quince minutos.",
    "Humedad del 40%.": "Humedad del cuarenta por ciento.",
    "Viento de 15 km/h.": "Viento de quince kilómetros por hora.",
    "21 lámparas, 1 lámpara, 1 día, 21 días.": "veintiuna lámparas, una lámpara, un día, veintiún días.",
    "1.234.567 personas.": "un millón doscientos treinta y cuatro mil quinientas sesenta y siete personas.",
    "El 1.º y la 2.ª, 3er piso.": "El primero y la segunda, tercer piso.",
    "Felipe VI y Luis XIV en el siglo XXI.": "Felipe sexto y Luis catorce en el siglo veintiuno.",
    "Llama al +34 912 345 678.": "Llama al más tres cuatro, nueve uno dos, tres cuatro cinco, seis siete ocho.",
    "El código es 1234.": "El código es uno dos tres cuatro.",
    "De 9:00-17:00.": "De nueve a diecisiete.",
    "example.com": "example punto com",
    "Consumo de 3,4 kWh.": "Consumo de tres coma cuatro kilovatios hora.",
    "La alarma suena a las 7:05.": "La alarma suena a las siete y cinco.",
    "La lavadora usa 1.950 W.": "La lavadora usa mil novecientos cincuenta vatios.",
    "El CO2 está a 1.250 ppm.": "El C O dos está a mil doscientas cincuenta partes por millón.",
    "El IVA es del 21 %.": "El IVA es del veintiún por ciento.",
    "Añade 500 g de harina y 2 l de leche.": "Añade quinientos gramos de harina y dos litros de leche.",
    "Home Assistant 2026.11 ya está.": "Home Assistant dos mil veintiséis punto once ya está.",
    "light.salon está encendida.": "light salon está encendida.",
    "La IP es 192.168.1.10.": "La I P es uno nueve dos punto uno seis ocho punto uno punto uno cero.",
    "Paso 3 de 5.": "Paso tres de cinco.",
    "La respuesta es 42.": "La respuesta es cuarenta y dos.",
}

ITALIAN = {
    "La luce del 2° piano è accesa.": "La luce del secondo piano è accesa.",
    "Il 1° tentativo, 20° stasera.": "Il primo tentativo, venti gradi stasera.",
    "Forno a 180° piano 2, 5° piano piano.": "Forno a centottanta gradi piano due, cinque gradi piano piano.",
    "Ci sono 21,5 °C in salotto.": "Ci sono ventuno virgola cinque gradi Celsius in salotto.",
    "Fuori ci sono -5 °C.": "Fuori ci sono meno cinque gradi Celsius.",
    "Sono le 17:30.": "Sono le diciassette e trenta.",
    "Alle 8:05, alle 17.30.": "Alle otto e cinque, alle diciassette e trenta.",
    "Il 23/11/2026 e il 1º maggio.": "Il ventitré novembre duemilaventisei e il primo maggio.",
    "Costa 5,20 € o 1 €.": "Costa cinque euro e venti o un euro.",
    "Mancano 2 h 15 min.": "Mancano due ore quindici minuti.",
    "1 ora, 21 ore, 1 h.": "un'ora, ventuno ore, un'ora.",
    "1 luce, 3 luci, 1 minuto.": "una luce, tre luci, un minuto.",
    "Vento a 15 km/h.": "Vento a quindici chilometri orari.",
    "Umidità al 40%.": "Umidità al quaranta percento.",
    "1.234,5 metri": "milleduecentotrentaquattro virgola cinque metri",
    "La 1ª volta e il 2º giorno.": "La prima volta e il secondo giorno.",
    "Carlo III nel XX secolo.": "Carlo terzo nel ventesimo secolo.",
    "Consumo 3,4 kWh.": "Consumo tre virgola quattro chilowattora.",
    "Il 23 novembre 2026.": "Il ventitré novembre duemilaventisei.",
    "Chiama 0123 456789.": "Chiama zero uno due tre, quattro cinque sei, sette otto nove.",
    "La sveglia suona alle 7:00.": "La sveglia suona alle sette.",
    "La lavatrice usa 1.950 W.": "La lavatrice usa millenovecentocinquanta watt.",
    "Il CO2 è a 1.250 ppm.": "Il C O due è a milleduecentocinquanta parti per milione.",
    "Aggiungi 500 g di farina e 2 l di latte.": "Aggiungi cinquecento grammi di farina e due litri di latte.",
    "light.salotto è accesa.": "light salotto è accesa.",
    "L'indirizzo è 192.168.1.10.": "L'indirizzo è uno nove due punto uno sei otto punto uno punto uno zero.",
    "Passo 3 di 5.": "Passo tre di cinque.",
    "La risposta è 42.": "La risposta è quarantadue.",
    "Il codice è 1234.": "Il codice è uno due tre quattro.",
    "Dalle 9:00-17:00.": "Dalle nove a diciassette.",
    "example.com": "example punto com",
    "La batteria è all'87%.": "La batteria è all'ottantasette percento.",
}

PORTUGUESE = {
    "A luz do 2° andar, 20° hoje.": "A luz do segundo andar, vinte graus hoje.",
    "Estão 21,5 °C na sala.": "Estão vinte e um vírgula cinco graus Celsius na sala.",
    "Estão -5 °C.": "Estão menos cinco graus Celsius.",
    "São 17:30.": "São dezessete horas e trinta.",
    "Às 17h30 e às 8h.": "Às dezessete horas e trinta e às oito horas.",
    "À 1:00 e às 2:00.": "À uma hora e às duas horas.",
    "1 de maio de 2026": "primeiro de maio de dois mil e vinte e seis",
    "Custa 5,20 € ou R$ 10,50.": "Custa cinco euros e vinte ou dez reais e cinquenta.",
    "2 lâmpadas, 1 dia, 1 lâmpada.": "duas lâmpadas, um dia, uma lâmpada.",
    "Faltam 2h 15min.": "Faltam duas horas quinze minutos.",
    "Humidade de 40%.": "Humidade de quarenta por cento.",
    "15 km/h, 3,4 kWh": "quinze quilômetros por hora, três vírgula quatro quilowatts-hora",
    "O 1º e a 2ª vez.": "O primeiro e a segunda vez.",
    "D. Pedro II e século XXI": "D. Pedro segundo e século vinte e um",
    "O alarme toca às 7:05.": "O alarme toca às sete horas e cinco.",
    "A máquina usa 1.950 W.": "A máquina usa mil novecentos e cinquenta watts.",
    "O CO2 está a 1.250 ppm.": "O C Ó dois está a mil duzentas e cinquenta partes por milhão.",
    "Junte 500 g de farinha e 2 l de leite.": "Junte quinhentos gramas de farinha e dois litros de leite.",
    "light.sala está acesa.": "light sala está acesa.",
    "O endereço é 192.168.1.10.": "O endereço é um nove dois ponto um seis oito ponto um ponto um zero.",
    "Passo 3 de 5.": "Passo três de cinco.",
    "A resposta é 42.": "A resposta é quarenta e dois.",
    "O código é 1234.": "O código é um dois três quatro.",
    "example.com": "example ponto com",
    "A bateria está a 87%.": "A bateria está a oitenta e sete por cento.",
    "Das 9:00-17:00.": "Das nove horas a dezessete horas.",
}

BRAZILIAN = {
    "Em 23/11/2026.": "Em vinte e três de novembro de dois mil e vinte e seis.",
}

EUROPEAN_PORTUGUESE = {
    "São 17:00.": "São dezassete horas.",
}


def test_french() -> None:
    assert {text: normalize(text, "fr") for text in FRENCH} == FRENCH


def test_spanish() -> None:
    assert {text: normalize(text, "es") for text in SPANISH} == SPANISH


def test_italian() -> None:
    assert {text: normalize(text, "it") for text in ITALIAN} == ITALIAN


def test_portuguese() -> None:
    assert {text: normalize(text, "pt") for text in PORTUGUESE} == PORTUGUESE


def test_brazilian() -> None:
    assert {text: normalize(text, "pt-BR") for text in BRAZILIAN} == BRAZILIAN


def test_european_portuguese() -> None:
    assert {text: normalize(text, "pt-PT") for text in EUROPEAN_PORTUGUESE} == EUROPEAN_PORTUGUESE
