"""What the add-ons' files say agrees with the package and with one another."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.models.licence import LICENCE_URL

ROOT = Path(__file__).parents[2]
ADDONS = ("asr", "tts")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
LANGUAGES = ("en", "de")
BOUNDED = re.compile(r"(?P<kind>int|float)\((?P<low>[\d.]*),(?P<high>[\d.]*)\)")
MAX_DOCKER_STOP_SECONDS = 300


def folder(mode: str) -> Path:
    return ROOT / "addon" / f"voice-stack-{mode}"


def read(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


def config(mode: str) -> dict[str, Any]:
    return read(folder(mode) / "config.yaml")


def instructions(mode: str) -> list[str]:
    text = (folder(mode) / "Dockerfile").read_text().replace("\\\n", " ")
    return [" ".join(line.split()) for line in text.splitlines() if not line.startswith("#")]


def image_environment(mode: str) -> dict[str, str]:
    [line] = [line for line in instructions(mode) if line.startswith("ENV ")]
    return dict(pair.split("=", 1) for pair in line.split()[1:])


def with_options(monkeypatch: pytest.MonkeyPatch, path: Path, options: dict[str, Any]) -> Settings:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    path.write_text(json.dumps(options))
    monkeypatch.setenv("OPTIONS_FILE", str(path))
    return Settings()


def check_schema(*files: Path) -> subprocess.CompletedProcess[str]:
    schema = ROOT / "addon/config.schema.json"
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema)]
    return subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)


def test_configurations_fit_the_schema() -> None:
    done = check_schema(*(folder(mode) / "config.yaml" for mode in ADDONS))
    assert done.returncode == 0, done.stdout


def test_the_schema_sees_what_is_wrong(tmp_path: Path) -> None:
    right = config("tts")
    wrong: list[dict[str, Any]] = [
        {"schema": {**right["schema"], "tts_voice": "str=anna"}},
        {"watchdog": "http://localhost/health"},
        {"arch": ["armv7"]},
        {"ports": {"5002": None}},
        {"buidl": True},
        {"timeout": 5},
        # The Supervisor joins it to a path that ends in a slash.
        {"ingress_entry": "/ui/"},
        {"panel_icon": "account-voice"},
    ]
    for change in wrong:
        file = tmp_path / "config.yaml"
        file.write_text(yaml.safe_dump({**right, **change}))
        assert check_schema(file).returncode == 1, change


def test_the_repository() -> None:
    assert read(ROOT / "repository.yaml").keys() >= {"name", "maintainer"}
    # The Supervisor takes each file of that name for an add-on.
    found = {path.parent for path in ROOT.rglob("config.yaml") if ".venv" not in str(path)}
    assert found == {folder(mode) for mode in ADDONS}
    assert not list(ROOT.glob("addon/*/build.yaml"))


@pytest.mark.parametrize("mode", ADDONS)
class TestAddon:
    def test_options_are_settings_of_this_server(self, mode: str) -> None:
        schema = config(mode)["schema"]
        assert schema.keys() <= Settings.model_fields.keys()
        other = "tts_" if mode == "asr" else "asr_"
        assert not [name for name in schema if name.startswith(other)]

    def test_options_have_a_default_or_are_optional(self, mode: str) -> None:
        declared = config(mode)
        for name, element in declared["schema"].items():
            optional = isinstance(element, str) and element.endswith("?")
            assert optional != (name in declared["options"]), name

    def test_defaults_are_taken(
        self, mode: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        options = config(mode)["options"]
        settings = with_options(monkeypatch, tmp_path / "options.json", options)
        for name, value in options.items():
            default = Settings.model_fields[name].default
            same = default == getattr(settings, name)
            assert same or name == "tts_model", f"{name}: {value!r} is not {default!r}"

    def test_bounds_are_those_of_the_settings(
        self, mode: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        bounded = {
            name: found
            for name, element in config(mode)["schema"].items()
            if isinstance(element, str) and (found := BOUNDED.match(element))
        }
        assert bounded
        for name, found in bounded.items():
            low, high = int(found["low"]), int(found["high"])
            for value in (low, high):
                settings = with_options(monkeypatch, tmp_path / "options.json", {name: value})
                assert getattr(settings, name) == value
            for value in (low - 1, high + 1):
                with pytest.raises(ValidationError, match=name):
                    with_options(monkeypatch, tmp_path / "options.json", {name: value})

    def test_choices_are_those_of_the_settings(
        self, mode: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        [choices] = re.findall(r"list\((.*)\)", config(mode)["schema"]["log_level"])
        assert choices.split("|") == ["debug", "info", "warning", "error"]
        for choice in choices.split("|"):
            with_options(monkeypatch, tmp_path / "options.json", {"log_level": choice})

    def test_no_list_shuts_out_models_or_voices_of_ones_own(self, mode: str) -> None:
        for name, element in config(mode)["schema"].items():
            if name.endswith(("_model", "_voice")):
                assert element.startswith("str("), name

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_option_and_port_is_explained(self, mode: str, language: str) -> None:
        declared = read(folder(mode) / "translations" / f"{language}.yaml")
        assert declared["configuration"].keys() == config(mode)["schema"].keys()
        for name, texts in declared["configuration"].items():
            assert texts.keys() == {"name", "description"}, name
            assert all(texts.values()), name
        assert declared["network"].keys() == config(mode)["ports"].keys()

    def test_languages_are_tags(self, mode: str) -> None:
        [element] = config(mode)["schema"][f"{mode}_languages"]
        pattern = re.compile(element.removeprefix("match(").removesuffix(")"))
        for tag in ("de", "en-GB", "pt_BR", "zh-Hans"):
            assert pattern.fullmatch(tag), tag
        for tag in ("", "german!", "de,en", "$(ls)", "e"):
            assert not pattern.fullmatch(tag), tag

    def test_the_port_is_the_servers(self, mode: str) -> None:
        declared = config(mode)
        port = Settings.model_fields[f"{mode}_port"].default
        assert declared["ports"] == {f"{port}/tcp": None}
        assert declared["watchdog"] == f"http://[HOST]:[PORT:{port}]/health"

    def test_the_page_is_a_panel(self, mode: str) -> None:
        declared = config(mode)
        assert declared["ingress"] is True
        assert declared["ingress_port"] == Settings.model_fields[f"{mode}_port"].default
        assert declared["ingress_entry"] == "ui/"
        # Without it, the Supervisor reads each upload whole, 16 MiB at most.
        assert declared["ingress_stream"] is True
        assert declared["panel_icon"].startswith("mdi:")
        # Only administrators see the panel, which changes voices and models.
        assert declared.get("panel_admin", True) is True
        assert image_environment(mode)["WEB_UI"] == "full"

    def test_requests_may_end_before_the_container_is_killed(self, mode: str) -> None:
        grace_s = Settings.model_fields["shutdown_grace_seconds"].default
        assert grace_s + 10 <= config(mode)["timeout"] <= MAX_DOCKER_STOP_SECONDS

    def test_discovery_and_its_rights(self, mode: str) -> None:
        declared = config(mode)
        assert declared["discovery"] == ["wyoming"]
        assert declared["homeassistant_api"] is True
        assert not declared.keys() & {"hassio_api", "privileged", "full_access", "host_network"}

    def test_the_version_is_the_packages(self, mode: str) -> None:
        assert config(mode)["version"] == VERSION
        lines = instructions(mode)
        [image] = [line for line in lines if line.startswith("ARG VOICE_STACK_IMAGE=")]
        assert image.endswith(f":{VERSION}")
        assert f"ARG BUILD_VERSION={VERSION}" in lines
        assert f"## {VERSION}\n" in (folder(mode) / "CHANGELOG.md").read_text()

    def test_the_image(self, mode: str) -> None:
        environment = image_environment(mode)
        assert environment["SERVICE_MODE"] == mode
        assert environment[f"{mode.upper()}_DEVICE"] == "cpu"
        assert environment["OPTIONS_FILE"] == "/data/options.json"
        assert environment["MODELS_DIR"] == "/data/models"
        assert config(mode)["backup_exclude"] == ["models", "models/**"]
        # An option that the image also sets would have no effect.
        options = {name.upper() for name in config(mode)["schema"]}
        assert not options & environment.keys()
        labels = " ".join(line for line in instructions(mode) if line.startswith("LABEL"))
        declared = config(mode)
        for name in ("name", "description"):
            assert f'io.hass.{name}="{declared[name]}"' in labels
        for name in ('type="app"', 'version="$BUILD_VERSION"', 'arch="$BUILD_ARCH"'):
            assert f"io.hass.{name}" in labels
        # Older Supervisors give this one a value of their own.
        assert "BUILD_FROM" not in " ".join(instructions(mode))

    @pytest.mark.parametrize(("name", "size"), [("icon", (128, 128)), ("logo", (250, 100))])
    def test_pictures(self, mode: str, name: str, size: tuple[int, int]) -> None:
        header = (folder(mode) / f"{name}.png").read_bytes()[:24]
        assert header.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">II", header[16:]) == size

    def test_the_profile_is_named_like_the_addon(self, mode: str) -> None:
        text = (folder(mode) / "apparmor.txt").read_text()
        assert f"\nprofile {config(mode)['slug']} flags=" in text

    def test_the_profile_is_understood(self, mode: str) -> None:
        parser = shutil.which("apparmor_parser")
        if parser is None:
            pytest.skip("apparmor_parser is not installed")
        command = [parser, "-Q", "-K", "-S", str(folder(mode) / "apparmor.txt")]
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr

    def test_every_option_is_documented(self, mode: str) -> None:
        docs = (folder(mode) / "DOCS.md").read_text()
        names = read(folder(mode) / "translations/en.yaml")["configuration"].values()
        for texts in names:
            assert f"| {texts['name']} |" in docs

    def test_the_run_script(self, mode: str) -> None:
        script = folder(mode) / "run.sh"
        assert script.stat().st_mode & 0o111
        done = subprocess.run(["bash", "-n", str(script)], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        # One image, one script: only SERVICE_MODE tells the two apart.
        assert script.read_bytes() == (folder("asr") / "run.sh").read_bytes()


def test_the_licence_of_xtts_is_for_the_user_to_accept() -> None:
    assert config("tts")["options"]["coqui_tos_agreed"] is False
    # Elsewhere than in the image, which may have been built as accepting it.
    assert image_environment("tts")["TTS_HOME"] == "/data"
    for language in LANGUAGES:
        texts = read(folder("tts") / "translations" / f"{language}.yaml")["configuration"]
        assert LICENCE_URL in texts["coqui_tos_agreed"]["description"]


def test_voices_are_in_the_share() -> None:
    assert image_environment("tts")["VOICES_DIR"] == "/share/voice-stack"
    assert config("tts")["map"] == [{"type": "share", "read_only": False}]
    assert config("asr")["map"] == [{"type": "share", "read_only": True}]
