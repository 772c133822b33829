"""JSON of clients: what is an object, and what is replaced in it."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.http.api.api_errors import InvalidField
from wyoming_voice_stack.http.api.requests import json_object, json_text


@pytest.mark.parametrize("encoded", [True, False])
def test_half_a_surrogate_pair_is_replaced(encoded: bool) -> None:
    text = r'{"one": ["a\ud83d"], "\udc4d": {"two": "\ud83d\udc4d"}, "three": 3}'
    raw = json_text(text.encode(), "It") if encoded else text
    thumbs_up = "\N{THUMBS UP SIGN}"
    assert json_object(raw, "It") == {
        "one": ["a\ufffd"],
        "\ufffd": {"two": thumbs_up},
        "three": 3,
    }


@pytest.mark.parametrize("raw", ["{", "", '{"a": NaN}', "[" * 100_000, b"\xff\xfe\xfd"])
def test_broken_json(raw: str | bytes) -> None:
    with pytest.raises(InvalidField, match=r"^The event is not valid JSON\.$") as caught:
        json_object(raw if isinstance(raw, str) else json_text(raw, "The event"), "The event")
    assert caught.value.api_code == "invalid_json"


def test_deep_json_with_an_escape() -> None:
    raw = '{"a": ' + "[" * 500 + r'"\u00e4"' + "]" * 500 + "}"
    with pytest.raises(InvalidField, match="not valid"):
        json_object(raw, "It")


@pytest.mark.parametrize("raw", ["[]", "1", '"text"', "null"])
def test_other_json(raw: str) -> None:
    with pytest.raises(InvalidField, match="It is not a JSON object"):
        json_object(raw, "It")
