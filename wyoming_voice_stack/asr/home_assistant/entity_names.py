"""From Home Assistant's answers to the names that people are likely to say.

Shapes are those of `homeassistant/components/config` and `websocket_api` in home-assistant/core.
What is not of the expected shape inside a list is left out; an answer that is not even a list or
an object is trouble.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from wyoming_voice_stack.asr.home_assistant.access import HomeAssistantUnavailable
from wyoming_voice_stack.asr.whisper.hints import MAX_NAME_CHARACTERS

MAX_NAMES = 2000
"""Names that are kept; also the entities that are asked about."""
ASSISTANT = "conversation"
"""Home Assistant's word for Assist among the assistants that entities are exposed to."""

SPOKEN_DOMAINS = (
    "light",
    "scene",
    "switch",
    "cover",
    "climate",
    "media_player",
    "fan",
    "script",
    "vacuum",
    "lock",
    "group",
    "input_boolean",
    "todo",
    "valve",
    "humidifier",
    "water_heater",
    "lawn_mower",
    "alarm_control_panel",
)
"""Kinds of entities that people speak to, the most frequent first."""

_RANK = {domain: rank for rank, domain in enumerate(SPOKEN_DOMAINS)}
_SILENT_CATEGORIES = {"Cc", "Cs", "Co", "Cn", "So", "Sk"}
_EMOJI_STYLE = "\ufe0f"


@dataclass(frozen=True)
class NamedEntity:
    """An area, a floor or an entity."""

    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class HomeRegistry:
    """All that was read at one time."""

    areas: tuple[NamedEntity, ...] = ()
    entities: tuple[NamedEntity, ...] = ()
    floors: tuple[NamedEntity, ...] = ()


def spoken_names(house: HomeRegistry) -> tuple[str, ...]:
    """List every name once, as likely to be said: areas, entities, their aliases, floors.

    Names that differ only in case are one. At most `MAX_NAMES`, each of `MAX_NAME_CHARACTERS`
    at most; longer ones are left out.
    """
    unique: dict[str, str] = {}
    for name in _cleaned(_in_order(house)):
        unique.setdefault(name.casefold(), name)
        if len(unique) == MAX_NAMES:
            break
    return tuple(unique.values())


def places(answer: Any) -> tuple[NamedEntity, ...]:
    """Areas of `config/area_registry/list`, or floors of `config/floor_registry/list`."""
    named = (NamedEntity(_text(place.get("name")), _aliases(place)) for place in _objects(answer))
    return tuple(islice(named, MAX_NAMES))


def exposed_ids(answer: Any) -> list[str]:
    """Entities that Assist may use, of `homeassistant/expose_entity/list`; likely ones first."""
    exposed = _mapping(_mapping(answer).get("exposed_entities"))
    return _likely_first(
        entity_id
        for entity_id, assistants in exposed.items()
        if isinstance(assistants, dict) and assistants.get(ASSISTANT) is True
    )


def spoken_ids(friendly_names: Mapping[str, str]) -> list[str]:
    """Entities of `SPOKEN_DOMAINS`, likely ones first."""
    return _likely_first(entity_id for entity_id in friendly_names if _domain(entity_id) in _RANK)


def friendly_names(answer: Any) -> dict[str, str]:
    """Entity to its name in full, of `get_states`."""
    return {
        state["entity_id"]: _state_name(state["entity_id"], state.get("attributes"))
        for state in _objects(answer)
        if isinstance(state.get("entity_id"), str)
    }


def added_names(event: Any) -> dict[str, str]:
    """Entity to its name in full, of the first event of `subscribe_entities`."""
    # It writes `a` for what was added, and in a state `a` for its attributes.
    return {
        entity_id: _state_name(entity_id, state.get("a"))
        for entity_id, state in _mapping(_mapping(event).get("a")).items()
        if isinstance(state, dict)
    }


def entities(
    entity_ids: Iterable[str], friendly: Mapping[str, str], answer: Any, *, visible_only: bool
) -> tuple[NamedEntity, ...]:
    """Join names in full with the aliases of `config/entity_registry/get_entries`.

    The friendly name is the one that Assist matches: it holds the device's name where the entry
    does not. Entities without a state are left out, as Assist does not know them; so are, if
    `visible_only`, those that are hidden or serve to set up or diagnose a device.
    """
    entries = {} if answer is None else _mapping(answer)
    found = []
    for entity_id in entity_ids:
        entry = entries.get(entity_id)
        entry = entry if isinstance(entry, dict) else {}
        unseen = entry.get("hidden_by") or entry.get("entity_category")
        if entity_id in friendly and not (visible_only and unseen):
            found.append(NamedEntity(friendly[entity_id], _aliases(entry)))
    return tuple(found)


def _in_order(house: HomeRegistry) -> Iterator[str]:
    for group in (house.areas, house.entities):
        yield from (named.name for named in group)
    for group in (house.areas, house.entities):
        yield from (alias for named in group for alias in named.aliases)
    yield from (floor.name for floor in house.floors)
    yield from (alias for floor in house.floors for alias in floor.aliases)


def _cleaned(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        # Before the work on signs: a name may be as long as a message.
        cleaned = _clean(name) if len(name) <= 2 * MAX_NAME_CHARACTERS else ""
        if any(map(str.isalnum, cleaned)) and len(cleaned) <= MAX_NAME_CHARACTERS:
            yield cleaned


def _clean(name: str) -> str:
    signs = (" " if _is_silent(sign) else sign for sign in unicodedata.normalize("NFC", name))
    return " ".join("".join(signs).split())


def _is_silent(sign: str) -> bool:
    # Nobody says an emoji, and half a surrogate pair cannot even be made tokens of.
    return sign == _EMOJI_STYLE or unicodedata.category(sign) in _SILENT_CATEGORIES


def _likely_first(entity_ids: Iterable[str]) -> list[str]:
    ranked = sorted(entity_ids, key=lambda entity_id: _RANK.get(_domain(entity_id), len(_RANK)))
    return ranked[:MAX_NAMES]


def _domain(entity_id: str) -> str:
    return entity_id.partition(".")[0]


def _state_name(entity_id: str, attributes: Any) -> str:
    name = attributes.get("friendly_name") if isinstance(attributes, dict) else None
    return _text(name) or entity_id.partition(".")[2].replace("_", " ")


def _aliases(entry: Mapping[str, Any]) -> tuple[str, ...]:
    # Since 2026.4 a null among them stands for the entity's own name, which is there anyway.
    aliases = entry.get("aliases")
    if not isinstance(aliases, list):
        return ()
    return tuple(alias for alias in aliases[:MAX_NAMES] if isinstance(alias, str))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _objects(answer: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(answer, list):
        raise _unexpected(answer)
    return (item for item in answer if isinstance(item, dict))


def _mapping(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise _unexpected(answer)
    return answer


def _unexpected(answer: Any) -> HomeAssistantUnavailable:
    return HomeAssistantUnavailable(
        "malformed",
        f"it answers with {type(answer).__name__} where a list or an object is due; see that"
        " HASS_URL is Home Assistant's address, and update this server if it is.",
    )
