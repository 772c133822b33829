"""Names that API clients send, and the voices that they stand for, in a file beside the recordings."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import wait
from pathlib import Path
from typing import Any

from wyoming_voice_stack.errors import RequestError, StorageError
from wyoming_voice_stack.machine.hardware import disk_is_full
from wyoming_voice_stack.tts.voices.folder_reader import FIRST_READ_SECONDS, start_reading

_LOGGER = logging.getLogger(__name__)

ALIAS_FILE = ".aliases.json"
"""Hidden, so that it is not listed among the recordings."""
MAX_ALIASES = 64
MAX_ALIAS_CHARACTERS = 60
MAX_VOICE_CHARACTERS = 200
MAX_FILE_BYTES = 64 * 1024
_AFTER_A_NAME = (" [", "#")
"""What follows a voice's name: its language, or one of its speakers."""


class AliasFile:
    """The aliases of one server: those of the settings, and above them those of the file."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        """Read the file, for `FIRST_READ_SECONDS` at most. `settings` are those of `API_VOICES`."""
        self._path = folder / ALIAS_FILE
        self._settings = dict(settings)
        self._saved: Mapping[str, str] | None = None
        self._reading = start_reading(self._read)
        if not wait((self._reading,), FIRST_READ_SECONDS).done:
            _LOGGER.warning(
                "%s could not be read within %g s; its names for voices are missing until it is read."
                " Check the disk or the network share.",
                self._path,
                FIRST_READ_SECONDS,
            )

    @property
    def current(self) -> Mapping[str, str]:
        """The voice of each alias."""
        return {**self._settings, **self._in_file}

    @property
    def _in_file(self) -> Mapping[str, str]:
        if self._saved is not None:
            return self._saved
        # A network share may answer late.
        if not self._reading.done() or self._reading.exception() is not None:
            return {}
        return self._reading.result()

    def save(self, aliases: Any, require: Callable[[str], None]) -> None:
        """Replace the aliases of the file. Blocking.

        `require` raises an error for a voice that does not exist.

        Raises:
            RequestError: they are not pairs of an alias and a voice, or too many.
            UnknownVoice: a voice does not exist.
            StorageError: the file cannot be written.
        """
        checked = _checked(aliases)
        for voice in checked.values():
            require(voice)
        changed = {
            alias: voice for alias, voice in checked.items() if self._settings.get(alias) != voice
        }
        self._write(changed)
        self._saved = changed

    def voice_renamed(self, old: str, new: str | None) -> None:
        """Let the aliases of the file follow a voice; None stands for one that was deleted. Blocking.

        Raises:
            StorageError: the file cannot be written.
        """
        changed, known = {}, self._in_file
        for alias, voice in known.items():
            rest = voice.removeprefix(old)
            is_meant = voice.startswith(old) and (not rest or rest.startswith(_AFTER_A_NAME))
            if not is_meant:
                changed[alias] = voice
            elif new is not None:
                changed[alias] = new + rest
        if changed != known:
            self._write(changed)
            self._saved = changed

    def _read(self) -> dict[str, str]:
        try:
            with self._path.open("rb") as file:
                content = file.read(MAX_FILE_BYTES)
            return _checked(json.loads(content))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError, RequestError) as error:
            _LOGGER.warning("%s is not used: %s", self._path, error)
            return {}

    def _write(self, aliases: Mapping[str, str]) -> None:
        folder = self._path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, written = tempfile.mkstemp(prefix=ALIAS_FILE, dir=folder)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(aliases, file, ensure_ascii=False, indent=1)
                    file.flush()
                    os.fsync(file.fileno())
                Path(written).replace(self._path)
            finally:
                Path(written).unlink(missing_ok=True)
        except OSError as error:
            remedy = "Give the server's user write access to VOICES_DIR"
            if disk_is_full(error):
                remedy = "Free some space on its disk"
            raise StorageError(
                f"The names cannot be saved in the voices folder ({error.strerror}). {remedy}, or set"
                " API_VOICES."
            ) from error


def _checked(aliases: Any) -> dict[str, str]:
    if not isinstance(aliases, dict) or len(aliases) > MAX_ALIASES:
        raise RequestError(f"The aliases must be an object with at most {MAX_ALIASES} names.")
    for alias, voice in aliases.items():
        is_text = isinstance(alias, str) and isinstance(voice, str)
        if not is_text or not 0 < len(alias) <= MAX_ALIAS_CHARACTERS:
            raise RequestError("Each alias and its voice must be a text.")
        if not 0 < len(voice) <= MAX_VOICE_CHARACTERS:
            raise RequestError(f"The voice of the alias {alias!r} is missing or too long.")
    return dict(aliases)
