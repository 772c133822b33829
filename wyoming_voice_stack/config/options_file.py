"""Settings in a file of JSON, as the Supervisor hands over what a user chose for an add-on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wyoming_voice_stack.errors import ConfigError

OPTIONS_VARIABLE = "OPTIONS_FILE"
MAX_OPTIONS_BYTES = 64 * 1024

_REMEDY = "name a file that holds one JSON object of settings"


def read_options(path: str) -> dict[str, Any]:
    """What is set in a JSON object; null, empty texts and empty lists stand for not set.

    Names are those of the settings, in any case. Others are left in: an add-on's file may hold
    options of an earlier version of it.

    Raises:
        ConfigError: the file cannot be read or holds something else. What it holds is not quoted.
    """
    named = f"{OPTIONS_VARIABLE}={path!r}"
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_OPTIONS_BYTES + 1)
        if len(raw) > MAX_OPTIONS_BYTES:
            raise ConfigError(f"{named} holds more than {MAX_OPTIONS_BYTES} bytes; {_REMEDY}")
        options = json.loads(raw)
    except OSError as error:
        raise ConfigError(f"{named} cannot be read ({error}); {_REMEDY}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{named} is no JSON; {_REMEDY}") from error
    if not isinstance(options, dict):
        raise ConfigError(f"{named} is no JSON object; {_REMEDY}")
    return {name.lower(): value for name, value in options.items() if value not in (None, "", [])}
