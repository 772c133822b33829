"""What lies in the voices folder: `anna.wav`, or a folder `anna/` of takes, is a voice to clone."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LOGGER = logging.getLogger(__name__)

RECORDING_SUFFIXES = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus"})
FOREIGN_SUFFIXES = frozenset({".aac", ".aiff", ".amr", ".m4a", ".mp4", ".wma", ".webm"})
"""Recordings too, of forms that are not read."""
MAX_VOICES = 500
MAX_TAKES = 32
"""Recordings that are used of one voice."""
MAX_ENTRIES = 10_000
"""Names that are looked at in one folder."""


@dataclass(frozen=True)
class VoiceFile:
    """One recording as the file system tells of it."""

    path: Path
    size_bytes: int
    written_ns: int
    """When it was last written, in nanoseconds since 1970."""


@dataclass(frozen=True)
class Listing:
    """Everything in the folder at one moment."""

    voices: dict[str, tuple[VoiceFile, ...]]
    """Takes by the voice's name, both in order; no voice is without takes."""
    remarks: dict[str, str]
    """By name, what somebody should know who wonders where a voice is."""


def list_recordings(folder: Path) -> Listing:
    """Look into the folder; nothing is opened. A folder that is not there has no voices.

    Names are brought to Unicode's form NFC: some systems write accents apart, and nobody could
    type such a name. Of two entries with one name the last is used.

    Raises:
        OSError: the folder is there and cannot be read.
    """
    voices: dict[str, tuple[VoiceFile, ...]] = {}
    remarks: dict[str, str] = {}
    for entry in _visible(folder):
        try:
            name, takes, is_foreign = _voice(folder, entry)
        except OSError as error:
            # Gone since, or not for this user's eyes; looked at again in a few seconds.
            remarks[entry.name] = f"{entry.name!r} cannot be read ({error.strerror})"
            continue
        if is_foreign:
            forms = ", ".join(sorted(suffix[1:] for suffix in RECORDING_SUFFIXES))
            remarks[entry.name] = f"{entry.name!r} has a form that is not read; save it as {forms}"
        if not takes:
            continue
        if name in voices:
            remarks[name] = (
                f"more than one voice is named {name!r}; {entry.name!r} is used, rename the others"
            )
        elif len(voices) >= MAX_VOICES:
            remarks[""] = f"there are more than {MAX_VOICES} voices; the rest is left out"
            continue
        voices[name] = takes
    return Listing(voices, remarks)


def _voice(folder: Path, entry: Path) -> tuple[str, tuple[VoiceFile, ...], bool]:
    if entry.is_dir():
        # A link that leads back up would make one voice of everybody's recordings.
        inside = [] if _leads_back(folder, entry) else list(_visible(entry))
        name = entry.name
    else:
        inside = [entry]
        name = entry.stem
    recordings = [path for path in inside if path.suffix.lower() in RECORDING_SUFFIXES]
    is_foreign = not recordings and any(p.suffix.lower() in FOREIGN_SUFFIXES for p in inside)
    takes = tuple(_takes(recordings))[:MAX_TAKES]
    return unicodedata.normalize("NFC", name), takes, is_foreign


def _takes(paths: list[Path]) -> Iterator[VoiceFile]:
    for path in paths:
        try:
            if path.is_file():
                facts = path.stat()
                yield VoiceFile(path, facts.st_size, facts.st_mtime_ns)
        except OSError as error:
            _LOGGER.debug("%s cannot be looked at: %s", path, error)


def _leads_back(folder: Path, entry: Path) -> bool:
    return entry.is_symlink() and folder.resolve().is_relative_to(entry.resolve())


def _visible(folder: Path) -> list[Path]:
    try:
        found = sorted(_first(folder.iterdir(), MAX_ENTRIES))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [path for path in found if not path.name.startswith(".") and _is_text(path.name)]


def _first(paths: Iterator[Path], count: int) -> Iterator[Path]:
    return (path for _, path in zip(range(count), paths, strict=False))


def _is_text(name: str) -> bool:
    # A name that is not UTF-8 cannot be sent to any client.
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
