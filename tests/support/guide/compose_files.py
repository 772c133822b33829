"""Compose files with their variables replaced, merged as Compose does it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]

_VARIABLE = re.compile(r"\$\{(\w+)(?::?([-+])((?:[^{}]|\$\{[^{}]*\})*))?\}")


def compose(*names: str, **environ: str) -> dict[str, Any]:
    """Return the services of these files together, with the variables of `environ` alone."""
    merged: Any = {}
    for name in names:
        loaded = yaml.safe_load((ROOT / name).read_text("utf-8"))
        merged = _merged(merged, _replaced(loaded, environ))
    assert isinstance(merged, dict)
    return merged


def service_environment(service: dict[str, Any]) -> dict[str, str]:
    """Return the variables of a service, which are a list or a mapping."""
    given = service.get("environment", {})
    if isinstance(given, list):
        return dict(entry.split("=", 1) for entry in given)
    return {name: str(value) for name, value in given.items()}


def mounts(service: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return source and mode (rw or ro) of each folder in the container."""
    found = {}
    for volume in service.get("volumes", []):
        if isinstance(volume, str):
            source, target, *mode = volume.split(":")
            found[target] = (source, "ro" if "ro" in ",".join(mode).split(",") else "rw")
        else:
            mode_of_it = "ro" if volume.get("read_only") else "rw"
            found[volume["target"]] = (volume["source"], mode_of_it)
    return found


def published(service: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return address, port of the host and port of the container of each published port."""
    found = []
    for port in service.get("ports", []):
        if isinstance(port, str):
            address, outside, inside = ("", *port.split(":"))[-3:]
        else:
            address = port.get("host_ip", "")
            outside, inside = str(port["published"]), str(port["target"])
        found.append((address, outside, inside))
    return found


def _replaced(value: Any, environ: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(each, environ) for key, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, environ) for each in value]
    if not isinstance(value, str):
        return value
    before = None
    while before != value:
        before = value
        value = _VARIABLE.sub(lambda found: _variable(found, environ), value)
    return value.replace("$$", "$")


def _variable(found: re.Match[str], environ: dict[str, str]) -> str:
    given, other = environ.get(found[1], ""), found[3] or ""
    if found[2] == "+":
        return other if given else ""
    return given or other


def _merged(base: Any, other: Any) -> Any:
    if isinstance(base, dict) and isinstance(other, dict):
        both = {key: _merged(base[key], other[key]) for key in base.keys() & other.keys()}
        return base | other | both
    if isinstance(base, list) and isinstance(other, list):
        return base + other
    return other
