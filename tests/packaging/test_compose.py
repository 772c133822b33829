"""The compose files agree with the image, the settings and one another."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from typing import Any

import pytest
import yaml

from tests.support.compose_files import (
    DEFAULTS,
    GPU,
    HOST,
    MAIN,
    MODES,
    ONE_URL,
    OPEN_WEBUI,
    PORTS,
    ROOT,
)
from wyoming_voice_stack.announce.published_ports import MAX_PORTS
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.http.api.names import OPENAI_VOICES, TTS_ALIASES, asr_model
from wyoming_voice_stack.server.app import ENGINE_STOP_SECONDS

OVERRIDE = "docker-compose.override.yml"
HAPROXY = "deploy/haproxy/docker-compose.yml"
FILES = (MAIN, OVERRIDE, HOST, GPU)
URLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
PUBLISHED_IMAGE = f"{URLS['Image'].removeprefix('https://')}:latest"


def compose(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return loaded


def default_of(value: Any) -> str:
    """The value in a compose file when its variables are not set."""
    value = re.sub(r"\$\{\w+:\+[^}]*\}\"?\}?", "", str(value))
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def service(mode: str, name: str = MAIN) -> dict[str, Any]:
    found: dict[str, Any] = compose(name)["services"][mode]
    return found


class TestAlone:
    """docker-compose.yml needs no other file."""

    @pytest.mark.parametrize("mode", MODES)
    def test_a_service_is_the_server_of_its_name(self, mode: str) -> None:
        described = service(mode)
        environment = described["environment"]
        assert described["container_name"] == f"voice-stack-{mode}"
        assert environment["SERVICE_MODE"] == mode
        assert environment[f"{mode.upper()}_PORT"] == str(PORTS[mode])
        assert described["restart"] == "unless-stopped"
        assert described["logging"]["options"].keys() == {"max-size", "max-file"}

    @pytest.mark.parametrize("name", ["asr", "tts", "announcer"])
    def test_the_image_is_pulled_and_not_built(self, name: str) -> None:
        assert "build" not in service(name)
        assert default_of(service(name)["image"]) == PUBLISHED_IMAGE

    @pytest.mark.parametrize("mode", MODES)
    def test_settings_files_are_optional(self, mode: str) -> None:
        [file] = service(mode)["env_file"]
        assert file == {"path": f".env.production.{mode}", "required": False}
        lines = (ROOT / file["path"]).read_text().splitlines()
        assert f"SERVICE_MODE={mode}" in lines
        assert f"{mode.upper()}_PORT={PORTS[mode]}" in lines

    @pytest.mark.parametrize("mode", MODES)
    def test_what_a_settings_file_may_set_is_not_hidden(self, mode: str) -> None:
        """What is in `environment` has priority over the file."""
        hidden = {"SERVICE_MODE", "HOST", "ASR_PORT", "TTS_PORT", "MODELS_DIR", "ZEROCONF"}
        hidden |= {"OTHER_SERVER"}
        hidden |= {"VOICES_DIR"} if mode == "tts" else set()
        assert service(mode)["environment"].keys() == hidden

    @pytest.mark.parametrize("mode", MODES)
    def test_ports_are_published(self, mode: str) -> None:
        described = service(mode)
        assert "network_mode" not in described
        assert [default_of(port) for port in described["ports"]] == [
            f"0.0.0.0:{PORTS[mode]}:{PORTS[mode]}"
        ]
        assert described["environment"]["HOST"] == ""

    def test_volumes(self) -> None:
        volumes = {mode: [default_of(each) for each in service(mode)["volumes"]] for mode in MODES}
        assert volumes["asr"] == ["asr-models:/app/models"]
        assert volumes["tts"] == ["tts-models:/app/models", "./voices:/app/voices:ro"]
        declared = compose(MAIN)["volumes"]
        assert {name: declared[name]["name"] for name in ("asr-models", "tts-models")} == {
            "asr-models": "asr-models",
            "tts-models": "tts-models",
        }
        # So that MODELS=models and VOICES=voices find what an earlier release has stored.
        assert declared.keys() - {"asr-models", "tts-models"} == {"models", "voices"}

    @pytest.mark.parametrize("name", ["asr", "tts", "announcer"])
    def test_limits_do_not_fail_on_a_small_machine(self, name: str) -> None:
        limits = service(name)["deploy"]["resources"]["limits"]
        assert re.fullmatch(r"\d+[gm]", default_of(limits["memory"]))
        assert default_of(limits.get("cpus", 0)) == "0"

    @pytest.mark.parametrize("mode", MODES)
    def test_a_service_has_the_time_to_end_its_requests(self, mode: str) -> None:
        grace = service(mode)["stop_grace_period"]
        assert int(grace.removesuffix("s")) > DEFAULTS.shutdown_grace_seconds + ENGINE_STOP_SECONDS


class TestAnnouncer:
    def test_it_announces_what_is_published(self) -> None:
        announcer = service("announcer")
        assert announcer["network_mode"] == "host"
        command, *ports = announcer["command"]
        assert command == "announce"
        assert len(ports) <= MAX_PORTS
        published = [service(mode)["ports"][0].split(":", 1)[1] for mode in MODES]
        assert [f"-0.0.0.0}}:{port}" for port in ports] == [
            each.rpartition(":")[0] for each in published
        ]

    @pytest.mark.parametrize("mode", MODES)
    def test_a_single_server_is_announced_too(self, mode: str) -> None:
        assert service(mode)["environment"]["ZEROCONF"] == "false"
        assert service(mode)["depends_on"] == {
            "announcer": {"condition": "service_started", "required": False}
        }

    def test_it_has_no_health_check_of_a_server(self) -> None:
        assert service("announcer")["healthcheck"] == {"disable": True}


@pytest.mark.parametrize("name", ["asr", "tts", "announcer"])
def test_a_checkout_builds_under_another_name(name: str) -> None:
    described = service(name, OVERRIDE)
    assert described["build"]["context"] == "."
    arguments = set(re.findall(r"^ARG (\w+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    assert described["build"]["args"].keys() <= arguments
    assert default_of(described["image"]) == "voice-stack:latest"


@pytest.mark.parametrize("mode", MODES)
def test_on_the_hosts_network_a_server_announces_itself(mode: str) -> None:
    described = service(mode, HOST)
    assert described["network_mode"] == "host"
    environment = {name: default_of(value) for name, value in described["environment"].items()}
    assert environment == {
        "HOST": "",
        f"{mode.upper()}_PORT": str(PORTS[mode]),
        "OTHER_SERVER": "",
        "ZEROCONF": "true",
    }
    assert service("announcer", HOST) == {"deploy": {"replicas": 0}}


def test_services_and_settings_of_all_files_exist() -> None:
    known = {name.upper() for name in Settings.model_fields}
    for name in FILES:
        services = compose(name)["services"]
        assert services.keys() <= {"asr", "tts", "announcer"}
        assert services.keys() >= {"asr", "tts"}
        for described in services.values():
            assert set(described.get("environment", ())) <= known | {"NVIDIA_VISIBLE_DEVICES"}


def test_files_fit_the_specification() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
        + [str(ROOT / name) for name in (*FILES, HAPROXY, ONE_URL, OPEN_WEBUI)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_replicas_use_the_same_image_and_limits() -> None:
    for mode in MODES:
        replica, single = service(mode, HAPROXY), service(mode)
        assert replica["image"] == single["image"]
        assert replica["deploy"]["resources"] == single["deploy"]["resources"]
        assert "container_name" not in replica
        environment = single["environment"].keys()
        assert replica["environment"].keys() == environment


@pytest.mark.parametrize(("name", "host"), [(MAIN, None), (HAPROXY, "haproxy")])
@pytest.mark.parametrize(("mode", "other"), [("asr", "tts"), ("tts", "asr")])
def test_the_page_finds_the_other_server(
    name: str, host: str | None, mode: str, other: str
) -> None:
    services, environment = compose(name)["services"], service(mode, name)["environment"]
    assert environment["OTHER_SERVER"] == f"{host or other}:{PORTS[other]}"
    assert (host or other) in services
    # What browsers use, and messages name, is the published port.
    published = environment[f"{other.upper()}_PORT"]
    assert published == f"${{{other.upper()}_PORT:-{PORTS[other]}}}"
    assert any(f"{published}:{PORTS[other]}" in port for port in services[host or other]["ports"])


def test_open_webui_reaches_both_servers_where_they_listen() -> None:
    described = service("open-webui", OPEN_WEBUI)
    environment = described["environment"]
    assert sorted(described["depends_on"]) == MODES
    for mode, kind in (("asr", "STT"), ("tts", "TTS")):
        url = f"http://{mode}:{PORTS[mode]}/v1"
        assert environment[f"AUDIO_{kind}_ENGINE"] == "openai"
        assert environment[f"AUDIO_{kind}_OPENAI_API_BASE_URL"] == url
        assert default_of(environment[f"AUDIO_{kind}_OPENAI_API_KEY"])
    assert asr_model(environment["AUDIO_STT_MODEL"], ()) is None
    assert environment["AUDIO_TTS_MODEL"] in TTS_ALIASES
    assert environment["AUDIO_TTS_VOICE"] in OPENAI_VOICES


def test_every_variable_is_documented() -> None:
    variables = {
        variable
        for name in (*FILES, HAPROXY, ONE_URL, OPEN_WEBUI)
        for variable in re.findall(r"\$\{(\w+)", (ROOT / name).read_text())
    }
    assert "LISTEN" in variables
    settings = (ROOT / "docs" / "settings.md").read_text()
    assert {each for each in variables if f"`{each}`" not in settings} == set()
