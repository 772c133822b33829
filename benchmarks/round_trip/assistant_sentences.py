"""Typical answers of a voice assistant: common words in common order.

Names of people and random combinations of things are in `tts.generated_texts`: errors where the
context does not decide ("the fan in the study", "the fan and the study") say little about the audio.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.common.errors import BenchmarkError

_ROOMS = ("kitchen", "bedroom", "living room", "bathroom", "garage", "hallway", "dining room")
_COUNTS = ("two", "three", "four", "five", "six", "seven", "nine", "ten", "twelve", "fifteen")
_TEENS = ("twelve", "fourteen", "sixteen", "eighteen", "twenty", "twenty one", "twenty five")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TIMES = ("seven thirty", "eight fifteen", "six o'clock", "nine o'clock", "half past ten", "noon")
_SKIES = ("sunny", "cloudy", "rainy", "windy", "warm and dry", "cold and wet")
_FOOD = ("milk", "bread", "butter", "coffee", "apples", "eggs", "orange juice", "potatoes")
_THINGS = ("washing machine", "dishwasher", "dryer", "coffee machine", "vacuum cleaner")
_OPENINGS = ("front door", "back door", "garage door", "kitchen window", "bedroom window")
_FORMS = (
    "I have turned {on} the lights in the {room}.",
    "The lights in the {room} are already {on}.",
    "I set the {room} to {degrees} degrees for the rest of the evening.",
    "It is {degrees} degrees in the {room} right now.",
    "Your timer for {count} minutes has started.",
    "There are {count} minutes left on your timer.",
    "Your alarm is set for {time} tomorrow morning.",
    "You have an appointment with the doctor on {day} at {time}.",
    "The next bus leaves in {count} minutes.",
    "Today it will be {sky}, with a high of {degrees} degrees.",
    "On {day} it will be {sky} in the morning and {sky2} later.",
    "I have added {food} and {food2} to your shopping list.",
    "There are {count} things on your shopping list, and {food} is one of them.",
    "The {thing} has finished, and the door is still closed.",
    "The {thing} needs another {count} minutes.",
    "The {opening} is open and the {opening2} is locked.",
    "Somebody opened the {opening} {count} minutes ago.",
    "I could not find any music with that name, so I will play the radio in the {room}.",
    "The battery of the motion sensor in the {room} is almost empty.",
    "The package will be delivered on {day} before {time}.",
    "Sorry, I did not understand that, please say it again.",
    "The garbage is collected on {day}, so take it out the evening before.",
    "The sun goes down at {time} today.",
    "You used {degrees} percent less energy than last week.",
)


def sentences(count: int, seed: int) -> list[str]:
    """Return `count` different sentences; the same ones for the same seed.

    Raises:
        BenchmarkError: there are fewer.
    """
    different = dict.fromkeys(_random_sentences(random.Random(seed), 50 * count))
    if len(different) < count:
        raise BenchmarkError(f"Only {len(different)} different sentences. Set a lower --sentences.")
    return list(different)[:count]


def _random_sentences(chance: random.Random, tries: int) -> Iterator[str]:
    for _ in range(tries):
        food, opening, sky = (chance.sample(of, 2) for of in (_FOOD, _OPENINGS, _SKIES))
        yield chance.choice(_FORMS).format(
            on=chance.choice(("on", "off")),
            room=chance.choice(_ROOMS),
            degrees=chance.choice(_TEENS),
            count=chance.choice(_COUNTS),
            time=chance.choice(_TIMES),
            day=chance.choice(_DAYS),
            sky=sky[0],
            sky2=sky[1],
            food=food[0],
            food2=food[1],
            thing=chance.choice(_THINGS),
            opening=opening[0],
            opening2=opening[1],
        )
