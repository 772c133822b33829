from __future__ import annotations

import os
from ipaddress import ip_address
from pathlib import Path

import pytest

from wyoming_voice_stack.config.settings import Settings, load_settings
from wyoming_voice_stack.errors import EXIT_CONFIG, ConfigError
from wyoming_voice_stack.server.app import prepare_process


def test_defaults() -> None:
    settings = load_settings()
    assert (settings.asr_port, settings.tts_port, settings.host) == (5001, 5002, None)
    assert settings.asr_model == ("auto",)
    assert settings.service_mode is None


@pytest.mark.parametrize(
    ("variable", "value", "field", "expected"),
    [
        ("SERVICE_MODE", "TTS", "service_mode", "tts"),
        ("ASR_LANGUAGES", "en, de,", "asr_languages", ("en", "de")),
        ("ASR_MODEL", "base,tiny.en", "asr_model", ("base", "tiny.en")),
        ("ASR_LANGUAGE", "auto", "asr_language", None),
        ("ASR_LANGUAGE", "", "asr_language", None),
        ("LOG_LEVEL", "debug", "log_level", "DEBUG"),
        (
            "API_VOICES",
            "alloy=anna [de], nova = bert",
            "api_voices",
            (("alloy", "anna [de]"), ("nova", "bert")),
        ),
        (
            "API_ORIGINS",
            "https://Chat.example.com/,http://[::1]:3000",
            "api_origins",
            ("https://chat.example.com", "http://[::1]:3000"),
        ),
        ("WEB_UI", "OFF", "web_ui", "off"),
        ("ZEROCONF", "false", "zeroconf", False),
        ("TTS_SPEED", "1.5", "tts_speed", 1.5),
        ("ASR_DEVICE", "CUDA:1", "asr_device", "cuda:1"),
        ("VOICES_DIR", "/v", "voices_dir", Path("/v")),
        ("ASR_LANGUAGE", "pt_BR", "asr_language", "pt_BR"),
        ("ASR_LANGUAGES", "auto", "asr_languages", ()),
        ("TTS_LANGUAGES", "auto", "tts_languages", ()),
        # As `docker run --env-file` and lists in YAML pass them on.
        ("ASR_LANGUAGE", '"en"', "asr_language", "en"),
        ("ASR_LANGUAGE", "\ufeffen", "asr_language", "en"),
        ("ASR_LANGUAGE", "\u00a0en\r", "asr_language", "en"),
        ("ASR_BEAM_SIZE", "\ufeff\u00a03", "asr_beam_size", 3),
        ("ASR_LANGUAGE", "' '", "asr_language", None),
        ("ASR_LANGUAGES", ' "en, de" ', "asr_languages", ("en", "de")),
        ("ASR_LANGUAGES", "\"en\", 'de'", "asr_languages", ("en", "de")),
        ("ASR_MODEL", "'base'", "asr_model", ("base",)),
        ("TTS_MODEL", ' "piper:x.onnx" ', "tts_model", "piper:x.onnx"),
        ("TTS_VOICE", '"anna [en]"', "tts_voice", "anna [en]"),
        ("ASR_PORT", '"6001"', "asr_port", 6001),
        ("ASR_PORT", '""', "asr_port", 5001),
        ("TTS_SPEED", "' 1.5 '", "tts_speed", 1.5),
        ("ZEROCONF", '"false"', "zeroconf", False),
        ("TTS_DEVICE", '"cpu"', "tts_device", "cpu"),
        ("VOICES_DIR", ' "/v" ', "voices_dir", Path("/v")),
        ("VOICES_DIR", "~/v", "voices_dir", Path("~/v").expanduser()),
        ("ASR_INITIAL_PROMPT", "'Yes' or 'no'", "asr_initial_prompt", "'Yes' or 'no'"),
    ],
)
def test_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, field: str, expected: object
) -> None:
    monkeypatch.setenv(variable, value)
    assert getattr(load_settings(), field) == expected


