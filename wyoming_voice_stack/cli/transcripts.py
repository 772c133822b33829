"""Transcribes audio files and writes the results as text, JSON or subtitles."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from wyoming_voice_stack.errors import ConfigError

if TYPE_CHECKING:
    from wyoming_voice_stack.cli.client import AudioClip


class TranscriptFormat(StrEnum):
    """How `transcribe` writes a result."""

    TXT = "txt"
    JSON = "json"
    SRT = "srt"


@dataclass(frozen=True)
class TranscriptionOptions:
    """Where and how to transcribe."""

    uri: str
    language: str | None
    model: str | None
    format: TranscriptFormat


def transcribe_file(name: str, options: TranscriptionOptions, *, one_of_several: bool) -> str:
    """Transcribe a file and return what to print, without the last line break.

    Args:
        name: the file; `-` is standard input.
        options: the server, and the format of the result.
        one_of_several: the result names the file.

    Raises:
        VoiceStackError: the file cannot be read, or the server cannot transcribe it.
    """
    from wyoming_voice_stack.cli.audio_files import display_name, read_recording

    recording = read_recording(name)
    if not recording.pcm:
        raise ConfigError(f"{display_name(name)} has a header but no audio after it.")
    return _FORMATTERS[options.format](name, recording, options, one_of_several)


def _as_text(
    name: str, recording: AudioClip, options: TranscriptionOptions, one_of_several: bool
) -> str:
    text, _ = _transcribe(recording, options)
    return f"{name}: {text}" if one_of_several else text


def _as_json(name: str, recording: AudioClip, options: TranscriptionOptions, _: bool) -> str:
    text, language = _transcribe(recording, options)
    result = {
        "file": name,
        "seconds": round(recording.seconds, 3),
        "language": language,
        "text": text,
    }
    return json.dumps(result, ensure_ascii=False)


def _as_subtitles(
    name: str, recording: AudioClip, options: TranscriptionOptions, one_of_several: bool
) -> str:
    from wyoming_voice_stack.cli.subtitles import numbered, spoken_parts

    cues = []
    for part in spoken_parts(recording):
        text, _ = _transcribe(part.recording, options)
        cues.append((part, text))
    return f"{name}:\n{numbered(cues)}" if one_of_several else numbered(cues)


def _transcribe(recording: AudioClip, options: TranscriptionOptions) -> tuple[str, str | None]:
    from wyoming_voice_stack.cli import client

    transcript = asyncio.run(
        client.transcribe(options.uri, recording, language=options.language, model=options.model)
    )
    return transcript.text, transcript.language


_Formatter: TypeAlias = "Callable[[str, AudioClip, TranscriptionOptions, bool], str]"
_FORMATTERS: dict[TranscriptFormat, _Formatter] = {
    TranscriptFormat.TXT: _as_text,
    TranscriptFormat.JSON: _as_json,
    TranscriptFormat.SRT: _as_subtitles,
}
