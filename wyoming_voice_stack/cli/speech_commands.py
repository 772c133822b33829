"""The commands `transcribe` and `say`, which use a running server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from wyoming_voice_stack.cli.terminal import PROGRAM, below_progress, console
from wyoming_voice_stack.cli.transcripts import (
    TranscriptFormat,
    TranscriptionOptions,
    transcribe_file,
)
from wyoming_voice_stack.errors import ConfigError, VoiceStackError, WrongServer

ASR_URI = "tcp://localhost:5001"
TTS_URI = "tcp://localhost:5002"

AsrUri = Annotated[
    str, typer.Option("--uri", envvar="ASR_URI", help="Address of the speech-to-text server.")
]
TtsUri = Annotated[
    str, typer.Option("--uri", envvar="TTS_URI", help="Address of the text-to-speech server.")
]


@dataclass(frozen=True)
class _Outcome:
    """What is printed for one file."""

    line: str
    failed: bool


def transcribe(
    files: Annotated[list[str], typer.Argument(help="Audio files; `-` is standard input.")],
    uri: AsrUri = ASR_URI,
    language: Annotated[str | None, typer.Option(help="Language of the speech.")] = None,
    model: Annotated[str | None, typer.Option(help="Model of the server.")] = None,
    form: Annotated[
        TranscriptFormat,
        typer.Option("--format", help="Text, one JSON object for each file, or subtitles."),
    ] = TranscriptFormat.TXT,
) -> None:
    """Transcribe audio files and print the text. With several files, each line names its file."""
    from wyoming_voice_stack.cli.client import server_address

    server_address(uri)
    options = TranscriptionOptions(uri, language, model, form)
    if len(files) == 1:
        typer.echo(transcribe_file(files[0], options, one_of_several=False))
        return
    failed = False
    outcomes = _outcomes(files, options)
    for outcome in below_progress(outcomes, "transcribing", total=len(files)):
        typer.echo(outcome.line, err=outcome.failed)
        failed = failed or outcome.failed
    if failed:
        raise typer.Exit(1)


def say(
    text: Annotated[str, typer.Argument(help="Text to speak; `-` is standard input.")],
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            help="File to write: .wav, .mp3, .flac, .ogg or .opus; `-` is WAV on standard output.",
        ),
    ],
    uri: TtsUri = TTS_URI,
    voice: Annotated[str | None, typer.Option(help="Voice of the server.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of the text.")] = None,
    speaker: Annotated[str | None, typer.Option(help="Speaker of the voice.")] = None,
) -> None:
    """Speak a text and write it to an audio file."""
    from wyoming.tts import SynthesizeVoice

    from wyoming_voice_stack.cli import client
    from wyoming_voice_stack.cli.audio_files import read_text, require_writable, write_recording

    if output == "-" and sys.stdout.isatty():
        raise ConfigError("Standard output is a terminal; give a file with -o, or a pipe.")
    require_writable(output)
    selected = SynthesizeVoice(name=voice, language=language, speaker=speaker)
    with console().status("speaking"):
        recording = asyncio.run(client.synthesize(uri, read_text(text), selected))
    write_recording(output, recording)


def _outcomes(files: Sequence[str], options: TranscriptionOptions) -> Iterator[_Outcome]:
    for name in files:
        try:
            yield _Outcome(transcribe_file(name, options, one_of_several=True), failed=False)
        except WrongServer:
            # It is not the file's fault, and all files would fail.
            raise
        except VoiceStackError as error:
            message = str(error) if name in str(error) else f"{name}: {error}"
            yield _Outcome(f"{PROGRAM}: {message}", failed=True)