def test_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_CLIENTS", "192.0.2.7/24, ::1")
    assert [str(network) for network in load_settings().allowed_clients] == [
        "192.0.2.0/24",
        "::1/128",
    ]


@pytest.mark.parametrize(
    ("value", "allowed", "refused"),
    [
        ("", ["192.168.1.2", "::1", "100.64.0.1", "fd00::1"], ["203.0.113.7", "2001:db8::1"]),
        ("private", ["10.1.2.3", "172.16.0.1", "169.254.1.1", "fe80::1"], ["172.32.0.1"]),
        ("Private, 203.0.113.0/24", ["10.1.2.3", "203.0.113.7"], ["203.0.114.7"]),
        ("any", ["203.0.113.7", "2001:db8::1"], []),
        ("192.0.2.7", ["192.0.2.7"], ["192.168.1.2"]),
    ],
)
def test_named_networks(
    monkeypatch: pytest.MonkeyPatch, value: str, allowed: list[str], refused: list[str]
) -> None:
    monkeypatch.setenv("ALLOWED_CLIENTS", value)
    networks = load_settings().allowed_clients

    def holds(address: str) -> bool:
        return any(ip_address(address) in network for network in networks)

    assert [address for address in allowed if not holds(address)] == []
    assert [address for address in refused if holds(address)] == []


def test_command_line_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASR_PORT", "6001")
    assert load_settings({"asr_port": 7001}).asr_port == 7001
    assert load_settings({"asr_port": None}).asr_port == 6001


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("ASR_PORT", "abc", "at least 0 and at most 65535"),
        ("ASR_PORT", "70000", "at most 65535"),
        ("LOG_LEVEL", "loud", "DEBUG, INFO, WARNING or ERROR"),
        ("ASR_DEVICE", "gpu", "cuda:N"),
        ("SERVICE_MODE", "both", "asr or tts"),
        (
            "ALLOWED_CLIENTS",
            "300.1.1.1",
            "neither an IP address nor a network; use addresses such as",
        ),
        ("ALLOWED_CLIENTS", "192.168.1.*", "such as 192.168.1.20 or 192.168.1.0/24"),
        ("ALLOWED_CLIENTS", "192.168.1.1 10.0.0.1", "separated by commas"),
        ("ALLOWED_HOSTS", "https://voice.example.com", "without http:// and without a port"),
        ("ALLOWED_HOSTS", "voice.example.com:8443", "without a port"),
        ("ALLOWED_HOSTS", "a.example.com b.example.com", "separated by commas"),
        ("ALLOWED_HOSTS", "a.example.com,*.example.com", "'*.example.com' is not a host name"),
        ("API_ORIGINS", "*", "'*' is not a web origin"),
        ("API_ORIGINS", "chat.example.com", "such as https://chat.example.com"),
        ("API_VOICES", "alloy", "use alloy=anna [de]"),
        ("API_VOICES", "=anna", "use alloy=anna [de]"),
        ("OTHER_SERVER", "http://tts:5002", "use HOST or HOST:PORT"),
        ("OTHER_SERVER", "tts:70000", "'tts:70000' is not the address of a server"),
        ("OTHER_SERVER", "tts:0", "is not the address of a server"),
        ("OTHER_SERVER", "tts 5002", "is not the address of a server"),
        ("OTHER_SERVER", "[192.168.1.20]:5002", "is not the address of a server"),
        ("WEB_UI", "yes", "'off', 'read' or 'full'"),
        ("TTS_SPEED", "9", "at most 4.0"),
        ("ZEROCONF", "maybe", "true or false (Announce"),
        ("ASR_PARTIAL_TEXT", "nein", "true or false"),
        ("ASR_MODEL", ",", "names no model"),
        ("TTS_DEVICE", "cuda:x", "auto, cpu, cuda or cuda:N"),
        ("ASR_TASK", "sing", "translate"),
        ("TTS_PRECISION", "float8", "bfloat16"),
        ("ASR_LANGUAGE", "English", "no such language; use the code en;"),
        ("TTS_LANGUAGE", "english", "use the code en;"),
        ("ASR_LANGUAGE", "Deutsch", "use the code de;"),
        ("ASR_LANGUAGE", "Thai", "use the code th;"),
        ("ASR_LANGUAGE", "de_DE.UTF-8", "such as en, de or pt-BR"),
        ("ASR_LANGUAGE", "de en", "such as en, de or pt-BR"),
        ("ASR_LANGUAGES", "de;en", "such as en, de or pt-BR"),
        ("ASR_LANGUAGE", "jp", "no such language"),
        ("TTS_LANGUAGE", "xx", "no such language"),
        ("TTS_LANGUAGE", "de-" + "x" * 100, "no such language"),
        ("ASR_COMPUTE_TYPE", "int9", "'int8_float16'"),
        ("HASS_REFRESH_SECONDS", "1", "at least 10 and at most 86400"),
    ],
)
def test_wrong_value_is_one_line_with_variable_value_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    message = str(caught.value)
    assert variable in message
    assert value.lower() in message.lower()
    assert allowed in message
    assert "\n" not in message
    assert caught.value.exit_status == EXIT_CONFIG


