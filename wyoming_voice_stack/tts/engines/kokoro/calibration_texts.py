"""Sentences in which a voice is measured, from short to long, for each language."""

from __future__ import annotations

from collections.abc import Mapping

CALIBRATION_TEXTS: Mapping[str, tuple[str, ...]] = {
    "en-US": (
        "Your timer for the pasta is done.",
        "Playing some quiet jazz in the living room now.",
        "The kitchen window is still open, and it will rain in about an hour.",
        (
            "There are two appointments on your calendar today: the dentist at nine, and dinner with Anna at"
            " a quarter past seven."
        ),
    ),
    "es": (
        "El temporizador ha terminado.",
        "Pongo un poco de jazz tranquilo en el salón.",
        "La ventana de la cocina sigue abierta y lloverá dentro de una hora.",
        (
            "Hoy tienes dos citas en el calendario: el dentista a las nueve y la cena con Ana a las siete y"
            " cuarto."
        ),
    ),
    "fr": (
        "Le minuteur des pâtes est terminé.",
        "Je mets un peu de jazz calme dans le salon.",
        "La fenêtre de la cuisine est encore ouverte, et il va pleuvoir dans une heure.",
        (
            "Vous avez deux rendez-vous aujourd'hui : le dentiste à neuf heures, et le dîner avec Anne à sept"
            " heures et quart."
        ),
    ),
    "hi": (
        "पास्ता का टाइमर पूरा हो गया है।",
        "मैं बैठक में धीमा संगीत चला रहा हूँ।",
        "रसोई की खिड़की अभी भी खुली है और एक घंटे में बारिश होगी।",
        "आज आपके कैलेंडर में दो मुलाकातें हैं: सुबह नौ बजे डॉक्टर के पास, और शाम सवा सात बजे अन्ना के साथ खाना।",
    ),
    "it": (
        "Il timer della pasta è terminato.",
        "Metto un po' di jazz tranquillo in soggiorno.",
        "La finestra della cucina è ancora aperta e tra un'ora pioverà.",
        (
            "Oggi hai due appuntamenti in calendario: il dentista alle nove, e la cena con Anna alle sette e"
            " un quarto."
        ),
    ),
    "pt-BR": (
        "O timer do macarrão terminou.",
        "Vou tocar um pouco de jazz tranquilo na sala.",
        "A janela da cozinha ainda está aberta, e vai chover daqui a uma hora.",
        (
            "Você tem dois compromissos hoje: o dentista às nove horas, e o jantar com a Ana às sete e"
            " quinze da noite."
        ),
    ),
}
"""By BCP 47 tag; British English has the texts of `en-US`."""


def calibration_texts(language: str) -> tuple[str, ...]:
    """The sentences for one of Kokoro's languages."""
    return CALIBRATION_TEXTS["en-US" if language == "en-GB" else language]
