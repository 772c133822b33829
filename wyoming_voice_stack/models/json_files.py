"""Reads the small JSON files of models, which may be damaged or hostile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wyoming_voice_stack.machine.plain_files import read_plain_file

MAX_JSON_BYTES = 16 * 1024 * 1024
"""Largest file that is read; the configurations of models have a hundredth of it."""


def read_json(path: Path) -> Any:
    """Return the content of a JSON file.

    Raises:
        OSError: it cannot be read, or is a pipe, a device or a folder.
        ValueError: it is too large, nested too deeply, or not JSON.
    """
    content = read_plain_file(str(path), MAX_JSON_BYTES)
    if len(content) > MAX_JSON_BYTES:
        raise ValueError(f"too large: more than {MAX_JSON_BYTES} bytes")
    try:
        return json.loads(content)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
