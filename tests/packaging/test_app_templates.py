"""deploy/portainer and deploy/unraid: their formats, and the settings, ports and folders that they name."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, parse

import pytest

from tests.packaging.test_manifests import IMAGE, URLS
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.server.app import ENGINE_STOP_SECONDS

ROOT = Path(__file__).parents[2]
PORTAINER = ROOT / "deploy" / "portainer"
UNRAID = ROOT / "deploy" / "unraid"
PORTS = {"asr": 5001, "tts": 5002}
SETTINGS = {name.upper() for name in Settings.model_fields}
COMPOSE = (ROOT / "docker-compose.yml").read_text("utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
CONTAINER_RUNTIME = {"NVIDIA_VISIBLE_DEVICES"}
"""Read by the NVIDIA Container Toolkit."""

UNRAID_FIELDS = {
    *("Name", "Repository", "Registry", "Network", "Shell", "Privileged", "Support", "Project"),
    *("Overview", "Category", "WebUI", "TemplateURL", "Icon", "ExtraParams", "Config"),
}
UNRAID_MODES = {"Port": {"tcp"}, "Path": {"rw", "ro"}, "Variable": {""}}
DISPLAYS = {"always", "advanced", "advanced-hide"}


def check(file: Path) -> subprocess.CompletedProcess[str]:
    schema = PORTAINER / "templates.schema.json"
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema), str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def templates() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((PORTAINER / "templates.json").read_text("utf-8"))[
        "templates"
    ]
    return found


def container(mode: str) -> dict[str, Any]:
    [found] = [each for each in templates() if each.get("name") == f"voice-stack-{mode}"]
    return found


def accepted(given: dict[str, str]) -> Settings:
    """The settings with these variables, as the server reads them."""
    return Settings.model_validate({name.lower(): value for name, value in given.items() if value})


def unraid(mode: str) -> Element:
    return parse(UNRAID / f"voice-stack-{mode}.xml").getroot()


def configs(mode: str, kind: str) -> dict[str, Element]:
    """The fields of one type, by what they stand for in the container."""
    found = [each for each in unraid(mode).findall("Config") if each.attrib["Type"] == kind]
    return {each.attrib["Target"]: each for each in found}


class TestPortainer:
    def test_the_format(self) -> None:
        done = check(PORTAINER / "templates.json")
        assert done.returncode == 0, done.stdout

    @pytest.mark.parametrize(
        "change",
        [
            {"type": 2},
            {"image": "voice-stack"},
            {"restart_policy": "sometimes"},
            {"volumes": [{"bind": "/opt"}]},
            {"env": [{"name": "ASR_MODEL"}]},
            {"repository": {"url": "https://example.com"}},
        ],
    )
    def test_the_schema_sees_what_is_wrong(self, change: dict[str, Any], tmp_path: Path) -> None:
        file = tmp_path / "templates.json"
        file.write_text(json.dumps({"version": "3", "templates": [container("asr") | change]}))
        assert check(file).returncode == 1

    def test_identifiers_differ(self) -> None:
        identifiers = [each["id"] for each in templates()]
        assert len(set(identifiers)) == len(identifiers)

    @pytest.mark.parametrize("mode", PORTS)
    def test_containers_have_settings_that_exist(self, mode: str) -> None:
        variables = container(mode)["env"]
        given = {each["name"]: each.get("default", "") for each in variables}
        assert given["SERVICE_MODE"] == mode
        assert given[f"{mode.upper()}_PORT"] == str(PORTS[mode])
        assert given.keys() <= SETTINGS
        accepted(given)
        for variable in variables:
            for choice in variable.get("select", ()):
                accepted(given | {variable["name"]: choice["value"]})

    @pytest.mark.parametrize("mode", PORTS)
    def test_containers_have_the_volumes_of_the_image(self, mode: str) -> None:
        folders = {each["container"] for each in container(mode)["volumes"]}
        assert folders == {"/app/models"} | ({"/app/voices"} if mode == "tts" else set())
        assert all(f'"{folder}"' in DOCKERFILE for folder in folders)

    def test_containers_are_discovered(self) -> None:
        assert {container(mode)["network"] for mode in PORTS} == {"host"}

    def test_the_stack_is_the_compose_file(self) -> None:
        [stack] = [each for each in templates() if each["type"] == 3]
        assert (ROOT / stack["repository"]["stackfile"]).exists()
        for variable in stack["env"]:
            assert re.search(rf"\$\{{{variable['name']}[:}}]", COMPOSE), variable["name"]
        given = {each["name"]: each.get("default", "") for each in stack["env"]}
        accepted({name: value for name, value in given.items() if name in SETTINGS})


@pytest.mark.parametrize("mode", PORTS)
class TestUnraid:
    def test_the_format(self, mode: str) -> None:
        root = unraid(mode)
        assert (root.tag, root.attrib) == ("Container", {"version": "2"})
        assert {child.tag for child in root} == UNRAID_FIELDS
        assert root.findtext("Name") == f"voice-stack-{mode}"
        for config in root.findall("Config"):
            attributes = config.attrib
            assert attributes.keys() == {
                *("Name", "Target", "Default", "Mode", "Description"),
                *("Type", "Display", "Required", "Mask"),
            }
            assert attributes["Mode"] in UNRAID_MODES[attributes["Type"]]
            assert attributes["Display"] in DISPLAYS
            assert {attributes["Required"], attributes["Mask"]} <= {"true", "false"}
            assert (config.text or "") == attributes["Default"]
            assert attributes["Description"].endswith(".")

    def test_the_settings_exist(self, mode: str) -> None:
        given = {name: each.attrib["Default"] for name, each in configs(mode, "Variable").items()}
        assert given.keys() - CONTAINER_RUNTIME <= SETTINGS
        assert given["SERVICE_MODE"] == mode
        accepted({name: value for name, value in given.items() if name in SETTINGS})

    def test_a_secret_is_hidden(self, mode: str) -> None:
        hidden = {
            name for name, each in configs(mode, "Variable").items() if each.get("Mask") == "true"
        }
        assert hidden == ({"HASS_TOKEN"} if mode == "asr" else set())

    def test_ports_and_folders(self, mode: str) -> None:
        port = str(PORTS[mode])
        assert configs(mode, "Port").keys() == {port}
        assert configs(mode, "Variable")[f"{mode.upper()}_PORT"].attrib["Default"] == port
        assert f"[PORT:{port}]/health" in (unraid(mode).findtext("WebUI") or "")
        folders = configs(mode, "Path")
        assert folders.keys() == {"/app/models"} | ({"/app/voices"} if mode == "tts" else set())
        assert folders["/app/models"].attrib["Mode"] == "rw"

    def test_the_container_is_confined_and_has_time_to_stop(self, mode: str) -> None:
        given = (unraid(mode).findtext("ExtraParams") or "").split()
        # Unraid's folders belong to nobody (99) and users (100).
        assert {"--user=99:100", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL"} <= set(given)
        [stop] = [word for word in given if word.startswith("--stop-timeout=")]
        needs = Settings().shutdown_grace_seconds + ENGINE_STOP_SECONDS
        assert float(stop.partition("=")[2]) > needs

    def test_files_that_are_linked_exist(self, mode: str) -> None:
        root = unraid(mode)
        for field in ("TemplateURL", "Icon"):
            path = re.sub(r"^.*/-/raw/HEAD/", "", root.findtext(field) or "")
            assert (ROOT / path).exists()


def test_all_templates_name_one_image() -> None:
    images = {unraid(mode).findtext("Repository") for mode in PORTS}
    images |= {container(mode)["image"] for mode in PORTS}
    assert images == {f"{IMAGE}:latest"}


def test_all_links_lead_to_the_project() -> None:
    files = (PORTAINER / "templates.json", *UNRAID.iterdir())
    links = {link for file in files for link in re.findall(r"https://[^\s\"<]+", file.read_text())}
    assert {link for link in links if not link.startswith(URLS["Repository"])} == set()
