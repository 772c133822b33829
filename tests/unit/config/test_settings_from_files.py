"""Settings whose values are in files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wyoming_voice_stack.config.settings import Settings, load_settings
from wyoming_voice_stack.errors import ConfigError


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_can_come_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    examples = {
        "service_mode": "tts",
        "log_level": "DEBUG",
        "log_format": "json",
        "asr_task": "translate",
        "asr_device": "cpu",
        "tts_device": "cpu",
        "tts_precision": "int8",
        "asr_compute_type": "int8",
        "tts_cache_cloned": "true",
        "coqui_tos_agreed": "1",
        "zeroconf": "false",
        "asr_partial_text": "false",
        "allowed_clients": "192.0.2.0/24",
        "hass_refresh_seconds": "30",
        "api_origins": "https://chat.example.com",
        "api_voices": "alloy=anna",
        "web_ui": "off",
        **dict.fromkeys(("asr_language", "asr_languages"), "de"),
        **dict.fromkeys(("tts_language", "tts_languages"), "de"),
    }
    secret = tmp_path / "value"
    secret.write_text(examples.get(name, "3") + "\n")
    monkeypatch.setenv(f"{name.upper()}_FILE", str(secret))
    assert getattr(load_settings(), name) != Settings.model_fields[name].default
    os.environ.pop(f"{name.upper()}_FILE")


def test_environment_goes_before_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "value"
    secret.write_text("6001")
    monkeypatch.setenv("ASR_PORT_FILE", str(secret))
    monkeypatch.setenv("ASR_PORT", "7001")
    assert load_settings().asr_port == 7001


@pytest.mark.parametrize("name", ["hass_token", "supervisor_token"])
def test_a_token_is_read_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    file = tmp_path / "token"
    file.write_text("key-of-the-house\n")
    monkeypatch.setenv(f"{name.upper()}_FILE", str(file))
    settings = load_settings()
    assert getattr(settings, name).get_secret_value() == "key-of-the-house"
    assert "key-of" not in f"{settings!r} {settings} {settings.model_dump()}"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("nothing", "cannot be read (No such file or directory); set it to a readable text file"),
        ("", "cannot be read (Is a directory); set it to a readable text file"),
        (
            "pipe",
            "cannot be read (a pipe or a device, not a regular file); set it to a readable text file",
        ),
        (
            "/dev/zero",
            "cannot be read (a pipe or a device, not a regular file); set it to a readable text file",
        ),
        ("binary", "is not UTF-8 text; set it to a file that contains only the value"),
    ],
)
def test_unreadable_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, said: str
) -> None:
    (tmp_path / "binary").write_bytes(bytes(range(128, 256)))
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv("TTS_VOICE_FILE", str(tmp_path / file))
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert str(caught.value) == f"TTS_VOICE_FILE={str(tmp_path / file)!r} {said}"


@pytest.mark.parametrize("content", [b"", b" \n"])
def test_empty_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    monkeypatch.setenv("API_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(
        ConfigError, match=r"is empty; write the value to the file, or unset API_KEY_FILE$"
    ):
        load_settings()


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfde\r\n", b'"de"\n', b" 'de'\n\n"])
def test_file_of_a_value_as_editors_write_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "value").write_bytes(content)
    monkeypatch.setenv("ASR_LANGUAGE_FILE", str(tmp_path / "value"))
    assert load_settings().asr_language == "de"


def test_file_that_is_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * 100_000)
    monkeypatch.setenv("TTS_VOICE_FILE", str(large))
    with pytest.raises(ConfigError, match="65536 bytes"):
        load_settings()
