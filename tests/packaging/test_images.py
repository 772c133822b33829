"""What the images and the compose files say agrees with the package and with one another."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.models.licence import LICENCE_URL
from wyoming_voice_stack.server.app import ENGINE_STOP_SECONDS

ROOT = Path(__file__).parents[2]
DOCKERFILES = ("Dockerfile", "Dockerfile.ci")
COMPOSE_FILES = ("docker-compose.yml", "docker-compose.bridge.yml", "docker-compose.gpu.yml")
DEFAULTS = Settings.model_construct()
PORTS = {"asr": DEFAULTS.asr_port, "tts": DEFAULTS.tts_port}


def instructions(name: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, each with what follows it on one line."""
    lines = [line for line in (ROOT / name).read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    found = []
    for line in joined.splitlines():
        keyword, _, rest = line.strip().partition(" ")
        if keyword:
            found.append((keyword, " ".join(rest.split())))
    return found


def arguments(name: str, keyword: str) -> list[str]:
    return [rest for found, rest in instructions(name) if found == keyword]


def image_environment() -> dict[str, str]:
    pairs = [pair for line in arguments("Dockerfile", "ENV") for pair in line.split()]
    return dict(pair.split("=", 1) for pair in pairs)


def compose(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return loaded


def default_of(value: str) -> str:
    """The value in a compose file when its variables are not set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def sources(name: str) -> list[str]:
    """What a Dockerfile copies out of the working tree."""
    found = []
    for copied in arguments(name, "COPY"):
        words = [word for word in copied.split() if not word.startswith("--chmod")]
        if not words[0].startswith("--from="):
            found.extend(words[:-1])
    return found


def test_the_image_has_the_ports_and_folders_of_the_settings() -> None:
    assert arguments("Dockerfile", "EXPOSE") == [f"{PORTS['asr']} {PORTS['tts']}"]
    environment = image_environment()
    folders = [environment["MODELS_DIR"], environment["VOICES_DIR"]]
    assert folders == ["/app/models", "/app/voices"]
    assert arguments("Dockerfile", "VOLUME") == [f'["{folders[0]}", "{folders[1]}"]']


def test_the_image_has_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"VERSION={version}" in arguments("Dockerfile", "ARG")


def test_the_image_names_the_licence_that_it_accepts() -> None:
    [label] = arguments("Dockerfile", "LABEL")
    assert LICENCE_URL in label
    assert "non-commercial" in label
    assert "ACCEPT_COQUI_LICENSE=1" in arguments("Dockerfile", "ARG")


def test_the_image_runs_as_nobody_in_particular_and_asks_for_readiness() -> None:
    assert arguments("Dockerfile", "USER") not in ([], ["root"])
    [check] = arguments("Dockerfile", "HEALTHCHECK")
    assert '"health", "--ready"' in check
    assert arguments("Dockerfile", "ENTRYPOINT") == ['["tini", "--", "entrypoint.sh"]']


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_older_builder_reads_the_dockerfile(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "syntax=" not in text
    assert "<<" not in text
    assert "--link" not in text
    assert {rest.split()[0] for rest in arguments(name, "FROM")} & {"python:3.11-slim-bookworm"}


@pytest.mark.parametrize("name", DOCKERFILES)
def test_what_is_copied_is_there_and_is_sent(name: str) -> None:
    sent = [
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    ]
    copied = sources(name)
    assert copied
    for path in copied:
        assert (ROOT / path).exists(), path
        assert any(fnmatch(path, pattern) or path.startswith(f"{pattern}/") for pattern in sent)


def test_nothing_but_sources_is_sent() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"


@pytest.mark.parametrize("mode", ["asr", "tts"])
def test_a_service_is_the_server_of_its_name(mode: str) -> None:
    service = compose("docker-compose.yml")["services"][mode]
    environment = service["environment"]
    assert environment["SERVICE_MODE"] == mode
    assert default_of(environment[f"{mode.upper()}_PORT"]) == str(PORTS[mode])
    assert f"SERVICE_MODE={mode}" in (ROOT / service["env_file"]).read_text().splitlines()
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    folders = {default_of(volume).split(":")[1] for volume in service["volumes"]}
    assert folders <= set(image_environment().values())
    assert "/app/models" in folders


@pytest.mark.parametrize("mode", ["asr", "tts"])
def test_a_service_has_the_time_to_end_its_requests(mode: str) -> None:
    grace = compose("docker-compose.yml")["services"][mode]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > DEFAULTS.shutdown_grace_seconds + ENGINE_STOP_SECONDS


@pytest.mark.parametrize("mode", ["asr", "tts"])
def test_the_other_network_publishes_the_ports(mode: str) -> None:
    host = compose("docker-compose.yml")["services"][mode]
    assert host["network_mode"] == "host"
    assert "ports" not in host
    bridge = compose("docker-compose.bridge.yml")["services"][mode]
    inside = bridge["environment"][f"{mode.upper()}_PORT"]
    assert [default_of(port) for port in bridge["ports"]] == [f"0.0.0.0:{inside}:{inside}"]
    assert bridge["environment"]["ZEROCONF"] == "false"
    assert inside == str(PORTS[mode])


def test_services_and_settings_of_all_compose_files_exist() -> None:
    # The other variable is for the NVIDIA Container Toolkit.
    known = {name.upper() for name in Settings.model_fields} | {"NVIDIA_VISIBLE_DEVICES"}
    for name in COMPOSE_FILES:
        services = compose(name)["services"]
        assert services.keys() == {"asr", "tts"}
        for service in services.values():
            assert service["environment"].keys() <= known


def test_compose_files_fit_the_specification() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
        + [str(ROOT / name) for name in COMPOSE_FILES],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
