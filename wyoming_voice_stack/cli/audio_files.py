"""Reads and writes audio files; `-` is a standard stream."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
from pathlib import Path

from wyoming_voice_stack.cli.audio_formats import decode, encode, require_encoder
from wyoming_voice_stack.cli.client import AudioClip
from wyoming_voice_stack.cli.terminal import PROGRAM
from wyoming_voice_stack.cli.wav_header import parse_wav
from wyoming_voice_stack.errors import ConfigError

STANDARD_STREAM = "-"
MAX_FILE_BYTES = 1024 * 1024 * 1024


def read_recording(name: str) -> AudioClip:
    """Read a recording; `-` is standard input.

    Raises:
        ConfigError: the file cannot be read, or is not audio.
    """
    raw = _read_bytes(name)
    if not raw:
        raise ConfigError(f"{display_name(name)} is empty.")
    contents = parse_wav(raw)
    if contents is None:
        return decode(display_name(name), raw)
    if not contents.is_pcm:
        return decode(display_name(name), contents.as_file())
    frame_bytes = contents.width * contents.channels
    whole = len(contents.data) - len(contents.data) % frame_bytes
    return AudioClip(contents.rate, contents.width, contents.channels, contents.data[:whole])


def require_writable(name: str) -> None:
    """Check, before anything is spoken, that a file of this name can be written.

    Raises:
        ConfigError: it cannot; the message says why.
    """
    require_encoder(name)
    if name == STANDARD_STREAM:
        return
    path = Path(name)
    folder = path.absolute().parent
    if path.is_dir():
        raise ConfigError(f"{name} cannot be written: it is a folder; give the name of a file.")
    if not folder.is_dir():
        raise ConfigError(
            f"{name} cannot be written: there is no folder {folder}; create it first."
        )
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise ConfigError(f"{name} cannot be written: {os.strerror(errno.EACCES)}.")


def write_recording(name: str, recording: AudioClip) -> None:
    """Write an audio file in the format that its name ends with; `-` is WAV on standard output.

    Raises:
        ConfigError: the file cannot be written.
    """
    require_encoder(name)
    content = encode(name, recording)
    try:
        if name == STANDARD_STREAM:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        else:
            _write_whole(Path(name), content)
    except OSError as error:
        shown = "Standard output" if name == STANDARD_STREAM else name
        raise ConfigError(f"{shown} cannot be written: {error.strerror}.") from error


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file, or leave one of this name as it is if there is no room for all of it."""
    target = Path(os.path.realpath(path))
    if not _can_be_replaced(target):
        target.write_bytes(content)
        return
    # The number of the process is 1 in every container.
    part = target.with_name(f".{PROGRAM}-{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _can_be_replaced(target: Path) -> bool:
    """Whether `target` is a file that may be written, or nothing, in a folder that may be written."""
    is_new = not os.path.lexists(target)
    is_open_file = target.is_file() and os.access(target, os.W_OK)
    return (is_new or is_open_file) and os.access(target.parent, os.W_OK)


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
        raise ConfigError(f"{display_name(name)} cannot be read: {error.strerror}.") from error
    if len(raw) > MAX_FILE_BYTES:
        raise ConfigError(f"{display_name(name)} is larger than {MAX_FILE_BYTES} bytes; split it.")
    return raw


def display_name(name: str) -> str:
    """Return what messages call a file to read."""
    return "Standard input" if name == STANDARD_STREAM else name
