"""Reads Wyoming events into the wyoming library's classes, and checks every field's type."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from wyoming.event import Event, Eventable

from wyoming_voice_stack.errors import MalformedEvent

Kind = TypeVar("Kind", bound=Eventable)


@cache
def _adapter(kind: type[Kind]) -> TypeAdapter[Kind]:
    return TypeAdapter(kind)


def read(kind: type[Kind], event: Event, **extra: object) -> Kind:
    """Convert an event to a `kind`, such as `Transcribe`; `extra` are fields that are not in its data.

    Raises:
        MalformedEvent: a field is missing or has the wrong type; the message names it.
    """
    try:
        adapter: TypeAdapter[Kind] = _adapter(kind)
        return adapter.validate_python({**event.data, **extra})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "data"
        raise MalformedEvent(
            f"The event {event.type!r:.80} cannot be read: {field}: {first['msg']}."
        ) from error
