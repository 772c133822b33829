from __future__ import annotations

from typing import Any

import pytest
from wyoming.asr import Transcribe
from wyoming.audio import AudioStart
from wyoming.event import Event
from wyoming.info import SelectProgram
from wyoming.ping import Ping
from wyoming.tts import Synthesize

from wyoming_voice_stack.errors import MalformedEvent, TooLarge
from wyoming_voice_stack.protocol import event_validation
from wyoming_voice_stack.protocol.event_validation import MAX_LIST_ITEMS, read


@pytest.mark.parametrize("name", ["transcript_names", "transcript_terms"])
class TestLists:
    def test_as_long_as_allowed(self, name: str) -> None:
        names = ["Kitchen"] * MAX_LIST_ITEMS
        assert getattr(read(Transcribe, Event("transcribe", {name: names})), name) == names

    def test_too_long(self, name: str) -> None:
        event = Event("transcribe", {name: ["a"] * (MAX_LIST_ITEMS + 1)})
        with pytest.raises(TooLarge, match=f"{MAX_LIST_ITEMS + 1} items in {name}"):
            read(Transcribe, event)

    def test_only_the_first_wrong_item_is_described(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The validator would make an object of every wrong item, so it must not see them."""

        def unexpected(kind: object) -> None:
            pytest.fail(f"{kind} is validated")

        monkeypatch.setattr(event_validation, "_adapter", unexpected)
        with pytest.raises(MalformedEvent, match=rf"{name}\.1: Input should be a valid string"):
            read(Transcribe, Event("transcribe", {name: ["a", 1, 2]}))


@pytest.mark.parametrize("value", [5, "a", {}])
def test_not_a_list(value: Any) -> None:
    with pytest.raises(MalformedEvent, match="transcript_names"):
        read(Transcribe, Event("transcribe", {"transcript_names": value}))


class TestClearMeaning:
    @pytest.mark.parametrize(("given", "text"), [(0, "0"), (3.0, "3"), (1.5, "1.5"), ("a", "a")])
    def test_a_number_for_a_name(self, given: Any, text: str) -> None:
        event = Event("synthesize", {"text": "x", "voice": {"name": given, "speaker": given}})
        voice = read(Synthesize, event).voice
        assert voice is not None
        assert (voice.name, voice.speaker) == (text, text)
        assert read(Transcribe, Event("transcribe", {"name": given})).name == text
        assert read(SelectProgram, Event("select-program", {"name": given})).name == text

    def test_a_number_for_a_text(self) -> None:
        assert read(Synthesize, Event("synthesize", {"text": 21.5})).text == "21.5"

    @pytest.mark.parametrize(("given", "name"), [("amy", "amy"), (3, "3"), ("", "")])
    def test_a_name_for_a_voice(self, given: Any, name: str) -> None:
        request = read(Synthesize, Event("synthesize", {"text": "Hello.", "voice": given}))
        assert request.voice is not None
        assert request.voice.name == name

    @pytest.mark.parametrize("rate", [16000, "16000", 16000.0])
    def test_an_integer(self, rate: Any) -> None:
        event = Event("audio-start", {"rate": rate, "width": 2.0, "channels": "1"})
        start = read(AudioStart, event)
        assert (start.rate, start.width, start.channels) == (16000, 2, 1)

    @pytest.mark.parametrize("value", ["x", 1.5, [], {}, None])
    def test_what_is_not_used(self, value: Any) -> None:
        sound = {"rate": 16000, "width": 2, "channels": 1, "timestamp": value, "context": value}
        assert read(AudioStart, Event("audio-start", sound)).timestamp is None
        assert read(Synthesize, Event("synthesize", {"text": "x", "context": value})).text == "x"

    @pytest.mark.parametrize("field", ["name", "language", "vad_sensitivity", "transcript_names"])
    def test_null_is_absent(self, field: str) -> None:
        assert getattr(read(Transcribe, Event("transcribe", {field: None})), field) is None

    @pytest.mark.parametrize("value", [True, [], {}])
    def test_anything_else_is_no_name(self, value: Any) -> None:
        with pytest.raises(MalformedEvent, match=r"voice\.speaker"):
            read(Synthesize, Event("synthesize", {"text": "x", "voice": {"speaker": value}}))


def test_unknown_fields_are_not_read() -> None:
    assert read(Ping, Event("ping", {"text": "a", "more": [1] * 1_000_000})).text == "a"
