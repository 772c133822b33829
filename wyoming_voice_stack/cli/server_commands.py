"""The commands `voices`, `languages` and `status`, which show what running servers serve."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from wyoming_voice_stack.cli.speech_commands import ASR_URI, TTS_URI, TtsUri
from wyoming_voice_stack.cli.terminal import PROGRAM, console
from wyoming_voice_stack.errors import EngineError, VoiceStackError

if TYPE_CHECKING:
    from wyoming.info import Info

Rows: TypeAlias = "Sequence[tuple[str, ...]]"
HEALTH_SECONDS = 5.0
MAX_HEALTH_BYTES = 64 * 1024

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
        rows.append((uri, program.name, f"{len(program.voices)} voices", ", ".join(sorted(spoken))))
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
    import json
    from http.client import HTTPConnection, HTTPException

    from wyoming_voice_stack.cli.client import server_address

    host, port = server_address(uri)
    connection = HTTPConnection(host, port, timeout=HEALTH_SECONDS)
    try:
        connection.request("GET", "/health")
        health = json.loads(connection.getresponse().read(MAX_HEALTH_BYTES))
    except (OSError, HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return health if isinstance(health, dict) else {}
