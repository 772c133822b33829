"""Random answers of a voice assistant, in which no sentence comes twice.

No server can answer from a cache, and all of them get the same texts.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from benchmarks.common.errors import BenchmarkError

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


@dataclass(frozen=True)
class Text:
    """A text to speak, in plain sentences."""

    sentences: tuple[str, ...]

    @property
    def whole(self) -> str:
        """All sentences, separated by spaces."""
        return " ".join(self.sentences)


class Texts:
    """Generates texts; the same ones in the same order for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._used: set[str] = set()

    def take(self, length: Length) -> Text:
        """Generate a text: four or five words, a sentence of 15 words, or 5 to 6 such sentences.

        Raises:
            BenchmarkError: nearly all sentences have been used.
        """
        if length == "short":
            return Text((self._new(self._short),))
        count = 1 if length == "sentence" else self._random.randint(*PARAGRAPH_SENTENCES)
        return Text(tuple(self._new(self._sentence) for _ in range(count)))

    def _new(self, make: Callable[[], str]) -> str:
        for _ in range(_TRIES):
            made = make()
            if made not in self._used:
                self._used.add(made)
                return made
        raise BenchmarkError(
            f"No new sentence left after {len(self._used)}. Set a lower --limit to measure less in"
            " one run."
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
        return self._random.choice(options)
