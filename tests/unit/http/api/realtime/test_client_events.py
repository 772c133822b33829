"""Any event of a client is read or refused."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.http.api.api_errors import InvalidField
from wyoming_voice_stack.http.api.realtime.client_events import (
    MAX_EVENT_VALUES,
    decode_audio,
    parse_event,
)
from wyoming_voice_stack.http.api.realtime.conversation import Conversation, spoken_text
from wyoming_voice_stack.http.api.realtime.session_config import SpeechConfig, TranscriptionConfig

NAMES = st.sampled_from(
    [
        "type",
        "event_id",
        "session",
        "audio",
        "input",
        "output",
        "format",
        "rate",
        "transcription",
        "turn_detection",
        "model",
        "language",
        "languages",
        "keywords",
        "prompt",
        "voice",
        "id",
        "speed",
        "output_modalities",
        "content",
        "text",
        "role",
        "response",
        "item",
        "silence_duration_ms",
        "prefix_padding_ms",
        "eagerness",
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        [
            "message",
            "user",
            "input_text",
            "server_vad",
            "semantic_vad",
            "audio/pcm",
            "session.update",
            "input_audio_buffer.append",
        ]
    ),
)
OBJECTS = st.recursive(
    st.dictionaries(NAMES, SCALARS, max_size=4),
    lambda inner: st.dictionaries(NAMES, st.one_of(SCALARS, inner, st.lists(inner)), max_size=4),
    max_leaves=12,
)


class TestVocabulary:
    @given(OBJECTS)
    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_any_object_is_read_or_refused(self, values: dict[str, object]) -> None:
        message = json.dumps({"type": "session.update", **values})
        try:
            event = parse_event(message)
        except VoiceStackError:
            return
        readers = (
            TranscriptionConfig().update,
            SpeechConfig().update,
            decode_audio,
            lambda fields: spoken_text(fields.objects("input", limit=8) or []),
            lambda fields: Conversation().add(fields),
        )
        objects = [event.fields]
        for name in ("session", "response", "item"):
            with suppress(VoiceStackError):
                objects.append(event.fields.inner(name))
        for reader in readers:
            for fields in objects:
                with suppress(VoiceStackError):
                    reader(fields)

    @given(st.text(max_size=200))
    def test_any_text_is_read_or_refused(self, message: str) -> None:
        with suppress(VoiceStackError):
            parse_event(message)

    def test_half_a_surrogate_pair_is_replaced(self) -> None:
        event = parse_event(r'{"type": "x", "text": "a\ud800", "keywords": ["\udc00"]}')
        assert event.fields.text("text", limit=5) == "a\N{REPLACEMENT CHARACTER}"
        assert event.fields.names("keywords", limit=1) == ("\N{REPLACEMENT CHARACTER}",)

    def test_event_of_many_values_is_refused(self) -> None:
        text = "a," * (MAX_EVENT_VALUES // 2)
        assert parse_event(json.dumps({"type": "x", "text": text})).type == "x"
        with pytest.raises(InvalidField, match="more than 20000 values"):
            parse_event('{"type": "x", "a": [' + "[]," * MAX_EVENT_VALUES + "1]}")
