"""Reads Wyoming events into the wyoming library's classes, and checks every field's type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from wyoming.event import Event, Eventable

from wyoming_voice_stack.errors import MalformedEvent, TooLarge

Kind = TypeVar("Kind", bound=Eventable)

MAX_LIST_ITEMS = 10_000
"""Longest list in an event: names or terms of a household."""


@cache
def _adapter(kind: type[Kind]) -> TypeAdapter[Kind]:
    return TypeAdapter(kind)


@cache
def _field_names(kind: type[Kind]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))  # type: ignore[arg-type]


def read(kind: type[Kind], event: Event, **extra: object) -> Kind:
    """Convert an event to a `kind`, such as `Transcribe`; `extra` are fields that are not in its data.

    Raises:
        MalformedEvent: a field is missing or has the wrong type; the message names it.
        TooLarge: a list has more than `MAX_LIST_ITEMS` items.
    """
    data = {name: event.data[name] for name in _field_names(kind) if name in event.data}
    _check_lists(event.type, data)
    try:
        adapter: TypeAdapter[Kind] = _adapter(kind)
        return adapter.validate_python({**data, **extra})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "data"
        raise MalformedEvent(
            f"The event {event.type!r:.80} cannot be read: {field}: {first['msg']}."
        ) from error


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
