"""The `wyoming-voice-stack` command. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from wyoming_voice_stack.cli.server_commands import announce, languages, status, voices
from wyoming_voice_stack.cli.speech_commands import say, transcribe
from wyoming_voice_stack.cli.terminal import (
    HELP_OPTIONS,
    PROGRAM,
    console,
    download_progress,
    examples,
    exit_with,
    foreign_text,
    run,
)
from wyoming_voice_stack.errors import EXIT_INTERRUPTED, EXIT_USAGE, ConfigError, EngineError

_HELP = "Speech to text and text to speech for Home Assistant, over the Wyoming protocol."
_HEALTH_SECONDS = 5.0

app = typer.Typer(
    help=_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings=HELP_OPTIONS,
    epilog=examples(
        "wyoming-voice-stack demo --once",
        "wyoming-voice-stack serve --mode asr --model base",
        "wyoming-voice-stack say 'good night' -o night.mp3",
    ),
)
models = typer.Typer(help="Download and list models.", no_args_is_help=True)
app.add_typer(models, name="models")


def main() -> None:
    """Run the command line."""
    run(app)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    if version:
        from wyoming_voice_stack import __version__

        typer.echo(__version__)
        raise typer.Exit
    del context


@app.command(
    epilog=examples(
        "wyoming-voice-stack serve --mode asr --model base --port 5001",
        "SERVICE_MODE=tts TTS_MODEL=piper:en_US-lessac-medium wyoming-voice-stack serve",
    )
)
def serve(
    mode: Annotated[str | None, typer.Option(help="asr or tts; SERVICE_MODE if not given.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    model: Annotated[str | None, typer.Option(help="Model to serve.")] = None,
    log_level: Annotated[str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = None,
) -> None:
    """Run one of the two servers. All settings can also be set in the environment."""
    from wyoming_voice_stack.machine.processor import read_processor, require_processor

    mode = _mode(mode)
    # Before anything native is imported.
    require_processor(read_processor())
    from wyoming_voice_stack.server import app as server

    server.prepare_process(mode)
    from wyoming_voice_stack.config.misspelt_variables import warn_of_misspelt_variables
    from wyoming_voice_stack.config.settings import load_settings
    from wyoming_voice_stack.logs import configure_logging
    from wyoming_voice_stack.server.assembly import assemble

    settings = load_settings(
        {
            "service_mode": mode,
            "host": host,
            f"{mode}_port": port,
            f"{mode}_model": model,
            "log_level": log_level,
        }
    )
    configure_logging(settings.log_level, settings.log_format)
    warn_of_misspelt_variables(os.environ)
    if mode == "tts":
        from wyoming_voice_stack.server.assembly.default_voice import with_default_voice
        from wyoming_voice_stack.tts.engines.kokoro.machine_speed import kokoro_speed

        settings = asyncio.run(with_default_voice(settings, kokoro_speed))
    exit_status = asyncio.run(server.serve(settings, assemble))
    if exit_status is not None:
        # The engine is in a native call that cannot be interrupted; everything else has stopped.
        sys.stderr.flush()
        os._exit(exit_status)


app.command(
    epilog=examples(
        "wyoming-voice-stack transcribe question.wav --language en",
        "wyoming-voice-stack transcribe one.mp3 two.m4a --format json",
        "wyoming-voice-stack transcribe film.mp4 --format srt > film.srt",
        "arecord -f S16_LE -r 16000 -d 5 | wyoming-voice-stack transcribe -",
    )
)(transcribe)
app.command(
    epilog=examples(
        "wyoming-voice-stack say 'good night' -o night.mp3 --voice anna",
        "echo 'good night' | wyoming-voice-stack say - -o night.wav",
        "wyoming-voice-stack say 'good night' -o - | aplay",
    )
)(say)
app.command(epilog=examples("wyoming-voice-stack voices --uri tcp://192.168.1.20:5002"))(voices)
app.command(epilog=examples("wyoming-voice-stack languages --uri tcp://192.168.1.20:5001"))(
    languages
)
app.command(
    epilog=examples(
        "wyoming-voice-stack status", "ASR_URI=tcp://192.168.1.20:5001 wyoming-voice-stack status"
    )
)(status)


app.command(epilog=examples("wyoming-voice-stack announce 5001 5002"))(announce)


@app.command(epilog=examples("wyoming-voice-stack discover --timeout 10"))
def discover(
    timeout: Annotated[
        float, typer.Option(min=0.1, max=60.0, help="Seconds to wait for answers.")
    ] = 3.0,
) -> None:
    """List the Wyoming servers announced on the network."""
    from rich.table import Table

    from wyoming_voice_stack.announce import discovery

    with console().status("searching"):
        found = asyncio.run(discovery.discover(timeout))
    table = Table("name", "host", "port", "addresses")
    for server in found:
        table.add_row(
            foreign_text(server.name), server.host, str(server.port), " ".join(server.addresses)
        )
    if not found:
        raise ConfigError(
            "No Wyoming server was found on the network. Multicast does not pass routers and container"
            " bridges; use the server's address: --uri tcp://HOST:PORT, or in Home Assistant add the"
            " integration Wyoming Protocol by hand."
        )
    console(stderr=False).print(table)


@app.command(
    epilog=examples(
        "SERVICE_MODE=asr wyoming-voice-stack health --ready",
        "wyoming-voice-stack health --url http://192.168.1.20:5002/ready",
    )
)
def health(
    url: Annotated[
        str | None,
        typer.Option(help="URL of the server or of the check; that of SERVICE_MODE if not given."),
    ] = None,
    ready: Annotated[
        bool, typer.Option("--ready", help="Check whether the model is loaded.")
    ] = False,
) -> None:
    """Check a server's health; exit status 0 if it works or is still loading."""
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import ProxyHandler, build_opener

    from wyoming_voice_stack.cli.client import health_url

    url = health_url(url or _own_url(), "ready" if ready else "health")
    try:
        # A proxy from the environment is meant for other hosts.
        with build_opener(ProxyHandler({})).open(url, timeout=_HEALTH_SECONDS) as answer:
            body, status = answer.read(), 0
    except HTTPError as error:
        body, status = error.read(), 1
    except (OSError, HTTPException, UnicodeError) as error:
        # The last one: a part of the host name is empty or too long.
        reason = " ".join(str(getattr(error, "reason", error)).split())
        raise EngineError(f"Health check failed: {url}: {reason}.") from error
    typer.echo(body.decode(errors="replace"))
    raise typer.Exit(status)


