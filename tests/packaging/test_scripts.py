from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import typer

from wyoming_voice_stack.cli.commands import app
from wyoming_voice_stack.errors import EXIT_USAGE

SCRIPTS = Path(__file__).parents[2] / "scripts"
ENTRYPOINT = SCRIPTS / "entrypoint.sh"
FAKE_COMMAND = """#!/usr/bin/env bash
printf '%s\\n' "$$" "$@"
"""


def enter(
    folder: Path, *arguments: str, **environ: str
) -> tuple[subprocess.Popen[str], list[str], list[str]]:
    command = folder / "wyoming-voice-stack"
    command.write_text(FAKE_COMMAND)
    command.chmod(0o755)
    with subprocess.Popen(
        [str(ENTRYPOINT), *arguments],
        env={"PATH": f"{folder}:{os.environ['PATH']}", **environ},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        said, complained = process.communicate()
    return process, said.splitlines(), complained.splitlines()


@pytest.mark.parametrize("script", sorted(SCRIPTS.rglob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_valid_and_strict(script: Path) -> None:
    done = subprocess.run(["bash", "-n", str(script)], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    text = script.read_text()
    assert text.startswith("#!/usr/bin/env bash\n") == os.access(script, os.X_OK)
    # What is sourced leaves the settings to who sources it.
    assert ("set -euo pipefail" in text) == os.access(script, os.X_OK)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "SERVICE_MODE is not set"),
        ({"SERVICE_MODE": ""}, "SERVICE_MODE is not set"),
        ({"SERVICE_MODE": "both"}, "'both'"),
        ({"SERVICE_MODE": "asr; ls"}, "'asr; ls'"),
    ],
)
def test_entrypoint_without_a_mode(tmp_path: Path, environ: dict[str, str], message: str) -> None:
    process, said, complained = enter(tmp_path, **environ)
    assert process.returncode == EXIT_USAGE
    assert said == []
    [line] = complained
    assert message in line
    assert "asr or tts" in line


@pytest.mark.parametrize(
    ("mode", "passed"),
    [
        ("asr", "asr"),
        ("TTS", "tts"),
        (' "asr"', "asr"),
        ("'tts'", "tts"),
        ("asr\r", "asr"),
        ("\ufeffasr\t", "asr"),
    ],
)
def test_entrypoint_becomes_the_server(tmp_path: Path, mode: str, passed: str) -> None:
    arguments = ("--port", "6001", "--model", "a name with spaces", "*")
    process, said, complained = enter(tmp_path, *arguments, SERVICE_MODE=mode)
    assert process.returncode == 0
    assert complained == []
    # The same process: signals of the container's runtime reach the server.
    assert said == [str(process.pid), "serve", "--mode", passed, *arguments]


@pytest.mark.parametrize("environ", [{}, {"SERVICE_MODE": "asr"}, {"SERVICE_MODE": "both"}])
@pytest.mark.parametrize(
    "arguments",
    [
        *((name,) for name in sorted(vars(typer.main.get_command(app))["commands"])),
        ("models", "pull", "base"),
        ("say", "a text with spaces", "-o", "-"),
        ("--help",),
        ("-h",),
        ("--version",),
    ],
)
def test_entrypoint_runs_the_other_commands(
    tmp_path: Path, arguments: tuple[str, ...], environ: dict[str, str]
) -> None:
    process, said, complained = enter(tmp_path, *arguments, **environ)
    assert process.returncode == 0
    assert complained == []
    assert said == [str(process.pid), *arguments]


@pytest.mark.parametrize("arguments", [("wyoming-voice-stack", "models"), ("sh", "-c", "env")])
def test_entrypoint_runs_a_whole_command_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    process, said, _ = enter(tmp_path, *arguments, MARK="seen")
    assert process.returncode == 0
    assert said == [str(process.pid), *arguments[1:]] or "MARK=seen" in said


def test_entrypoint_refuses_other_words(tmp_path: Path) -> None:
    process, said, [line] = enter(tmp_path, "sevre", SERVICE_MODE="asr")
    assert (process.returncode, said) == (EXIT_USAGE, [])
    assert line.startswith("'sevre' is not a command of wyoming-voice-stack")