BOUNDED = sorted(
    name
    for name, field in Settings.model_fields.items()
    if any(hasattr(limit, "le") for limit in field.metadata)
)
NOT_IN_BOUNDS = (
    "nan",
    "inf",
    "-inf",
    "-1",
    "1e9",
    "5 seconds",
    "5,0",
    "0x5",
    "\u0665",
    "five",
    "1 2",
)


def test_most_settings_with_numbers_are_tried() -> None:
    assert len(BOUNDED) >= 18


@pytest.mark.parametrize("value", NOT_IN_BOUNDS)
@pytest.mark.parametrize("name", BOUNDED)
def test_a_number_has_bounds(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name.upper(), value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    message = str(caught.value)
    assert message.startswith(f"{name.upper()}={value!r} is not valid: ")
    assert "; allowed: " in message
    assert " and at most " in message
    assert "\n" not in message


@pytest.mark.parametrize("variable", ["MODELS_DIR", "VOICES_DIR"])
@pytest.mark.parametrize(
    ("below", "said"),
    [
        ("file", "file is a file; set it to a folder"),
        ("file/models", "file is a file; set it to a folder"),
        ("x" * 300, "File name too long; set it to a folder"),
    ],
)
def test_a_folder_that_cannot_be_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, below: str, said: str
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(variable, str(tmp_path / below))
    with pytest.raises(ConfigError, match=f"^{variable}=.*{said}; meaning: Folder"):
        load_settings()
    monkeypatch.setenv(variable, str(tmp_path / "missing" / "models"))
    load_settings()


def test_a_folder_of_another_user_is_reported_when_it_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", refuse)
    monkeypatch.setenv("MODELS_DIR", "/of/another/user")
    assert load_settings().models_dir == Path("/of/another/user")


@pytest.mark.parametrize("variable", ["ASR_LANGUAGES", "TTS_LANGUAGES"])
def test_the_unknown_one_of_several_languages_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "en,Deutsch")
    with pytest.raises(ConfigError, match=rf"^{variable}='Deutsch' is not valid: no such language"):
        load_settings()


def test_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().asr_port = 5


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_documents_list_every_setting_as_it_is(name: str) -> None:
    table = (Path(__file__).parents[3] / "docs" / "settings.md").read_text()
    description = Settings.model_fields[name].description
    assert description
    rows = [line for line in table.splitlines() if line.startswith(f"| `{name.upper()}` |")]
    assert any(row.endswith(f"| {description} |") for row in rows)


def test_each_server_waits_in_its_own_way_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    prepare_process("asr")
    assert (os.environ["OMP_WAIT_POLICY"], os.environ["GOMP_SPINCOUNT"]) == ("ACTIVE", "500")
    prepare_process("tts")
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
