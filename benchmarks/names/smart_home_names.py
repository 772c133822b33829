"""Names of a smart home, unusual ones among ordinary ones, and sentences about them."""

from __future__ import annotations

import hashlib
from itertools import product
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["place", "person", "thing"]
Part: TypeAlias = Literal["tune", "unseen"]

UNUSUAL: dict[Kind, tuple[str, ...]] = {
    "place": (
        *("Scriptorium", "Orangery", "Inglenook", "Snuggery", "Undercroft", "Belvedere"),
        *("Wintergarten", "Engawa", "Scullery", "Loggia", "Lararium", "Rumpus Room"),
        *("Mudroom", "Solarium", "Fernery", "Stillroom", "Grogu's Den", "Kaelyn's Room"),
        *("Bothy", "Zendo"),
    ),
    "person": (
        *("Anselm", "Katharyn", "Thibault", "Ottilie", "Zebulon", "Kasimir", "Jorunn"),
        *("Elowen", "Leopoldine", "Quillon", "Brunhilde", "Ravindra", "Yusra", "Tamsin"),
        *("Evander", "Isaura", "Mateusz", "Oluwaseun", "Thaddeus", "Xiomara"),
    ),
    "thing": (
        *("Roborock", "Nanoleaf", "Kallax", "Aqara Cube", "Yeelight", "Monstera"),
        *("Symfonisk", "Govee Strip", "Hygrostat", "Sonoff Bridge", "Tasmota Plug", "Ecobee"),
        *("Philodendron", "Samovar", "Zigbee Dongle", "Theremin", "Moccamaster", "Gosund"),
        *("Chiminea", "Dulcitone"),
    ),
}
CARRIERS: dict[Kind, tuple[str, ...]] = {
    "place": (
        "Turn on the {} lights.",
        "What is the temperature in the {}?",
        "Close all the blinds in the {} please.",
    ),
    "person": (
        "Tell {} that dinner is ready.",
        "Is {} at home already?",
        "Remind me to call {} at half past seven.",
    ),
    "thing": (
        "Turn off the {}.",
        "Is the {} still switched on?",
        "Please start the {} in ten minutes.",
    ),
}

_ROOMS = (
    *("Kitchen", "Living Room", "Bedroom", "Bathroom", "Hallway", "Office", "Garage", "Cellar"),
    *("Attic", "Garden", "Guest Room", "Dining Room", "Laundry Room", "Nursery", "Balcony"),
    *("Terrace",),
)
_DEVICES = (
    *("Ceiling Light", "Floor Lamp", "Window", "Blinds", "Heating", "Temperature", "Speaker"),
    *("Fan", "Door", "Motion Sensor", "Socket", "Wall Light", "Thermostat", "Television"),
)


def all_names() -> tuple[str, ...]:
    """300 names: the rooms, the unusual names in mixed order, and the devices of each room."""
    unusual = sorted((name for names in UNUSUAL.values() for name in names), key=_digest)
    things = [f"{room} {device}" for room, device in product(_ROOMS, _DEVICES)]
    return (*_ROOMS, *unusual, *things)


def sentences(part: Part) -> list[tuple[str, str]]:
    """Each unusual name of one half with the sentences around it; half of each kind is `tune`."""
    chosen = []
    for kind, names in UNUSUAL.items():
        ordered = sorted(names, key=_digest)
        half = ordered[::2] if part == "tune" else ordered[1::2]
        chosen += [(name, carrier) for name in half for carrier in CARRIERS[kind]]
    return chosen


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
