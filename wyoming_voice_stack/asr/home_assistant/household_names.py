"""Extracts the names that users are likely to say from Home Assistant's answers.

The formats are those of `homeassistant/components/config` and `websocket_api` in home-assistant/core.
Unexpected items in a list are left out; an answer that is neither a list nor an object is an error.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from wyoming_voice_stack.asr.home_assistant.access import HomeAssistantUnavailable
from wyoming_voice_stack.asr.whisper.decoding.hints import MAX_NAME_CHARACTERS

MAX_NAMES = 2000
"""Maximum number of names, and of entities that are requested."""
ASSISTANT = "conversation"
"""Home Assistant's identifier of Assist among the assistants that entities are exposed to."""

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
"""Domains of entities that are controlled by voice, the most frequent first."""

_RANK = {domain: rank for rank, domain in enumerate(SPOKEN_DOMAINS)}
_UNSPOKEN_CATEGORIES = {"Cc", "Cs", "Co", "Cn", "So", "Sk"}
_EMOJI_STYLE = "\ufe0f"


@dataclass(frozen=True)
class NamedEntity:
    """An area, a floor or an entity."""

    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class HomeRegistry:
    """The areas, entities and floors of one read."""

    areas: tuple[NamedEntity, ...] = ()
    entities: tuple[NamedEntity, ...] = ()
    floors: tuple[NamedEntity, ...] = ()


def spoken_names(registry: HomeRegistry) -> tuple[str, ...]:
    """List each name once, the most likely first: areas, entities, their aliases, floors.

    Names that differ only in case count as one. Returns `MAX_NAMES` at most; names of more than
    `MAX_NAME_CHARACTERS` are left out.
    """
    unique: dict[str, str] = {}
    for name in _cleaned(_in_order(registry)):
        unique.setdefault(name.casefold(), name)
        if len(unique) == MAX_NAMES:
            break
    return tuple(unique.values())


def places(answer: Any) -> tuple[NamedEntity, ...]:
    """Read areas (`config/area_registry/list`) or floors (`config/floor_registry/list`)."""
    named = (NamedEntity(_text(place.get("name")), _aliases(place)) for place in _objects(answer))
    return tuple(islice(named, MAX_NAMES))


def exposed_ids(answer: Any) -> list[str]:
    """Read the entities exposed to Assist (`homeassistant/expose_entity/list`), likely ones first."""
    exposed = _mapping(_mapping(answer).get("exposed_entities"))
    return _likely_first(
        entity_id
        for entity_id, assistants in exposed.items()
        if isinstance(assistants, dict) and assistants.get(ASSISTANT) is True
    )


def spoken_ids(friendly_names: Mapping[str, str]) -> list[str]:
    """Select the entities of `SPOKEN_DOMAINS`, likely ones first."""
    return _likely_first(entity_id for entity_id in friendly_names if _domain(entity_id) in _RANK)


def friendly_names(answer: Any) -> dict[str, str]:
    """Read the full name of each entity from `get_states`."""
    return {
        state["entity_id"]: _state_name(state["entity_id"], state.get("attributes"))
        for state in _objects(answer)
        if isinstance(state.get("entity_id"), str)
    }


def added_names(event: Any) -> dict[str, str]:
    """Read the full name of each entity from the first event of `subscribe_entities`."""
    # The key `a` stands for added entities, and within a state for its attributes.
    return {
        entity_id: _state_name(entity_id, state.get("a"))
        for entity_id, state in _mapping(_mapping(event).get("a")).items()
        if isinstance(state, dict)
    }


def entities(
    entity_ids: Iterable[str], friendly: Mapping[str, str], answer: Any, *, visible_only: bool
) -> tuple[NamedEntity, ...]:
    """Join full names with the aliases of `config/entity_registry/get_entries`.

    Assist matches the friendly name, which includes the device's name where the entry does not.
    Entities without a state are left out, as in Assist; with `visible_only`, so are hidden,
    configuration and diagnostic entities.
    """
    entries = {} if answer is None else _mapping(answer)
    found = []
    for entity_id in entity_ids:
        entry = entries.get(entity_id)
        entry = entry if isinstance(entry, dict) else {}
        hidden = entry.get("hidden_by") or entry.get("entity_category")
        if entity_id in friendly and not (visible_only and hidden):
            found.append(NamedEntity(friendly[entity_id], _aliases(entry)))
    return tuple(found)


def _in_order(registry: HomeRegistry) -> Iterator[str]:
    for group in (registry.areas, registry.entities):
        yield from (named.name for named in group)
    for group in (registry.areas, registry.entities):
        yield from (alias for named in group for alias in named.aliases)
    yield from (floor.name for floor in registry.floors)
    yield from (alias for floor in registry.floors for alias in floor.aliases)


def _cleaned(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        # Checked before cleaning: a name may be as long as a whole message.
        cleaned = _clean(name) if len(name) <= 2 * MAX_NAME_CHARACTERS else ""
        if any(map(str.isalnum, cleaned)) and len(cleaned) <= MAX_NAME_CHARACTERS:
            yield cleaned


def _clean(name: str) -> str:
    normalized = unicodedata.normalize("NFC", name)
    spoken = (" " if _is_unspoken(character) else character for character in normalized)
    return " ".join("".join(spoken).split())


def _is_unspoken(character: str) -> bool:
    # Emojis are not spoken, and half a surrogate pair cannot be tokenized.
    return character == _EMOJI_STYLE or unicodedata.category(character) in _UNSPOKEN_CATEGORIES


def _likely_first(entity_ids: Iterable[str]) -> list[str]:
    ranked = sorted(entity_ids, key=lambda entity_id: _RANK.get(_domain(entity_id), len(_RANK)))
    return ranked[:MAX_NAMES]


def _domain(entity_id: str) -> str:
    return entity_id.partition(".")[0]


def _state_name(entity_id: str, attributes: Any) -> str:
    name = attributes.get("friendly_name") if isinstance(attributes, dict) else None
    return _text(name) or entity_id.partition(".")[2].replace("_", " ")


def _aliases(entry: Mapping[str, Any]) -> tuple[str, ...]:
    # Since 2026.4, null stands for the entity's own name, which is included anyway.
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
        f"it sent {type(answer).__name__} instead of a list or an object; check that HASS_URL is"
        " the address of Home Assistant, and update this server if it is.",
    )
