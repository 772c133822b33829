#!/usr/bin/env python3
"""Write the tables in docs/settings.md from the settings themselves.

python scripts/list_settings.py            write the tables
python scripts/list_settings.py --check    exit with status 1 if the tables are out of date
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from wyoming_voice_stack.config.networks import PRIVATE_NETWORKS
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.config.value_types import exactly_one

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "<!-- settings: written by scripts/list_settings.py -->"
END = "<!-- settings end -->"
DOCUMENT = "docs/settings.md"
GROUPS: dict[str, tuple[str, ...]] = {
    "Both servers": (),
    "Speech to text": ("asr_", "hass_"),
    "Text to speech": ("tts_", "coqui_", "voices_"),
}
"""Headings, and how the names of their settings begin; a setting without a heading is for both servers."""


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is None or value == ():
        return "unset"
    if value == PRIVATE_NETWORKS:
        return "`private`"
    if isinstance(value, tuple):
        value = ",".join(value)
    if isinstance(value, bool):
        value = str(value).lower()
    return f"`{_number(value)}`"


def _number(value: Any) -> str:
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _choices(kind: Any) -> tuple[str, ...]:
    """The values of a Literal, wherever it is in the type."""
    if get_origin(kind) is Literal:
        return tuple(map(str, get_args(kind)))
    return next((found for part in get_args(kind) if (found := _choices(part))), ())


def _allowed(field: FieldInfo) -> str:
    bounds = {
        name: _number(getattr(limit, name))
        for limit in field.metadata
        for name in ("ge", "gt", "le")
        if hasattr(limit, name)
    }
    if "ge" in bounds:
        return f"{bounds['ge']} to {bounds['le']}"
    if "gt" in bounds:
        return f"above {bounds['gt']}, to {bounds['le']}"
    if any(getattr(each, "func", None) is exactly_one for each in field.metadata):
        return "`1`"
    if field.annotation is bool:
        return "`true`, `false`"
    return ", ".join(f"`{choice}`" for choice in _choices(field.annotation))


def tables() -> str:
    """One table for each group of settings: variable, default, allowed values and meaning."""
    return "\n\n".join(f"## {group}\n\n{_table(prefixes)}" for group, prefixes in GROUPS.items())


def _table(prefixes: tuple[str, ...]) -> str:
    rows = [
        f"| `{name.upper()}` | {_default(field)} | {_allowed(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
        if _prefixes_of(name) == prefixes
    ]
    return "\n".join(("| Variable | Default | Allowed | Meaning |", "|---|---|---|---|", *rows))


def _prefixes_of(name: str) -> tuple[str, ...]:
    return next((each for each in GROUPS.values() if name.startswith(each)), ())


def updated(text: str) -> str:
    """The document with the tables between its two markers."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT} has no place for the tables; add the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Write or check the document; return the exit status."""
    path = ROOT / DOCUMENT
    text = path.read_text("utf-8")
    wanted = updated(text)
    if text == wanted:
        return 0
    if "--check" in arguments:
        print(f"{DOCUMENT} is out of date; run scripts/list_settings.py", file=sys.stderr)
        return 1
    path.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
