"""The servers on a developer's machine, with Compose and with hatch."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.packaging.guide.promises import holds
from tests.support.guide.compose_files import compose, published, service_environment
from tests.support.guide.dockerfiles import environment
from tests.support.guide.image_tests import assert_checked
from tests.support.guide.programs import run
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.errors import EXIT_CONFIG
from wyoming_voice_stack.server.app import ENGINE_STOP_SECONDS

ROOT = Path(__file__).parents[3]
SERVERS = ("asr", "tts")
HATCH = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["envs"]
DEFAULTS = Settings.model_construct()


def service(mode: str) -> dict[str, Any]:
    found: dict[str, Any] = compose("docker-compose.yml")["services"][mode]
    return found


def documented(command: str) -> bool:
    """True if docs/deployment.md has this command on a line of its own."""
    text = (ROOT / "docs" / "deployment.md").read_text("utf-8")
    return re.search(rf"^{re.escape(command)}(?:  #.*)?$", text, re.MULTILINE) is not None


@holds("local-1", "local-6")
@pytest.mark.parametrize("mode", SERVERS)
def test_up_starts_a_server_and_no_other(mode: str) -> None:
    # Without a profile it is started by default; without dependencies it can be started alone.
    assert "profiles" not in service(mode)
    assert not set(service(mode).get("depends_on", [])) & set(SERVERS)
    assert service_environment(service(mode))["SERVICE_MODE"] == mode


@holds("local-1", "local-2", "local-5", "local-6")
@pytest.mark.parametrize("arguments", ["up -d", "logs -f", "down", "up -d asr"])
def test_the_command_is_documented(arguments: str) -> None:
    assert documented(f"docker compose {arguments}")


@holds("local-2")
@pytest.mark.parametrize("mode", SERVERS)
def test_logs_can_be_followed(mode: str) -> None:
    # Other drivers send the log away, and `logs` has nothing to show.
    assert service(mode)["logging"]["driver"] in {"json-file", "local"}
    assert environment("Dockerfile")["PYTHONUNBUFFERED"] == "1"


@holds("local-5")
@pytest.mark.parametrize("mode", SERVERS)
def test_down_lets_a_server_end_its_requests(mode: str) -> None:
    grace = float(service(mode)["stop_grace_period"].removesuffix("s"))
    assert grace > DEFAULTS.shutdown_grace_seconds + ENGINE_STOP_SECONDS


@holds("local-8")
def test_hatch_can_create_its_environment() -> None:
    default = HATCH["default"]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(default["features"]) <= extras["optional-dependencies"].keys()
    commands = default["pre-install-commands"] + default["post-install-commands"]
    files = re.findall(r"scripts/[\w./-]+", "\n".join(commands))
    assert files
    assert [name for name in files if not (ROOT / name).exists()] == []


@holds("local-9")
@pytest.mark.parametrize("mode", SERVERS)
def test_hatch_starts_the_server_of_the_mode(tmp_path: Path, mode: str) -> None:
    program, *arguments = HATCH["default"]["scripts"][f"run_{mode}"].split()
    assert program == "wyoming-voice-stack"
    assert arguments.pop() == "{args}"
    # A wrong port ends the server before it opens anything, and its name tells which server it was.
    wrong = {f"{mode.upper()}_PORT": "x", "PYTHONPATH": str(ROOT)}
    command = (sys.executable, "-m", "wyoming_voice_stack")
    done = run(*command, *arguments, cwd=tmp_path, programs=tmp_path, **wrong)
    assert done.status == EXIT_CONFIG, done.errors
    assert f"{mode.upper()}_PORT='x'" in done.errors
    pipeline_test = (ROOT / "scripts" / "test_pipeline.sh").read_text("utf-8")
    assert f"\n    serves run_{mode} " in pipeline_test


@holds("local-1")
def test_both_spellings_of_compose_find_the_file() -> None:
    # docker-compose looks for this name; it reads the same file as docker compose.
    assert (ROOT / "docker-compose.yml").is_file()
    assert not list(ROOT.glob("compose.y*ml"))
    assert_checked("compose", "combinations", '/bin/docker-compose" config --quiet')


@holds("local-1", "local-5")
def test_compose_is_run_for_real() -> None:
    assert_checked("compose", "test_compose", "compose up --detach --wait", "compose down")


@holds("local-3", "local-4")
@pytest.mark.parametrize(("mode", "port"), [("asr", "5001"), ("tts", "5002")])
def test_a_server_answers_on_its_port_of_localhost(mode: str, port: str) -> None:
    # Docker Desktop has no host network, so the port has to be published.
    assert "network_mode" not in service(mode)
    [(address, outside, inside)] = published(service(mode))
    assert address in {"", "0.0.0.0"}
    assert (outside, inside) == (port, port)
    assert service_environment(service(mode)).get(f"{mode.upper()}_PORT", port) == port
    assert documented(f"curl http://localhost:{port}/health")


@holds("local-7")
@pytest.mark.parametrize("mode", SERVERS)
def test_build_makes_the_image_that_up_runs(mode: str) -> None:
    # Compose reads the override by itself, so plain `build` and `up` use it in a checkout.
    merged = compose("docker-compose.yml", "docker-compose.override.yml")["services"][mode]
    build = merged["build"]
    assert build["context"] == "."
    assert build.get("dockerfile", "Dockerfile") == "Dockerfile"
    assert merged["image"]
    assert merged.get("pull_policy") not in {"always", "daily", "weekly"}
    assert documented("docker compose build")
