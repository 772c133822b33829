"""Reads and writes audio files: WAV with the standard library, other formats with libsndfile."""

from __future__ import annotations

import io
import sys
import wave
from pathlib import Path

from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli.client import AudioClip
from wyoming_voice_stack.errors import ConfigError

STANDARD_STREAM = "-"
MAX_FILE_BYTES = 1024 * 1024 * 1024


def read_recording(name: str) -> AudioClip:
    """Read a recording; `-` is standard input.

    Raises:
        ConfigError: the file cannot be read, or is not audio.
    """
    raw = _read_bytes(name)
    try:
        with wave.open(io.BytesIO(raw)) as file:
            return AudioClip(
                rate=file.getframerate(),
                width=file.getsampwidth(),
                channels=file.getnchannels(),
                pcm=file.readframes(file.getnframes()),
            )
    except (wave.Error, EOFError):
        return _read_other(name, raw)


def write_recording(name: str, recording: AudioClip) -> None:
    """Write a WAV file; `-` is standard output.

    Raises:
        ConfigError: the file cannot be written.
    """
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setframerate(recording.rate)
        file.setsampwidth(recording.width)
        file.setnchannels(recording.channels)
        file.writeframes(recording.pcm)
    try:
        if name == STANDARD_STREAM:
            sys.stdout.buffer.write(buffer.getvalue())
            sys.stdout.buffer.flush()
        else:
            Path(name).write_bytes(buffer.getvalue())
    except OSError as error:
        raise ConfigError(f"{_display_name(name)} cannot be written: {error.strerror}.") from error


def read_text(text: str) -> str:
    """Return the text; `-` reads standard input.

    Raises:
        ConfigError: standard input is not text, or too long.
    """
    if text != STANDARD_STREAM:
        return text
    try:
        return _read_bytes(STANDARD_STREAM).decode()
    except UnicodeDecodeError as error:
        raise ConfigError("Standard input is not UTF-8 text; convert it first.") from error


def _read_bytes(name: str) -> bytes:
    try:
        if name == STANDARD_STREAM:
            raw = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{_display_name(name)} cannot be read: {error.strerror}.") from error
    if len(raw) > MAX_FILE_BYTES:
        raise ConfigError(f"{_display_name(name)} is larger than {MAX_FILE_BYTES} bytes; split it.")
    return raw


def _read_other(name: str, raw: bytes) -> AudioClip:
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise ConfigError(
            f"{_display_name(name)} is not a PCM WAV file; convert it, or install soundfile for other"
            " formats."
        ) from error
    try:
        # Read as integers, files of floating-point samples would become silence.
        samples, rate = soundfile.read(io.BytesIO(raw), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ConfigError(
            f"{_display_name(name)} is not a supported audio file"
            f" ({error.error_string.rstrip('.')}); convert it to WAV."
        ) from error
    return AudioClip(rate=rate, width=2, channels=samples.shape[1], pcm=to_pcm16(samples))


def _display_name(name: str) -> str:
    return "The standard stream" if name == STANDARD_STREAM else name
