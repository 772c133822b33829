"""The help of every command shows all that was written for it."""

from __future__ import annotations

from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from wyoming_voice_stack.cli.commands import app

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
