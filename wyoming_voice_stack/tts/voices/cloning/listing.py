"""Lists the voices folder: `anna.wav`, or a folder `anna/` of recordings, is a voice to clone."""

from __future__ import annotations

import logging
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

_LOGGER = logging.getLogger(__name__)

_DIRECTIONS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Characters that change the direction of text."""

RECORDING_SUFFIXES = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus"})
UNSUPPORTED_SUFFIXES = frozenset({".aac", ".aiff", ".amr", ".m4a", ".mp4", ".wma", ".webm"})
"""Audio formats that are not supported."""
MAX_VOICES = 500
MAX_RECORDINGS = 32
"""Recordings used per voice."""
MAX_ENTRIES = 10_000
"""Directory entries read per folder."""
MAX_INSIDE_ENTRIES = 100_000
"""Directory entries read in all folders of voices together."""
MAX_REMARKS = 20
"""Remarks on single files; further ones are only counted."""


@dataclass(frozen=True)
class VoiceFile:
    """One recording, as described by the file system."""

    path: Path
    size_bytes: int
    modified_ns: int
    """Time of the last modification, in nanoseconds since 1970."""


@dataclass(frozen=True)
class Listing:
    """The content of the folder at one moment."""

    voices: dict[str, tuple[VoiceFile, ...]]
    """Recordings by the name of their voice, both in order; every voice has at least one."""
    remarks: dict[str, str]
    """Why a voice is missing, by its name; an empty name stands for the whole folder."""


def list_recordings(folder: Path) -> Listing:
    """List the recordings without opening them. A folder that does not exist has no voices.

    Names are normalized to Unicode NFC: some systems store accents as separate characters, which
    cannot be typed that way. Of two entries with the same name, the last one is used.

    Raises:
        OSError: the folder exists but cannot be read.
    """
    voices: dict[str, tuple[VoiceFile, ...]] = {}
    remarks: dict[str, str] = {}
    entries, read = _visible(folder, MAX_ENTRIES)
    if read > MAX_ENTRIES:
        remarks[""] = f"there are more than {MAX_ENTRIES} files; the others are ignored"
    inside = _InsideEntries()
    for entry in entries:
        if not _is_printable(entry.name):
            remarks[entry.name] = (
                f"{entry.name!r} has control characters in its name and is ignored; rename it"
            )
            continue
        try:
            name, recordings, is_unsupported = _voice(folder, entry, inside)
        except OSError as error:
            # Deleted meanwhile, or not readable for this user; it is read again in a few seconds.
            remarks[entry.name] = f"{entry.name!r} cannot be read ({error.strerror})"
            continue
        if (remark := _remark_on(entry, is_unsupported=is_unsupported)) is not None:
            remarks[entry.name] = remark
        if inside.read > MAX_INSIDE_ENTRIES:
            remarks[""] = (
                f"there are more than {MAX_INSIDE_ENTRIES} files in folders; the others are ignored"
            )
            break
        if not recordings:
            continue
        if name in voices:
            remarks[name] = (
                f"more than one voice is named {name!r}; {entry.name!r} is used; rename the others"
            )
        elif len(voices) >= MAX_VOICES:
            # Each further entry would cost time, on a network share a round trip.
            remarks[""] = f"there are more than {MAX_VOICES} voices; the others are ignored"
            break
        voices[name] = recordings
    return Listing(voices, _first_remarks(remarks))


@dataclass
class _InsideEntries:
    """The directory entries that were read in folders of voices."""

    read: int = 0


def _voice(
    folder: Path, entry: os.DirEntry[str], read_inside: _InsideEntries
) -> tuple[str, tuple[VoiceFile, ...], bool]:
    if entry.is_dir():
        inside: list[os.DirEntry[str]] = []
        # A link to a parent folder would combine all recordings into one voice.
        if not _links_to_parent(folder, entry):
            limit = min(MAX_ENTRIES, MAX_INSIDE_ENTRIES - read_inside.read)
            inside, read = _visible(entry, limit)
            read_inside.read += read
        name = entry.name
    else:
        inside = [entry]
        name = Path(entry.name).stem
    files = [
        each for each in inside if _suffix(each) in RECORDING_SUFFIXES and _is_printable(each.name)
    ]
    is_unsupported = not files and any(_suffix(each) in UNSUPPORTED_SUFFIXES for each in inside)
    recordings = tuple(islice(_files(files), MAX_RECORDINGS))
    return unicodedata.normalize("NFC", name), recordings, is_unsupported


def _remark_on(entry: os.DirEntry[str], *, is_unsupported: bool) -> str | None:
    """Return why an entry that could be read is no voice, unless that is plain."""
    if _is_special(entry):
        return f"{entry.name!r} is not a regular file and is ignored"
    if is_unsupported:
        supported = ", ".join(sorted(suffix[1:] for suffix in RECORDING_SUFFIXES))
        return f"{entry.name!r} has an unsupported format; save it as one of {supported}"
    return None


def _first_remarks(remarks: dict[str, str]) -> dict[str, str]:
    of_files = [name for name in remarks if name]
    kept = {name: remarks[name] for name in remarks if not name or name in of_files[:MAX_REMARKS]}
    more = len(of_files) - MAX_REMARKS
    if more > 0:
        kept["\n"] = f"there are {more} more files with problems"
    return kept


def _suffix(entry: os.DirEntry[str]) -> str:
    return Path(entry.name).suffix.lower()


def _is_special(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a pipe, a socket or a device."""
    try:
        return not (entry.is_file() or entry.is_dir()) and Path(entry).exists()
    except OSError:
        return False


def _is_printable(name: str) -> bool:
    """Return whether a name cannot break a log line or the direction of the text around it."""
    return not any(
        unicodedata.category(character) in {"Cc", "Zl", "Zp"}
        or unicodedata.bidirectional(character) in _DIRECTIONS
        for character in name
    )


def _files(entries: list[os.DirEntry[str]]) -> Iterator[VoiceFile]:
    for entry in entries:
        try:
            if entry.is_file():
                facts = entry.stat()
                yield VoiceFile(Path(entry), facts.st_size, facts.st_mtime_ns)
        except OSError as error:
            _LOGGER.debug("%s cannot be read: %s", entry.path, error)


def _links_to_parent(folder: Path, entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() and folder.resolve().is_relative_to(Path(entry).resolve())


def _visible(folder: os.PathLike[str], limit: int) -> tuple[list[os.DirEntry[str]], int]:
    """Return the visible ones among the first `limit` entries, in order, and the number read.

    One more than `limit` is read, to see that there are more. The kinds of entries come with the
    list: on a network share, asking for each would be a round trip.
    """
    try:
        with os.scandir(folder) as scanned:
            found = list(islice(scanned, limit + 1))
    except (FileNotFoundError, NotADirectoryError):
        return [], 0
    entries = sorted(found[:limit], key=lambda entry: entry.name)
    visible = [each for each in entries if not each.name.startswith(".") and _is_text(each.name)]
    return visible, len(found)


def _is_text(name: str) -> bool:
    # A name that is not UTF-8 cannot be sent to any client.
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
