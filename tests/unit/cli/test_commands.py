"""The help of every command shows all that was written for it."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from wyoming_voice_stack.cli.commands import app, main
from wyoming_voice_stack.cli.terminal import foreign_text

COMMANDS: dict[str, Any] = {}
for name, command in vars(typer.main.get_command(app))["commands"].items():
    subcommands = getattr(command, "commands", {})
    COMMANDS |= {name: command} | {f"{name} {each}": one for each, one in subcommands.items()}


def plain(text: str) -> str:
    """Leave out frames, line breaks and spaces, which depend on the width of the terminal."""
    return "".join(text.replace("│", "").split())


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_shown_whole(name: str) -> None:
    shown = plain(CliRunner().invoke(app, [*name.split(), "--help"]).output)
    command = COMMANDS[name]
    texts = [command.help, *(getattr(parameter, "help", None) for parameter in command.params)]
    assert [text for text in texts if text and plain(text) not in shown] == []


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_short_option_for_help(name: str) -> None:
    shown = [
        CliRunner().invoke(app, [*name.split(), option], env={"COLUMNS": "100"}).output
        for option in ("-h", "--help")
    ]
    assert shown[0] == shown[1]
    assert "Usage" in shown[0]


def examples_of(command: Any) -> list[str]:
    """The examples below the help, without a pipe's other programs and without variables."""
    lines = (command.epilog or "").split("\n\n")[1:]
    return [match for line in lines for match in re.findall(r"wyoming-voice-stack [^|>]*", line)]


@pytest.mark.parametrize(
    "name", [name for name, command in COMMANDS.items() if not hasattr(command, "commands")]
)
def test_examples_are_shown_and_are_valid(name: str) -> None:
    command = COMMANDS[name]
    shown = plain(CliRunner().invoke(app, [*name.split(), "--help"]).output)
    examples = examples_of(command)
    assert examples
    for example in examples:
        assert plain(example.strip()) in shown
        arguments = shlex.split(example)[1:]
        assert arguments[: len(name.split())] == name.split()
        # Raises an error for an unknown option, a wrong value and a missing argument.
        command.make_context(name, arguments[len(name.split()) :])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion(shell: str) -> None:
    environ = {"_WYOMING_VOICE_STACK_COMPLETE": f"source_{shell}"}
    done = CliRunner().invoke(app, [], env=environ, prog_name="wyoming-voice-stack")
    assert "_WYOMING_VOICE_STACK_COMPLETE=complete_" + shell in done.stdout
    environ = {
        "_WYOMING_VOICE_STACK_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "wyoming-voice-stack trans",
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_ARGS": "wyoming-voice-stack trans",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = CliRunner().invoke(app, [], env=environ, prog_name="wyoming-voice-stack")
    assert "transcribe" in done.stdout


def test_tables_are_whole_in_a_pipe(tmp_path: Path) -> None:
    model = tmp_path / ("a" * 90) / ("b" * 90)
    model.mkdir(parents=True)
    environ = {"MODELS_DIR": str(model.parent), "COLUMNS": "80"}
    done = CliRunner().invoke(app, ["models", "list"], env=environ)
    [row] = [line for line in done.stdout.splitlines() if "bbb" in line]
    assert str(model) in row
    assert row == row.rstrip()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("serve --modle base", "No such option: --modle (Possible options: --mode, --model)."),
        ("serve --port x", "Invalid value for '--port'"),
        ("serve extra", "Got unexpected extra argument"),
        ("sevre", "No such command 'sevre'"),
        ("say hi", "Missing option '-o' / '--output'."),
        ("models pul", "No such command 'pul'"),
        ("transcribe a.wav --format xml", "Invalid value for '--format': 'xml' is not one of"),
    ],
)
def test_a_wrong_command_line_is_one_line(
    arguments: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["anything", *arguments.split()])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    shown = capsys.readouterr()
    [line] = shown.err.splitlines()
    assert line.startswith(f"wyoming-voice-stack: {said}")
    assert re.search(
        r" For help, run: wyoming-voice-stack( serve| say| models| transcribe)? --help$", line
    )
    assert shown.out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [([], "wyoming-voice-stack demo --once"), (["models"], "List the models in MODELS_DIR.")],
)
def test_without_a_command_only_the_help_is_shown(
    arguments: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["anything", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    shown = "".join(capsys.readouterr())
    assert said in shown
    assert "For help, run" not in shown


def test_an_interruption_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("wyoming_voice_stack.cli.audio_files.read_recording", interrupt)
    monkeypatch.setattr(sys, "argv", ["anything", "transcribe", "a.wav"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 130
    assert capsys.readouterr().err == "wyoming-voice-stack: interrupted.\n"


@pytest.mark.parametrize(
    ("text", "shown"), [("[/red]", "[/red]"), ("a\n\x1b[31mb", "a??[31mb"), ("\u202eb", "?b")]
)
def test_what_other_machines_send_has_no_effect(text: str, shown: str) -> None:
    assert foreign_text(text).plain == shown
