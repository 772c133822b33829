"""Speeds measured on this machine, remembered in a file."""

from __future__ import annotations

import json
import logging
import math
import os
import tempfile
from pathlib import Path

_LOGGER = logging.getLogger(__name__)

MAX_MACHINES = 32
"""Machines that one file remembers, the last ones measured; several may share a folder."""
MAX_FILE_BYTES = 16 * 1024
MAX_MACHINE_CHARACTERS = 200


class MeasuredSpeeds:
    """One number for each machine, in a JSON file. An unreadable file counts as empty."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def of(self, machine: str) -> float | None:
        """Return what was remembered for a machine; None if nothing was."""
        return self._read().get(machine[:MAX_MACHINE_CHARACTERS])

    def remember(self, machine: str, speed: float) -> None:
        """Write the speed of a machine; a warning says if that is not possible."""
        name = machine[:MAX_MACHINE_CHARACTERS]
        others = {key: value for key, value in self._read().items() if key != name}
        kept = [*others.items(), (name, speed)][-MAX_MACHINES:]
        try:
            self._write(dict(kept))
        except OSError as error:
            _LOGGER.warning(
                "%s cannot be written (%s), so the speed is measured again at the next start. Give the"
                " server's user write access to the folder, and check the free disk space.",
                self._file,
                error.strerror,
            )

    def _read(self) -> dict[str, float]:
        try:
            with self._file.open("rb") as file:
                content = json.loads(file.read(MAX_FILE_BYTES))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            _LOGGER.warning("%s is not used: %s", self._file, error)
            return {}
        found = content.items() if isinstance(content, dict) else ()
        return {key: float(value) for key, value in found if _is_speed(value)}

    def _write(self, speeds: dict[str, float]) -> None:
        folder = self._file.parent
        folder.mkdir(parents=True, exist_ok=True)
        handle, written = tempfile.mkstemp(prefix=self._file.name, dir=folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(speeds, file, indent=1)
            Path(written).replace(self._file)
        finally:
            Path(written).unlink(missing_ok=True)


def _is_speed(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
