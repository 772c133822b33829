"""Access to Home Assistant as configured."""

from __future__ import annotations

import subprocess
import sys

import pytest

from wyoming_voice_stack.asr.home_assistant import HomeAssistantAccess, home_assistant_access
from wyoming_voice_stack.asr.home_assistant.access import SUPERVISOR_URL
from wyoming_voice_stack.errors import EXIT_CONFIG, ConfigError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://ha.local:8123", "ws://ha.local:8123/api/websocket"),
        (" https://ha.example/ ", "wss://ha.example/api/websocket"),
        ("HTTP://[::1]:8123/", "ws://[::1]:8123/api/websocket"),
        ("https://ha.example/home/", "wss://ha.example/home/api/websocket"),
        ("http://ha.local:8123/api/websocket", "ws://ha.local:8123/api/websocket"),
    ],
)
def test_address_of_the_api(url: str, expected: str) -> None:
    access = home_assistant_access(url=url, token=" key ", supervisor_token="other")
    assert access == HomeAssistantAccess(expected, "key")
    assert "key" not in repr(access)


def test_inside_an_addon_and_nowhere() -> None:
    assert home_assistant_access(
        url=None, token=None, supervisor_token="key"
    ) == HomeAssistantAccess(SUPERVISOR_URL, "key")
    assert home_assistant_access(url=None, token=None, supervisor_token=None) is None
    assert home_assistant_access(url="", token=" ", supervisor_token="") is None


@pytest.mark.parametrize(
    "url",
    [
        "ha.local:8123",
        "ftp://ha.local",
        "ws://ha.local:8123",
        "http://",
        "http:///api",
        "http://ha.local:port",
        "http://ha.local:99999",
        "http://[::1",
        "http://ha local",
        "http://a..b",
        "http://ha.local\nx",
        "http://" + "x" * 3000,
        "http://ha.local/" + "x" * 3000,
        "http://anna:sesame@ha.local",
        "http://ha.local/?token=sesame",
        "http://ha.local/#sesame",
        "http://anna:sesame@[::1",
    ],
)
def test_an_invalid_url(url: str) -> None:
    with pytest.raises(ConfigError, match="HASS_URL") as caught:
        home_assistant_access(url=url, token="open-sesame", supervisor_token="key")
    message = str(caught.value)
    assert caught.value.exit_status == EXIT_CONFIG
    assert "sesame" not in message
    assert "\n" not in message
    assert len(message) < 500


@pytest.mark.parametrize("token", ["open\nsesame", "öpen-sesame", "open sesame", "open\0sesame"])
def test_a_token_that_cannot_be_one(token: str) -> None:
    with pytest.raises(ConfigError, match=r"^HASS_TOKEN \(not shown\) is not valid: ") as caught:
        home_assistant_access(url="http://ha.local", token=token, supervisor_token=None)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "token", "missing"),
    [("http://ha.local", None, "HASS_TOKEN is not"), (None, "sesame", "HASS_URL is not")],
)
def test_one_of_two_settings(url: str | None, token: str | None, missing: str) -> None:
    with pytest.raises(ConfigError, match=missing) as caught:
        home_assistant_access(url=url, token=token, supervisor_token="key")
    assert "sesame" not in str(caught.value)


async def test_an_addon_learns_what_its_configuration_lacks() -> None:
    from wyoming_voice_stack.asr.home_assistant import registry_client as websocket

    assert "homeassistant_api" in websocket._remedy(HomeAssistantAccess(SUPERVISOR_URL, "key"))


def test_the_web_client_is_imported_late() -> None:
    script = "import sys, wyoming_voice_stack.asr.home_assistant; print('aiohttp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.strip() == b"False"
