"""The voices folder: `anna.wav`, or a folder `anna/` of takes, is a voice to clone."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path

from wyoming_voice_stack.tts.engine import CloneSource

_LOGGER = logging.getLogger(__name__)

RECORDING_SUFFIXES = frozenset({".wav", ".flac", ".mp3", ".ogg"})
MAX_VOICES = 500
MAX_TAKES = 32
"""Recordings that are used of one voice."""


def read_voices(folder: Path) -> Mapping[str, CloneSource]:
    """List the folder's voices by name, read afresh. A folder that is not there has none."""
    voices: dict[str, CloneSource] = {}
    for entry in _entries(folder):
        if len(voices) >= MAX_VOICES:
            _LOGGER.debug("%s holds more than %d voices; the rest is left out", folder, MAX_VOICES)
            break
        try:
            if takes := _takes(entry):
                name = entry.name if entry.is_dir() else entry.stem
                voices[name] = CloneSource(name, takes, _fingerprint(takes))
        except OSError as error:
            # Read again every few seconds, so not worth a warning each time.
            _LOGGER.debug("the voice %r cannot be read: %s", entry.name, error)
    return voices


def _entries(folder: Path) -> list[Path]:
    try:
        found = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        _LOGGER.debug("the voices in %s cannot be read: %s", folder, error)
        return []
    return [entry for entry in found if not entry.name.startswith(".") and _is_text(entry.name)]


def _is_text(name: str) -> bool:
    # A name that is not UTF-8 cannot be sent to any client.
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _takes(entry: Path) -> tuple[Path, ...]:
    if entry.is_dir():
        return tuple(sorted(filter(_is_recording, entry.iterdir())))[:MAX_TAKES]
    return (entry,) if _is_recording(entry) else ()


def _is_recording(path: Path) -> bool:
    return (
        path.suffix.lower() in RECORDING_SUFFIXES
        and not path.name.startswith(".")
        and _is_text(path.name)
        and path.is_file()
    )


def _fingerprint(takes: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for take in takes:
        facts = take.stat()
        digest.update(f"{take.name}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode())
    return digest.hexdigest()