@app.command(epilog=examples("wyoming-voice-stack demo --once --text 'Good night.'"))
def demo(
    text: Annotated[
        str, typer.Option(help="Text to speak and to transcribe.")
    ] = "Turn on the kitchen lights.",
    once: Annotated[bool, typer.Option("--once", help="Stop after one round trip.")] = False,
) -> None:
    """Run both servers; speak a sentence with one and transcribe it with the other."""
    from wyoming_voice_stack.cli.demo import run_demo

    asyncio.run(run_demo(text, once=once, console=console(stderr=False)))


@models.command(
    "pull",
    epilog=examples(
        "wyoming-voice-stack models pull base piper:de_DE-thorsten-high",
        "ASR_MODEL=small SERVICE_MODE=asr wyoming-voice-stack models pull",
    ),
)
def models_pull(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="For example base, piper:NAME, kokoro or a Coqui model name; without a name, ASR_MODEL"
            " and TTS_MODEL, or the one that SERVICE_MODE uses."
        ),
    ] = None,
) -> None:
    """Download models now, so that the servers do not need the network later.

    An interrupted download continues when the command is run again.
    """
    from wyoming_voice_stack.config.settings import load_settings
    from wyoming_voice_stack.models.store import ModelStore
    from wyoming_voice_stack.server.assembly.configured_models import configured_weights
    from wyoming_voice_stack.server.assembly.references.model_references import weights_of

    settings = load_settings()
    store = ModelStore(settings.models_dir)
    if names:
        found = {name: weights_of(name, store, environ=os.environ) for name in names}
    else:
        found = asyncio.run(configured_weights(settings, store))
    for name, weights in found.items():
        try:
            with download_progress(name) as store.progress:
                path = weights.locate()
        except KeyboardInterrupt:
            advice = f"to continue the download of {name}, run the command again."
            exit_with(f"interrupted; {advice}", EXIT_INTERRUPTED)
        typer.echo(f"{name}  {path}")


@models.command("list", epilog=examples("MODELS_DIR=/data/models wyoming-voice-stack models list"))
def models_list() -> None:
    """List the models in MODELS_DIR."""
    from rich.filesize import decimal
    from rich.table import Table

    from wyoming_voice_stack.config.settings import load_settings
    from wyoming_voice_stack.models.store import ModelStore

    folder = load_settings().models_dir
    table = Table("model", "size", "folder")
    for model in ModelStore(folder).installed():
        table.add_row(model.name, decimal(model.size_bytes), str(model.path))
    if not table.row_count:
        typer.echo(f"No models in {Path(folder).absolute()} yet.", err=True)
        return
    console(stderr=False).print(table)


def _mode(given: str | None) -> str:
    """Return the mode that the command line or SERVICE_MODE sets."""
    from wyoming_voice_stack.config.settings import load_settings
    from wyoming_voice_stack.config.value_types import unquoted

    requested = given or os.environ.get("SERVICE_MODE", "")
    mode = unquoted(requested).lower() or load_settings().service_mode
    if mode not in {"asr", "tts"}:
        problem = f"mode {requested!r} is not valid" if mode else "no mode is set"
        typer.echo(f"{PROGRAM}: {problem}; set SERVICE_MODE to asr or tts.", err=True)
        raise typer.Exit(EXIT_USAGE)
    return mode


def _own_url() -> str:
    from wyoming_voice_stack.cli.client import host_and_port
    from wyoming_voice_stack.config.settings import load_settings

    settings = load_settings({"service_mode": _mode(None)})
    return f"http://{host_and_port(settings.host, settings.port)}"
