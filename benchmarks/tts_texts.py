"""What a house says: answers that are made up by chance, and no sentence twice.

So no server can answer from a cache, and all of them are told the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

Option = TypeVar("Option")
Length: TypeAlias = Literal["short", "sentence", "paragraph"]

LENGTHS: tuple[Length, ...] = ("short", "sentence", "paragraph")
PARAGRAPH_SENTENCES = (5, 6)

_TRIES = 1000
_ROOMS = (
    *("kitchen", "bedroom", "hallway", "garage", "office", "cellar", "garden", "bathroom"),
    *("attic", "nursery", "library", "laundry", "porch", "study", "workshop", "pantry"),
)
_THINGS = (
    *("light", "heater", "fan", "lamp", "speaker", "radio", "humidifier", "blinds"),
    *("television", "printer", "camera", "sprinkler", "dryer", "charger", "projector", "pump"),
)
_DONE = ("Turned on", "Turned off", "Started", "Stopped", "Checked", "Paused", "Reset", "Found")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "Tomorrow")
_PEOPLE = ("Anna", "Peter", "Maria", "Thomas", "Laura", "Simon", "Clara", "Martin", "Julia")
_WEATHER = ("cloudy", "sunny", "windy", "rainy", "foggy", "stormy", "frosty", "humid", "mild")
_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")


class TextsRanOut(Exception):
    """So many different sentences cannot be made up."""


@dataclass(frozen=True)
class Text:
    """What a server is to say, in plain sentences."""

    sentences: tuple[str, ...]

    @property
    def whole(self) -> str:
        """All sentences, one blank between two."""
        return " ".join(self.sentences)


class Texts:
    """Gives texts; the same ones in the same order for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = random.Random(seed)
        self._said: set[str] = set()

    def take(self, length: Length) -> Text:
        """Make up a text: four or five words, a sentence of 15 words, or 5 to 6 such sentences.

        Raises:
            TextsRanOut: nearly everything has been said.
        """
        if length == "short":
            return Text((self._new(self._short),))
        count = 1 if length == "sentence" else self._chance.randint(*PARAGRAPH_SENTENCES)
        return Text(tuple(self._new(self._sentence) for _ in range(count)))

    def _new(self, make: Callable[[], str]) -> str:
        for _ in range(_TRIES):
            made = make()
            if made not in self._said:
                self._said.add(made)
                return made
        raise TextsRanOut(
            f"no sentence is left after {len(self._said)}; measure less in one run, with --limit"
        )

    def _short(self) -> str:
        return f"{self._one(_DONE)} the {self._one(_ROOMS)} {self._one(_THINGS)}."

    def _sentence(self) -> str:
        return self._one((self._forecast, self._reminder, self._report))()

    def _forecast(self) -> str:
        return (
            f"{self._one(_DAYS)} will be {self._one(_WEATHER)} and {self._one(_WEATHER)}, with"
            f" {self._one(_NUMBERS)} degrees in the {self._one(_ROOMS)} and"
            f" {self._one(_NUMBERS)} outside."
        )

    def _reminder(self) -> str:
        return (
            f"{self._one(_PEOPLE)} asked me to tell you that the {self._one(_THINGS)} in the"
            f" {self._one(_ROOMS)} needs {self._one(_NUMBERS)} batteries."
        )

    def _report(self) -> str:
        return (
            f"The {self._one(_THINGS)} in the {self._one(_ROOMS)} ran for {self._one(_NUMBERS)}"
            f" hours before {self._one(_PEOPLE)} switched off its {self._one(_THINGS)}."
        )

    def _one(self, options: tuple[Option, ...]) -> Option:
        return self._chance.choice(options)
