"""The commands `voices`, `languages` and `status`, which show what running servers serve, and `announce`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from wyoming_voice_stack.cli.speech_commands import ASR_URI, TTS_URI, TtsUri
from wyoming_voice_stack.cli.terminal import PROGRAM, console
from wyoming_voice_stack.errors import ConfigError, EngineError, VoiceStackError

if TYPE_CHECKING:
    from wyoming.info import Info


class LogLevel(StrEnum):
    """Levels of log lines."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    """Formats of log lines."""

    text = "text"
    json = "json"


Rows: TypeAlias = "Sequence[tuple[str, ...]]"
HEALTH_SECONDS = 5.0

Uris = Annotated[
    list[str] | None,
    typer.Option(
        "--uri", help="Address of a server, also several times; ASR_URI and TTS_URI if not given."
    ),
]


def voices(uri: TtsUri = TTS_URI) -> None:
    """List the voices of a running text-to-speech server."""
    _show(("voice", "languages", "speakers", "description"), [uri], _voice_rows)


def languages(uris: Uris = None) -> None:
    """List the languages that running servers support."""
    _show(("server", "service", "model", "languages"), _addresses(uris), _language_rows)


def status(uris: Uris = None) -> None:
    """Show what running servers serve; exit status 1 if one of them does not answer."""
    columns = ("server", "service", "version", "state", "model", "device")
    _show(columns, _addresses(uris), _status_rows)


def announce(
    ports: Annotated[
        list[int],
        typer.Argument(metavar="PORT", min=1, max=65535, help="Ports of this machine."),
    ],
    log_level: Annotated[
        LogLevel, typer.Option(envvar="LOG_LEVEL", help="Lowest level of log lines.")
    ] = LogLevel.INFO,
    log_format: Annotated[
        LogFormat, typer.Option(envvar="LOG_FORMAT", help="Format of log lines.")
    ] = LogFormat.text,
) -> None:
    """Announce servers in containers on the network, while they answer at these ports of this machine."""
    from wyoming_voice_stack.announce.published_ports import MAX_PORTS, announce_ports
    from wyoming_voice_stack.logs import configure_logging

    if len(ports) > MAX_PORTS:
        raise ConfigError(f"{len(ports)} ports are too many; {MAX_PORTS} are possible.")
    configure_logging(log_level.value, log_format.value)
    asyncio.run(announce_ports(ports))


def _addresses(given: Sequence[str] | None) -> list[str]:
    if given:
        return list(given)
    return [os.environ.get("ASR_URI") or ASR_URI, os.environ.get("TTS_URI") or TTS_URI]


def _show(
    columns: Sequence[str], uris: Sequence[str], rows_of: Callable[[str, Info], Rows]
) -> None:
    """Print a table of all servers, and after it one line for each that did not answer."""
    from rich.markup import escape
    from rich.table import Table

    from wyoming_voice_stack.cli.client import describe, server_address

    table, failures = Table(*columns), []
    for uri in uris:
        server_address(uri)
    for uri in uris:
        try:
            rows = rows_of(uri, asyncio.run(describe(uri)))
        except VoiceStackError as error:
            failures.append(error)
            continue
        for row in rows:
            table.add_row(*map(escape, row))
    if table.row_count:
        console(stderr=False).print(table)
    if len(uris) == 1 and failures:
        raise failures[0]
    for failure in failures:
        typer.echo(f"{PROGRAM}: {failure}", err=True)
    if failures:
        raise typer.Exit(1)


def _voice_rows(uri: str, info: Info) -> Rows:
    if not info.tts:
        raise EngineError(f"{uri} has no voices; set --uri to a text-to-speech server.")
    return [
        (
            voice.name,
            ", ".join(voice.languages),
            ", ".join(speaker.name for speaker in voice.speakers or ()),
            voice.description or "",
        )
        for program in info.tts
        for voice in program.voices
    ]


def _language_rows(uri: str, info: Info) -> Rows:
    rows = [
        (uri, program.name, model.name, ", ".join(sorted(model.languages)))
        for program in info.asr
        for model in program.models
    ]
    for program in info.tts:
        spoken = {language for voice in program.voices for language in voice.languages}
        count = len(program.voices)
        model = program.voices[0].name if count == 1 else f"{count} voices"
        rows.append((uri, program.name, model, ", ".join(sorted(spoken))))
    return rows


def _status_rows(uri: str, info: Info) -> Rows:
    health = _health(uri)
    state = str(health.get("state", "running"))
    if detail := health.get("detail"):
        state = f"{state}: {detail}"
    rows = []
    for program in (*info.asr, *info.tts):
        served = getattr(program, "models", None) or getattr(program, "voices", None) or ()
        model = str(health.get("model") or ", ".join(each.name for each in served))
        device = str(health.get("device", ""))
        rows.append((uri, program.name, program.version or "", state, model, device))
    return rows


def _health(uri: str) -> dict[str, Any]:
    """Return what the server says of its health; empty for other programs, which have no HTTP."""
    from wyoming_voice_stack.announce.health_client import read_health
    from wyoming_voice_stack.cli.client import server_address

    host, port = server_address(uri)
    return read_health(host, port, timeout_s=HEALTH_SECONDS)
