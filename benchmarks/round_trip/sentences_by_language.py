"""Typical answers of a voice assistant in languages besides English: every word is a common one."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.common.errors import BenchmarkError

_SLOTS = {
    "es": (
        ("cocina", "habitación", "entrada", "terraza", "oficina"),
        ("leche", "pan", "mantequilla", "café", "fruta"),
        ("lunes", "martes", "jueves", "viernes", "domingo"),
        ("dos", "cinco", "siete", "diez", "quince", "veinte"),
    ),
    "fr": (
        ("cuisine", "chambre", "salle de bain", "cave", "buanderie"),
        ("lait", "pain", "beurre", "café", "fromage"),
        ("lundi", "mardi", "jeudi", "vendredi", "dimanche"),
        ("deux", "cinq", "sept", "dix", "quinze", "vingt"),
    ),
    "it": (
        ("cucina", "camera", "cantina", "terrazza", "lavanderia"),
        ("latte", "pane", "burro", "caffè", "formaggio"),
        ("lunedì", "martedì", "giovedì", "venerdì", "sabato"),
        ("due", "cinque", "sette", "dieci", "quindici", "venti"),
    ),
}
_FORMS = {
    "es": (
        "La luz de la {0} está encendida.",
        "La ventana de la {0} lleva abierta {3} minutos.",
        "El temporizador de {3} minutos ha empezado.",
        "Tienes una cita con el médico el {2} por la mañana.",
        "He añadido {1} a la lista de la compra.",
        "El próximo autobús sale dentro de {3} minutos.",
        "El {2} hará buen tiempo por la mañana y lloverá por la tarde.",
        "La temperatura de la {0} es de veintiún grados.",
    ),
    "fr": (
        "La lumière de la {0} est allumée.",
        "La fenêtre de la {0} est ouverte depuis {3} minutes.",
        "Le minuteur de {3} minutes a démarré.",
        "Vous avez un rendez-vous chez le médecin {2} matin.",
        "J'ai ajouté du {1} à la liste de courses.",
        "Le prochain bus part dans {3} minutes.",
        "Il fera beau {2} matin et il va pleuvoir le soir.",
        "La température de la {0} est de vingt et un degrés.",
    ),
    "it": (
        "La luce della {0} è accesa.",
        "La finestra della {0} è aperta da {3} minuti.",
        "Il timer di {3} minuti è partito.",
        "Hai un appuntamento dal medico {2} mattina.",
        "Ho aggiunto {1} alla lista della spesa.",
        "Il prossimo autobus parte tra {3} minuti.",
        "Il tempo sarà bello {2} mattina e pioverà la sera.",
        "La temperatura della {0} è di ventuno gradi.",
    ),
}
LANGUAGES = tuple(_FORMS)


def sentences_in(language: str, count: int, seed: int) -> list[str]:
    """Different sentences in a language.

    Raises:
        BenchmarkError: there are not so many.
    """
    known = list(dict.fromkeys(_all(language)))
    if count > len(known):
        raise BenchmarkError(f"There are only {len(known)} sentences in {language!r}.")
    return random.Random(seed).sample(known, count)


def _all(language: str) -> Iterator[str]:
    first, *others = _SLOTS[language]
    rows: list[tuple[str, ...]] = [(word,) for word in first]
    for words in others:
        rows = [(*row, word) for row in rows for word in words]
    for form in _FORMS[language]:
        yield from (form.format(*row) for row in rows)
