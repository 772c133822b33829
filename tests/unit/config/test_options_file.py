"""Settings in a JSON file, as an add-on is given them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from wyoming_voice_stack.config.options_file import MAX_OPTIONS_BYTES
from wyoming_voice_stack.config.settings import Settings, load_settings
from wyoming_voice_stack.errors import ConfigError
from wyoming_voice_stack.machine.plain_files import read_plain_file


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)


def settings_with(folder: Path, monkeypatch: pytest.MonkeyPatch, options: Any) -> Settings:
    file = folder / "options.json"
    file.write_text(options if isinstance(options, str) else json.dumps(options))
    monkeypatch.setenv("OPTIONS_FILE", str(file))
    return load_settings()


def test_are_read_in_their_own_types(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    options = {
        "asr_model": "base; $(touch /tmp/x) 'quoted'",
        "ASR_LANGUAGES": ["de", "en"],
        "idle_unload_seconds": 60,
        "coqui_tos_agreed": True,
        "log_level": "debug",
        "an_option_of_last_year": 1,
    }
    settings = settings_with(tmp_path, monkeypatch, options)
    assert settings.asr_model == (options["asr_model"],)
    assert settings.asr_languages == ("de", "en")
    assert settings.idle_unload_seconds == 60
    assert settings.coqui_tos_agreed
    assert settings.log_level == "DEBUG"


def test_entries_of_a_list_are_read_like_a_value(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    options = {
        "asr_languages": [" de ", '"en"', "", "fr, it"],
        "asr_model": [" base "],
        "tts_languages": ["auto"],
        "allowed_clients": [" 192.0.2.1 "],
    }
    settings = settings_with(tmp_path, monkeypatch, options)
    assert settings.asr_languages == ("de", "en", "fr", "it")
    assert settings.asr_model == ("base",)
    assert settings.tts_languages == ()
    assert list(map(str, settings.allowed_clients)) == ["192.0.2.1/32"]


def test_what_is_empty_is_not_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "asr_languages": [],
        "tts_voice": "",
        "idle_unload_seconds": None,
        "tts_model": "",
    }
    assert settings_with(tmp_path, monkeypatch, options) == Settings()


def test_the_environment_goes_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ASR_PORT", "7001")
    options = {"asr_port": 6001, "tts_port": 6002}
    settings = settings_with(tmp_path, monkeypatch, options)
    assert (settings.asr_port, settings.tts_port) == (7001, 6002)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ('{"asr_port": ', "not valid JSON"),
        ("[" * 100_000, "bytes"),
        ("[" * 10_000, "not valid JSON"),
        ("[1]", "not a JSON object"),
        ('{"a": "' + "x" * MAX_OPTIONS_BYTES + '"}', f"{MAX_OPTIONS_BYTES} bytes"),
        ({"idle_unload_seconds": -5}, "IDLE_UNLOAD_SECONDS=-5"),
        ({"tts_voice": {"a": 1}}, "TTS_VOICE="),
        ({"asr_languages": ["en", "xx"]}, "ASR_LANGUAGES='xx'"),
        ({"tts_languages": [None]}, "TTS_LANGUAGES=None"),
        ({"allowed_clients": 5}, "ALLOWED_CLIENTS=5"),
        ({"allowed_clients": ["192.0.2.1", 5]}, "ALLOWED_CLIENTS="),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: Any, told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_with(tmp_path, monkeypatch, options)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "xxx" not in str(caught.value)


def test_a_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPTIONS_FILE", str(tmp_path / "absent.json"))
    with pytest.raises(ConfigError, match=r"OPTIONS_FILE=.*absent"):
        load_settings()


def test_a_pipe_does_not_hold_up_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv("OPTIONS_FILE", str(tmp_path / "pipe"))
    with pytest.raises(
        ConfigError, match=r"pipe' cannot be read \(a pipe or a device, not .*; set it to a file"
    ):
        load_settings()


def test_a_pipe_that_takes_the_place_of_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "options.json"
    file.write_text("{}")
    before = file.stat()
    file.unlink()
    os.mkfifo(file)
    monkeypatch.setattr(Path, "stat", lambda _: before)
    with pytest.raises(OSError, match="not a regular file"):
        read_plain_file(str(file), 10)


@pytest.mark.parametrize(
    ("value", "agreed"), [("1", True), ("yes", False), ("true", False), ("0", False), ("", False)]
)
def test_a_licence_is_accepted_by_1_alone(
    monkeypatch: pytest.MonkeyPatch, value: str, *, agreed: bool
) -> None:
    monkeypatch.setenv("COQUI_TOS_AGREED", value)
    assert load_settings().coqui_tos_agreed is agreed


@pytest.mark.parametrize("token", [1234567890123, ["s3cr3t"], {"key": "s3cr3t"}])
def test_a_secret_of_a_wrong_type_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, token: object
) -> None:
    with pytest.raises(ConfigError, match=r"^HASS_TOKEN=\(not shown\) is not valid") as caught:
        settings_with(tmp_path, monkeypatch, {"hass_token": token})
    assert not {"1234567890123", "s3cr3t"} & set(re.findall(r"\w+", str(caught.value)))
