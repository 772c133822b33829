from __future__ import annotations

from typing import Any

import pytest
from wyoming.asr import Transcribe
from wyoming.event import Event
from wyoming.ping import Ping

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


def test_unknown_fields_are_not_read() -> None:
    assert read(Ping, Event("ping", {"text": "a", "more": [1] * 1_000_000})).text == "a"
