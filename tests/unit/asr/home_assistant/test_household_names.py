"""Which names are read from Home Assistant, and in which order."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from tests.support.fake_servers.fake_home_assistant import (
    AREAS,
    ENTRIES,
    EXPOSURE,
    FLOORS,
    NAMES,
    TOKEN,
    FakeHomeAssistant,
    access_to,
    entry,
    home_assistant,
    state,
)
from tests.support.fakes import eventually
from wyoming_voice_stack.asr.home_assistant import registry_client
from wyoming_voice_stack.asr.home_assistant.access import HomeAssistantUnavailable
from wyoming_voice_stack.asr.home_assistant.household_names import (
    MAX_NAMES,
    HomeRegistry,
    NamedEntity,
    added_names,
    entities,
    exposed_ids,
    friendly_names,
    places,
    spoken_names,
)
from wyoming_voice_stack.asr.home_assistant.registry_client import (
    MAX_INLINE_CHARACTERS,
    UNKNOWN_COMMAND,
    read_registry,
)
from wyoming_voice_stack.asr.whisper.decoding.hints import MAX_NAME_CHARACTERS


async def read(fake: FakeHomeAssistant) -> tuple[str, ...]:
    return spoken_names((await read_registry(access_to(fake))).registry)


async def test_names_of_a_household() -> None:
    async with home_assistant() as fake:
        assert await read(fake) == NAMES
        assert fake.tokens == [TOKEN]
        await eventually(lambda: fake.open == 0)


async def test_only_what_is_exposed_is_asked_about() -> None:
    async with home_assistant() as fake:
        await read(fake)
        assert "get_states" not in fake.commands
        wanted = {"light.lamp", "switch.kettle", "sensor.outside", "light.gone"}
        assert [set(asked) for asked in fake.asked_about] == [wanted, wanted]


async def test_nothing_exposed_is_no_entities() -> None:
    async with home_assistant() as fake:
        fake.household.exposed = {"light.lamp": {"conversation": False}}
        assert await read(fake) == ("Kitchen", "Studio", "Galley", "Attic", "Loft")
        assert "subscribe_entities" not in fake.commands


async def test_a_state_without_a_name_is_called_as_home_assistant_calls_it() -> None:
    async with home_assistant() as fake:
        fake.household.states = [state("light.reading_corner", None), state("light.lamp", "")]
        fake.household.exposed = {
            "light.reading_corner": {"conversation": True},
            "light.lamp": {"conversation": True},
        }
        assert set(await read(fake)) >= {"reading corner", "lamp"}


@pytest.mark.parametrize("reason", ["old", "not admin"])
async def test_without_exposure_entities_of_spoken_domains_are_read(reason: str) -> None:
    async with home_assistant() as fake:
        fake.missing = {EXPOSURE} if reason == "old" else set()
        fake.admin = reason == "old"
        expected = [name for name in NAMES if name != "Outside temperature"]
        assert list(await read(fake)) == expected


@pytest.mark.parametrize(
    ("missing", "lost"),
    [
        ({AREAS}, {"Kitchen", "Studio", "Galley"}),
        ({FLOORS}, {"Attic", "Loft"}),
        ({ENTRIES}, {"Bookworm"}),
        ({"subscribe_entities"}, {"Reading lamp", "Kettle", "Outside temperature", "Bookworm"}),
        ({AREAS, FLOORS, EXPOSURE, ENTRIES, "get_states"}, set(NAMES)),
    ],
)
async def test_commands_that_an_old_release_misses_are_left_out(
    missing: set[str], lost: set[str]
) -> None:
    async with home_assistant() as fake:
        fake.missing = missing
        result = await read_registry(access_to(fake))
        assert spoken_names(result.registry) == tuple(name for name in NAMES if name not in lost)
        assert {refusal.command for refusal in result.refusals} <= missing
        assert {refusal.code for refusal in result.refusals} == {UNKNOWN_COMMAND}


async def test_a_large_household_is_read_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[int] = set()
    only_names = registry_client._only_names

    def note(item: dict[str, Any]) -> dict[str, Any]:
        threads.add(threading.get_ident())
        return only_names(item)

    monkeypatch.setattr(registry_client, "_only_names", note)
    async with home_assistant() as fake:
        fake.admin = False
        fake.household.states += [
            state(f"sensor.number_{number}", "x" * 50) for number in range(2000)
        ]
        assert len(json.dumps(fake.household.states)) > 2 * MAX_INLINE_CHARACTERS
        assert "Reading lamp" in await read(fake)
    assert threads
    assert threading.get_ident() not in threads


async def test_hidden_and_diagnostic_entities_count_only_when_exposed() -> None:
    async with home_assistant() as fake:
        fake.household.exposed["switch.led"] = {"conversation": True}
        fake.household.entries["switch.led"] = entry("switch.led", "Eye", entity_category="config")
        assert {"Status LED", "Eye"} <= set(await read(fake))
        fake.admin = False
        assert not {"Status LED", "Eye", "Secret lamp"} & set(await read(fake))


def test_a_name_is_there_once_in_its_first_place_and_writing() -> None:
    registry = HomeRegistry(
        areas=(NamedEntity("Kitchen", ("Galley",)),),
        entities=(NamedEntity("KITCHEN"), NamedEntity("Lamp", ("kitchen", "galley", "Moon"))),
        floors=(NamedEntity("LAMP"), NamedEntity("Attic")),
    )
    assert spoken_names(registry) == ("Kitchen", "Lamp", "Galley", "Moon", "Attic")


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        ("  Living \t\n room ", "Living room"),
        ("\U0001f4a1 Lamp \u2764\ufe0f", "Lamp"),
        ("a\x00b\ud800c", "a b c"),
        ("Ku\u0308che", "K\u00fcche"),
        ("x" * MAX_NAME_CHARACTERS, "x" * MAX_NAME_CHARACTERS),
        ("بالکن\u200cها", "بالکن\u200cها"),
    ],
)
def test_names_are_cleaned(written: str, cleaned: str) -> None:
    assert spoken_names(HomeRegistry(areas=(NamedEntity(written),))) == (cleaned,)


@pytest.mark.parametrize(
    "written", ["", "  ", "\U0001f4a1", "--", "x" * (MAX_NAME_CHARACTERS + 1), "x " * 10**6]
)
def test_what_is_no_name_is_left_out(written: str) -> None:
    assert spoken_names(HomeRegistry(areas=(NamedEntity(written), NamedEntity("Hall")))) == (
        "Hall",
    )


def test_names_are_bounded_and_the_likely_ones_stay() -> None:
    many = tuple(NamedEntity(f"Lamp {number}") for number in range(3 * MAX_NAMES))
    names = spoken_names(
        HomeRegistry(areas=(NamedEntity("Hall"),), entities=many, floors=(NamedEntity("Attic"),))
    )
    assert len(names) == MAX_NAMES
    assert names[:2] == ("Hall", "Lamp 0")


def test_what_is_spoken_to_most_comes_first() -> None:
    entity_ids = ["sensor.a", "climate.b", "switch.a", "zone.a", "light.the_long_one", "light.a"]
    exposed = {entity_id: {"conversation": True} for entity_id in entity_ids}
    assert exposed_ids({"exposed_entities": exposed}) == [
        "light.the_long_one",
        "light.a",
        "switch.a",
        "climate.b",
        "sensor.a",
        "zone.a",
    ]


def test_exposed_entities_are_bounded_and_the_likely_ones_stay() -> None:
    exposed = {f"sensor.number_{number}": {"conversation": True} for number in range(MAX_NAMES)}
    exposed["light.lamp"] = {"conversation": True}
    entity_ids = exposed_ids({"exposed_entities": exposed})
    assert len(entity_ids) == MAX_NAMES
    assert entity_ids[0] == "light.lamp"


async def test_odd_items_in_a_list_are_left_out() -> None:
    async with home_assistant() as fake:
        fake.household.areas += [None, 7, {}, {"name": None}, {"name": ["x"], "aliases": "Nook"}]
        fake.household.areas.append({"name": "Porch", "aliases": [None, 3, "Stoop"]})
        fake.household.entries["switch.kettle"] = "odd"
        fake.household.exposed |= {"fan.odd": "odd", "fan.more": {"conversation": "yes"}}
        names = await read(fake)
        assert {"Porch", "Stoop"} | set(NAMES) == set(names)


JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(max_size=5),
    lambda inner: (
        strategies.lists(inner, max_size=3)
        | strategies.dictionaries(
            strategies.sampled_from(
                [
                    "a",
                    "name",
                    "aliases",
                    "entity_id",
                    "attributes",
                    "exposed_entities",
                    "friendly_name",
                    "conversation",
                    "light.lamp",
                    "hidden_by",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(JSON)
@settings(deadline=None)
def test_any_answer_is_names_or_an_error(answer: Any) -> None:
    readings: list[Callable[[], Any]] = [
        lambda: exposed_ids(answer),
        lambda: friendly_names(answer),
        lambda: added_names(answer),
        lambda: spoken_names(HomeRegistry(areas=places(answer))),
        lambda: entities(["light.lamp"], {"light.lamp": "Lamp"}, answer, visible_only=True),
    ]
    for reading in readings:
        with suppress(HomeAssistantUnavailable):
            reading()
