"""Reads settings from a JSON file, as the Supervisor writes an add-on's options."""

from __future__ import annotations

import json
from typing import Any

from wyoming_voice_stack.errors import ConfigError
from wyoming_voice_stack.machine.plain_files import read_plain_file

OPTIONS_VARIABLE = "OPTIONS_FILE"
MAX_OPTIONS_BYTES = 64 * 1024

_REMEDY = "set it to a file that contains one JSON object of settings"


def read_options(path: str) -> dict[str, Any]:
    """Read the settings in a JSON object; null, empty strings and empty lists count as not set.

    Names are those of the settings, in any case. Unknown names are kept: an add-on's file may contain
    options of an earlier version.

    Raises:
        ConfigError: the file cannot be read or is not a JSON object. Its content is not quoted.
    """
    named = f"{OPTIONS_VARIABLE}={path!r}"
    try:
        raw = read_plain_file(path, MAX_OPTIONS_BYTES)
        if len(raw) > MAX_OPTIONS_BYTES:
            raise ConfigError(f"{named} is larger than {MAX_OPTIONS_BYTES} bytes; {_REMEDY}")
        options = json.loads(raw)
    except OSError as error:
        raise ConfigError(f"{named} cannot be read ({error.strerror}); {_REMEDY}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{named} is not valid JSON; {_REMEDY}") from error
    if not isinstance(options, dict):
        raise ConfigError(f"{named} is not a JSON object; {_REMEDY}")
    return {name.lower(): value for name, value in options.items() if value not in (None, "", [])}
