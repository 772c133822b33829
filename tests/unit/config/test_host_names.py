"""Settings with names of hosts, and how messages quote long values."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.config.settings import load_settings
from wyoming_voice_stack.errors import ConfigError

LONG_LABEL = "a" * 64
"""One character more than a part of a host name may have."""


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("HOST", LONG_LABEL, "neither an IP address nor a host name"),
        ("HOST", "voice..example", "set it to an address of this machine"),
        ("HOST", "my server", "neither an IP address nor a host name"),
        ("OTHER_SERVER", "tts..example:5002", "use HOST or HOST:PORT"),
        ("OTHER_SERVER", LONG_LABEL, "use HOST or HOST:PORT"),
    ],
)
def test_name_that_cannot_be_looked_up(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{variable}={value!r} is not valid: ")
    assert said in str(caught.value)


@pytest.mark.parametrize("host", ["::", "fe80::1%eth0", "127.0.0.1", "voice.example.com", "küche"])
def test_host(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("HOST", host)
    assert load_settings().host == host


@pytest.mark.parametrize(
    "variable",
    [
        "HOST",
        "ASR_PORT",
        "ALLOWED_CLIENTS",
        "ALLOWED_HOSTS",
        "API_ORIGINS",
        "API_VOICES",
        "LOG_LEVEL",
    ],
)
def test_a_long_value_is_quoted_in_part(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "\u20ac" * 100_000)
    with pytest.raises(ConfigError, match=r"… \(100002 characters\)") as caught:
        load_settings()
    assert len(str(caught.value)) < 1000
