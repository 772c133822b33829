#!/usr/bin/env python3
"""Writes the tables of settings in README.md and docs/deployment.md from the settings themselves.

python scripts/list_settings.py            write them
python scripts/list_settings.py --check    exit status 1 if one is not as it would be written
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from wyoming_voice_stack.config.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "<!-- settings: written by scripts/list_settings.py -->"
END = "<!-- settings end -->"


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is None or value == ():
        return "unset"
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
    if field.annotation is bool:
        return "`true`, `false`"
    return ", ".join(f"`{choice}`" for choice in _choices(field.annotation))


def short_table() -> str:
    """Variable, default and meaning."""
    rows = [
        f"| `{name.upper()}` | {_default(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(("| variable | default | meaning |", "|---|---|---|", *rows))


def long_table() -> str:
    """The same, and what is allowed."""
    rows = [
        f"| `{name.upper()}` | {_default(field)} | {_allowed(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(("| variable | default | allowed | meaning |", "|---|---|---|---|", *rows))


DOCUMENTS: dict[str, Callable[[], str]] = {
    "README.md": short_table,
    "docs/deployment.md": long_table,
}


def written(document: str, table: str) -> str:
    """`document` with the table between its two marks."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"there is no place for the settings; write {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Write or check both documents; give the exit status."""
    stale = []
    for name, table in DOCUMENTS.items():
        path = ROOT / name
        text = path.read_text("utf-8")
        wanted = written(text, table())
        if text != wanted:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(wanted, "utf-8")
    if "--check" in arguments and stale:
        print(f"Not up to date: {', '.join(stale)}; run scripts/list_settings.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
