"""deploy/systemd: the unit is valid, strict, and agrees with the servers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from wyoming_voice_stack import errors
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.server.app import ENGINE_STOP_SECONDS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "systemd"
UNIT = FOLDER / "wyoming-voice-stack@.service"
GUIDE = (ROOT / "docs" / "deployment.md").read_text("utf-8")
MODES = ("asr", "tts")
MAX_EXPOSURE = "2.0"
"""What `systemd-analyze security` calls OK; from 0 to 10."""
LIBRARIES = {"HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "MPLCONFIGDIR"}
"""Variables that libraries read: the folders that they write to."""
STATUSES = {
    errors.EXIT_CONFIG,
    errors.EXIT_USAGE,
    errors.EXIT_UNAVAILABLE,
    errors.EXIT_PROCESSOR,
    errors.EXIT_LICENCE,
}


class Unit(ConfigParser):
    """A unit file; of a key that is repeated, the last value counts."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",)
        )
        self.read_string(path.read_text("utf-8"))

    def optionxform(self, optionstr: str) -> str:
        return optionstr


SERVICE = Unit(UNIT)["Service"]


def analyze(*arguments: str) -> str:
    """What `systemd-analyze` prints about a unit; fails if it finds an error."""
    if not (program := shutil.which("systemd-analyze")):
        if os.environ.get("CI") and not os.environ.get("GITLAB_CI"):
            pytest.fail("systemd-analyze is missing; install the package systemd")
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run(
        [program, "--no-pager", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """An instance of the unit, with a program that exists."""
    path = tmp_path / UNIT.name.replace("@.", "@asr.")
    path.write_text(
        re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(), flags=re.MULTILINE)
    )
    return path


def test_systemd_accepts_the_unit(installed: Path) -> None:
    assert analyze("verify", str(installed)) == ""


def test_systemd_sees_what_is_wrong(installed: Path) -> None:
    installed.write_text(installed.read_text().replace("DynamicUser=", "DynamcUser="))
    assert "DynamcUser" in analyze("verify", str(installed))


def test_the_server_is_confined(installed: Path) -> None:
    offline = ("--offline=true", f"--threshold={float(MAX_EXPOSURE) * 10:.0f}")
    assert "Overall exposure level" in analyze("security", *offline, str(installed))


@pytest.mark.parametrize("mode", MODES)
class TestServer:
    def test_variables_are_settings(self, mode: str) -> None:
        words = SERVICE["Environment"].replace("\\", " ").replace("%i", mode).split()
        given = dict(word.split("=", 1) for word in words)
        settings = {name.upper() for name in Settings.model_fields}
        assert given.keys() - LIBRARIES <= settings
        # One folder: systemd does not start a unit with a dynamic user and a folder below another one.
        folder = f"%S/{SERVICE['StateDirectory'].replace('%i', mode)}"
        made = SERVICE["ExecStartPre"].removeprefix("/bin/mkdir -p ").split()
        assert given["HOME"] == folder
        assert [given["MODELS_DIR"], given["VOICES_DIR"]] == [f"{folder}/{each}" for each in made]
        assert SERVICE["WorkingDirectory"].replace("%i", mode) == given["HOME"]
        caches = {given[name] for name in LIBRARIES - {"HOME"}}
        assert all(cache.startswith(f"%C/wyoming-voice-stack/{mode}") for cache in caches)

    def test_the_file_of_settings_is_the_one_that_is_installed(self, mode: str) -> None:
        named = SERVICE["EnvironmentFile"].replace("%i", mode).removeprefix("-")
        assert named == f"/etc/wyoming-voice-stack/{mode}.env"
        assert f"deploy/systemd/{mode}.env" in GUIDE
        lines = [line.lstrip("#") for line in (FOLDER / f"{mode}.env").read_text().splitlines()]
        pairs = dict(line.split("=", 1) for line in lines if not line.startswith(" "))
        assert pairs.keys() <= {name.upper() for name in Settings.model_fields}
        Settings.model_validate({name.lower(): value for name, value in pairs.items()})


def test_the_program_is_where_the_guide_installs_it() -> None:
    program, *arguments = SERVICE["ExecStart"].split()
    assert arguments == ["serve", "--mode", "%i"]
    assert program.endswith("/bin/wyoming-voice-stack")
    environment = program.removesuffix("/bin/wyoming-voice-stack")
    assert f"sudo python3 -m venv {environment}\n" in GUIDE
    assert f"sudo {environment}/bin/pip install '.[asr,piper]'\n" in GUIDE


def test_stopping_takes_as_long_as_the_server_may_need() -> None:
    needs = Settings().shutdown_grace_seconds + ENGINE_STOP_SECONDS
    assert float(SERVICE["TimeoutStopSec"]) > needs
    # The process that detects languages lives as long as the server.
    assert SERVICE["KillMode"] == "mixed"


def test_what_a_restart_cannot_change_is_not_restarted() -> None:
    assert SERVICE["Restart"] == "on-failure"
    assert set(map(int, SERVICE["RestartPreventExitStatus"].split())) == STATUSES


def test_the_card_is_hidden_until_it_is_asked_for() -> None:
    assert SERVICE["PrivateDevices"] == "yes"
    assert dict(Unit(FOLDER / "nvidia.conf")["Service"]) == {"PrivateDevices": "no"}
