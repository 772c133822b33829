"""Steps that add the servers to Home Assistant: discovery, confirmation, setup."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from tests.integration.home_assistant.home import Home, until
from tests.integration.home_assistant.process import HomeAssistant
from tests.integration.home_assistant.supervisor import Addon, Supervisor
from tests.support.integration.servers import Server

ADDON_NAME = "Voice Stack: text to speech"
Entry = dict[str, Any]


async def entries(home: Home) -> list[Entry]:
    """Config entries of the Wyoming integration."""
    listed: list[Entry] = await home.get("/api/config/config_entries/entry?domain=wyoming")
    return listed


async def keep_address(home: Home, home_assistant: HomeAssistant) -> None:
    """Confirm the address of the configuration, which newer releases revert after five minutes."""
    if home_assistant.release == "newest":
        await home.command("http/config/promote")


async def discovered(home: Home, ours: Callable[[Entry], bool]) -> Entry:
    """The discovery flow of one of the servers."""

    async def look() -> Entry | None:
        flows = await home.command("config_entries/flow/progress")
        cards = [flow for flow in flows if flow["handler"] == "wyoming" and ours(flow)]
        return cards[0] if cards else None

    return await until(look)


async def confirmed(home: Home, flow: Entry) -> Entry:
    """Confirm a discovery flow; return the result."""
    path = f"/api/config/config_entries/flow/{flow['flow_id']}"
    shown = await home.get(path)
    assert shown["type"] == "form"
    assert not shown["errors"]
    made: Entry = await home.post(path)
    assert made["type"] == "create_entry", made
    return made


async def asr_by_zeroconf(home: Home, instance_name: str) -> Entry:
    flow = await discovered(
        home, lambda card: str(card["context"].get("unique_id")).startswith(f"{instance_name}.")
    )
    assert flow["context"]["source"] == "zeroconf"
    return await confirmed(home, flow)


async def tts_by_supervisor(
    home: Home, home_assistant: HomeAssistant, supervisor: Supervisor, server: Server
) -> Entry:
    uuid = "1a2b3c4d5e6f4a0b8c0d1e2f3a4b5c6d"
    addon = Addon("local_voice-stack-tts", ADDON_NAME, uuid, server.uri)
    await supervisor.discovered(addon, home_assistant.address, home_assistant.socket)
    flow = await discovered(home, lambda card: card["context"].get("unique_id") == uuid)
    assert flow["context"]["source"] == "hassio"
    return await confirmed(home, flow)


class Reachable(Protocol):
    """A Wyoming server at an address."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...


async def by_address(home: Home, server: Reachable) -> Entry:
    """Enter the address of a server; return the result."""
    begun = await home.post(
        "/api/config/config_entries/flow", {"handler": "wyoming", "show_advanced_options": False}
    )
    assert [field["name"] for field in begun["data_schema"]] == ["host", "port"]
    made: Entry = await home.post(
        f"/api/config/config_entries/flow/{begun['flow_id']}",
        {"host": server.host, "port": server.port},
    )
    assert made["type"] == "create_entry", made
    return made


async def assistant(home: Home, **engines: str | None) -> str:
    """Create an English assistant with Home Assistant's own agent; return its id."""
    first = (await home.command("assist_pipeline/pipeline/list"))["pipelines"][0]
    none = ("stt_engine", "stt_language", "tts_engine", "tts_language", "tts_voice")
    made = await home.command(
        "assist_pipeline/pipeline/create",
        name="Voice Stack",
        language="en",
        conversation_language="en",
        conversation_engine=first["conversation_engine"],
        **{"wake_word_entity": None, "wake_word_id": None, **dict.fromkeys(none), **engines},
    )
    return str(made["id"])


async def entity(home: Home, domain: str, entry_id: str) -> str:
    """Id of the entity that a config entry created."""

    async def look() -> str | None:
        known = await home.command("config/entity_registry/list")
        found: list[str] = [
            each["entity_id"]
            for each in known
            if each["config_entry_id"] == entry_id and each["entity_id"].startswith(f"{domain}.")
        ]
        assert len(found) <= 1
        return found[0] if found else None

    return await until(look)
