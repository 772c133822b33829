"""Files for those who work on the project or deploy it: environments, links, CONTRIBUTING.md."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.support.without_models import LEFT_OUT

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


@pytest.mark.parametrize("mode", ["asr", "tts"])
def test_environment_files_are_found_beside_the_scripts(mode: str) -> None:
    name = f".env.production.{mode}"
    link = ROOT / "scripts" / name
    assert link.readlink() == Path("..", name)
    assert f"SERVICE_MODE={mode}\n" in link.read_text()


def test_dev_installs_neither_torch_nor_models() -> None:
    extras = ",".join(PYPROJECT["tool"]["hatch"]["envs"]["dev"]["features"])
    script = ROOT / "scripts" / "list_requirements.py"
    listed = subprocess.run(
        [sys.executable, str(script), str(ROOT / "pyproject.toml"), *extras.split(",")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = {
        re.split(r"[\[<>=!]", line)[0].replace("-", "_").lower() for line in listed.splitlines()
    }
    assert "pytest" in names
    left_out = {*map(str.lower, LEFT_OUT), "coqui_tts", "piper_tts", "homeassistant"}
    assert not names & left_out


def test_every_declared_python_is_tested() -> None:
    declared = re.findall(r"Python :: (3\.\d+)", "\n".join(PYPROJECT["project"]["classifiers"]))
    script = (ROOT / "scripts" / "test_pythons.sh").read_text()
    found = re.search(r"^SUPPORTED=\((.*)\)$", script, re.MULTILINE)
    assert found
    assert found[1].split() == declared
    assert PYPROJECT["project"]["requires-python"] == f">={declared[0]}"


def test_commit_hooks_are_commands_of_dev() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    scripts = PYPROJECT["tool"]["hatch"]["envs"]["dev"]["scripts"]
    assert [hook["id"] for hook in hooks] == ["black", "ruff", "mypy"]
    for hook in hooks:
        command = hook["entry"].removeprefix("hatch run dev:").split()[0]
        assert command in {*scripts, "black", "ruff"}


def test_what_contributing_names_exists() -> None:
    commands = set(re.findall(r"hatch run dev:([\w-]+)", CONTRIBUTING))
    assert commands <= {*PYPROJECT["tool"]["hatch"]["envs"]["dev"]["scripts"], "python"}
    named = re.findall(r"`((?:[\w*.-]+/)+[\w*.-]*|[\w-]+\.md)`", CONTRIBUTING)
    assert named
    for name in named:
        places = (ROOT, ROOT / "wyoming_voice_stack")
        assert any(list(place.glob(name.rstrip("/"))) for place in places), name


@pytest.mark.parametrize("error", [ModuleNotFoundError(name="torch.nn"), ImportError()])
def test_only_a_missing_model_package_skips_a_test(error: ImportError) -> None:
    from tests.support.without_models import missing_package

    expected = "torch" if isinstance(error, ModuleNotFoundError) else None
    wrapped = RuntimeError("cannot load")
    wrapped.__cause__ = error
    assert missing_package(error) == expected
    assert missing_package(wrapped) == expected
    assert missing_package(ModuleNotFoundError(name="torch_like")) is None


def test_every_promise_has_a_command_that_exists() -> None:
    promises = (ROOT / "SECURITY.md").read_text().partition("## What is promised")[2]
    commands = re.findall(r"\| `([^`]+)` \|$", promises, re.MULTILINE)
    rows = re.findall(r"^\| [A-Z].*\|$", promises, re.MULTILINE)
    assert len(commands) == len(rows) - 1 > 5
    for command in commands:
        program, *arguments = command.split()
        if program == "python":
            assert (ROOT / arguments[1].replace(".", "/") / "__main__.py").is_file(), command
            continue
        assert (ROOT / program).is_file(), command
        for path in arguments:
            assert "/" not in path or (ROOT / path).exists(), command
