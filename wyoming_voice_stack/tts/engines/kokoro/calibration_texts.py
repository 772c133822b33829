"""Sentences in which a voice is measured, a short and a long one for each language."""

from __future__ import annotations

from collections.abc import Mapping

CALIBRATION_TEXTS: Mapping[str, tuple[str, str]] = {
    "en-US": (
        "The window in the kitchen is still open.",
        (
            "There are two appointments on your calendar today: the dentist at nine, and dinner with Anna"
            " at seven."
        ),
    ),
    "es": (
        "La ventana de la cocina está abierta.",
        "Hoy tienes dos citas en el calendario: el dentista a las nueve y la cena con Ana a las siete.",
    ),
    "fr": (
        "La fenêtre de la cuisine est ouverte.",
        (
            "Vous avez deux rendez-vous aujourd'hui : le dentiste à neuf heures et le dîner avec Anne à sept"
            " heures."
        ),
    ),
    "hi": (
        "रसोई की खिड़की अभी भी खुली है।",
        "आज आपके कैलेंडर में दो मुलाकातें हैं: नौ बजे डॉक्टर के पास और शाम सात बजे अन्ना के साथ खाना।",
    ),
    "it": (
        "La finestra della cucina è aperta.",
        "Oggi hai due appuntamenti in calendario: il dentista alle nove e la cena con Anna alle sette.",
    ),
    "pt-BR": (
        "A janela da cozinha ainda está aberta.",
        (
            "Você tem dois compromissos hoje: o dentista às nove horas e o jantar com a Ana às sete da"
            " noite."
        ),
    ),
}
"""By BCP 47 tag; British English has the texts of `en-US`."""


def calibration_texts(language: str) -> tuple[str, str]:
    """The sentences for one of Kokoro's languages."""
    return CALIBRATION_TEXTS["en-US" if language == "en-GB" else language]
