"""Bounds of what a client may send: as much as each is accepted, and no more."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from wyoming_voice_stack.http.api.api_errors import InvalidField
from wyoming_voice_stack.http.api.realtime.client_events import (
    MAX_EVENT_VALUES,
    MAX_ID_CHARACTERS,
    MAX_LABEL_CHARACTERS,
    MAX_LABEL_VALUE,
    MAX_LABELS,
    MAX_NAME_CHARACTERS,
    MAX_TYPE_CHARACTERS,
    Fields,
    parse_event,
)
from wyoming_voice_stack.http.api.realtime.session_config import (
    MAX_KEYWORDS,
    MAX_LANGUAGES,
    MAX_PROMPT_CHARACTERS,
    TranscriptionConfig,
    TurnDetection,
)


def event(kind: str = "x", **fields: object) -> str:
    return json.dumps({"type": kind, **fields})


def transcription(**settings: object) -> Any:
    values = {"audio": {"input": {"transcription": settings}}}
    return TranscriptionConfig().update(Fields(values))


def labels(count: int, label: int = 2, value: int = 1) -> Any:
    return Fields({"m": {f"{n}".ljust(label): "v" * value for n in range(count)}}).labels("m")


@pytest.mark.parametrize(
    ("read", "most"),
    [
        (lambda n: Fields({"a": "x" * n}).text("a", limit=5), 5),
        (lambda n: Fields({"a": "x" * n}).name("a"), MAX_NAME_CHARACTERS),
        (lambda n: Fields({"a": ["x"] * n}).names("a", limit=3), 3),
        (lambda n: Fields({"a": ["x" * n]}).names("a", limit=3), MAX_NAME_CHARACTERS),
        (lambda n: Fields({"a": [{}] * n}).objects("a", limit=3), 3),
        (lambda n: Fields({"a": n}).number("a", low=-1, high=4), 4),
        (lambda n: Fields({"a": -n}).number("a", low=-4, high=1), 4),
        (labels, MAX_LABELS),
        (lambda n: labels(1, label=n), MAX_LABEL_CHARACTERS),
        (lambda n: labels(1, value=n), MAX_LABEL_VALUE),
        (lambda n: parse_event(event("x" * n)), MAX_TYPE_CHARACTERS),
        # Braces and the comma between the two fields count as well.
        (lambda n: parse_event(event(text="," * (n - 2))), MAX_EVENT_VALUES),
        (lambda n: transcription(prompt="x" * n), MAX_PROMPT_CHARACTERS),
        (lambda n: transcription(keywords=["x"] * n), MAX_KEYWORDS),
        (lambda n: transcription(languages=["de"] * n), MAX_LANGUAGES),
    ],
)
def test_as_much_is_read_and_no_more(read: Callable[[int], object], most: int) -> None:
    assert read(most)
    with pytest.raises(InvalidField):
        read(most + 1)


@pytest.mark.parametrize("value", [True, "1", math.nan, math.inf])
def test_what_is_no_number(value: object) -> None:
    with pytest.raises(InvalidField, match="a must be a number from 0 to 4"):
        Fields({"a": value}).number("a", low=0, high=4)


@pytest.mark.parametrize("values", [{}, {"type": ""}, {"type": 1}])
def test_an_event_without_a_type(values: dict[str, object]) -> None:
    with pytest.raises(InvalidField, match="no 'type'"):
        parse_event(json.dumps(values))


@pytest.mark.parametrize(
    ("event_id", "repeated"),
    [("i" * MAX_ID_CHARACTERS, True), ("i" * (MAX_ID_CHARACTERS + 1), False), (1, False)],
)
def test_which_ids_are_repeated(event_id: object, repeated: bool) -> None:
    assert parse_event(event(event_id=event_id)).event_id == (event_id if repeated else None)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ({}, TurnDetection(silence_ms=500, padding_ms=300)),
        (
            {"silence_duration_ms": 0, "prefix_padding_ms": 0},
            TurnDetection(silence_ms=100, padding_ms=0),
        ),
        (
            {"silence_duration_ms": 700.4, "prefix_padding_ms": 400},
            TurnDetection(silence_ms=700, padding_ms=400),
        ),
        (
            {"silence_duration_ms": 3_600_000, "prefix_padding_ms": 3_600_000},
            TurnDetection(silence_ms=10_000, padding_ms=500),
        ),
        ({"type": "semantic_vad"}, TurnDetection("semantic_vad", 500)),
        ({"type": "semantic_vad", "eagerness": "low"}, TurnDetection("semantic_vad", 1250)),
        ({"type": "semantic_vad", "eagerness": "high"}, TurnDetection("semantic_vad", 250)),
        ({"type": "semantic_vad", "eagerness": "unknown"}, TurnDetection("semantic_vad", 500)),
    ],
)
def test_turn_detection(given: dict[str, object], used: TurnDetection) -> None:
    values = {"audio": {"input": {"turn_detection": given}}}
    assert TranscriptionConfig().update(Fields(values)).turn_detection == used
