"""Reads Wyoming events into the wyoming library's classes, and checks every field's type.

Where the meaning is clear, other types are accepted: a number for a name or text, a name for a voice,
`"16000"` or `16000.0` for an integer, and null for a field that may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from wyoming.event import Event, Eventable

from wyoming_voice_stack.errors import MalformedEvent, TooLarge

Kind = TypeVar("Kind", bound=Eventable)

UNUSED = frozenset({"context", "timestamp"})
"""Fields that no server uses; so their types do not matter."""
TEXTS = frozenset({"name", "speaker", "vad_sensitivity", "text_format", "text"})
"""Fields that may be numbers: a client that knows no names sends the number of a speaker."""
MAX_LIST_ITEMS = 10_000
"""Longest list in an event: names or terms of a household."""


@cache
def _adapter(kind: type[Kind]) -> TypeAdapter[Kind]:
    return TypeAdapter(kind)


@cache
def _field_names(kind: type[Kind]) -> tuple[str, ...]:
    names = tuple(field.name for field in fields(kind))  # type: ignore[arg-type]
    return tuple(name for name in names if name not in UNUSED)


def read(kind: type[Kind], event: Event, **extra: object) -> Kind:
    """Convert an event to a `kind`, such as `Transcribe`; `extra` are fields that are not in its data.

    Raises:
        MalformedEvent: a field is missing or has the wrong type; the message names it.
        TooLarge: a list has more than `MAX_LIST_ITEMS` items.
    """
    data = {name: event.data[name] for name in _field_names(kind) if name in event.data}
    _check_lists(event.type, data)
    data = _with_texts(data)
    voice = data.get("voice")
    if isinstance(voice, dict):
        data["voice"] = _with_texts(voice)
    elif isinstance(named := _as_text(voice), str):
        data["voice"] = {"name": named}
    try:
        adapter: TypeAdapter[Kind] = _adapter(kind)
        return adapter.validate_python({**data, **extra})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "data"
        raise MalformedEvent(
            f"The event {event.type!r:.80} cannot be read: {field}: {first['msg']}."
        ) from error


def _with_texts(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields with numbers in place of texts as they are written."""
    return {name: _as_text(value) if name in TEXTS else value for name, value in data.items()}


def _as_text(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)


def _check_lists(event_type: str, data: Mapping[str, Any]) -> None:
    # pydantic would describe every wrong item: minutes and gigabytes for a long list.
    for name, value in data.items():
        if not isinstance(value, list):
            continue
        if len(value) > MAX_LIST_ITEMS:
            raise TooLarge(
                f"The event {event_type!r:.80} has {len(value)} items in {name};"
                f" the limit is {MAX_LIST_ITEMS}."
            )
        for index, item in enumerate(value):
            if not isinstance(item, str):
                raise MalformedEvent(
                    f"The event {event_type!r:.80} cannot be read: {name}.{index}:"
                    " Input should be a valid string."
                )
