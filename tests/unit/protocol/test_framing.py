from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.event import Event

from wyoming_voice_stack.errors import MalformedEvent, ProtocolError, TooLarge
from wyoming_voice_stack.protocol.event_limits import SERVER_FRAMES
from wyoming_voice_stack.protocol.framing import (
    MAX_REPEATED_BYTES,
    MAX_SURROGATE_LEVELS,
    VALUE_BYTES,
    DataLimits,
    EventParser,
    FrameLimits,
    encode,
)

LIMITS = FrameLimits(header_bytes=1024, data=DataLimits(2048, 500), payload_bytes=4096)


def parse(raw: bytes, limits: FrameLimits = LIMITS) -> list[Event]:
    parser = EventParser(limits)
    parser.feed(raw)
    events = []
    while (event := parser.next_event()) is not None:
        events.append(event)
    parser.end()
    return events


def header(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
events = st.builds(
    Event,
    type=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    data=st.dictionaries(st.text(max_size=10), json_values, max_size=4),
    payload=st.none() | st.binary(min_size=1, max_size=300),
)


class TestRepeatedEvents:
    CHUNK = encode(Event("audio-chunk", {"rate": 16000, "timestamp": None}, b"12"))

    def test_they_do_not_share_their_data(self) -> None:
        parser = EventParser(LIMITS)
        parser.feed(self.CHUNK * 2 + header(type="ping", data={"text": "a"}) * 2)
        for expected in [{"rate": 16000, "timestamp": None}] * 2 + [{"text": "a"}] * 2:
            event = parser.next_event()
            assert event is not None
            assert event.data == expected
            event.data.clear()

    def test_they_do_not_share_what_is_nested(self) -> None:
        parser = EventParser(LIMITS)
        names = {"names": ["Ann"], "voice": {"name": "a"}}
        parser.feed(encode(Event("a", names)) * 2 + header(type="a", data=names) * 2)
        for _ in range(4):
            event = parser.next_event()
            assert event is not None
            assert event.data == names
            event.data["names"].append("Bo")
            event.data["voice"]["name"] = "b"

    def test_others_between_them(self) -> None:
        other = encode(Event("audio-chunk", {"rate": 16000, "timestamp": 5}, b"12"))
        longer = encode(Event("audio-chunk", {"rate": 16000, "timestamp": None}, b"1234"))
        found = parse(self.CHUNK + other + self.CHUNK + longer + header(type="ping") + self.CHUNK)
        assert [event.data.get("timestamp") for event in found] == [None, 5, None, None, None, None]
        assert [event.payload for event in found] == [b"12", b"12", b"12", b"1234", None, b"12"]

    def test_they_count_alike(self) -> None:
        parser = EventParser(LIMITS)
        parser.feed(self.CHUNK * 2)
        counts = []
        while parser.next_event() is not None:
            counts.append((parser.last_event_bytes, parser.last_event_memory))
        assert counts == [(len(self.CHUNK), len(self.CHUNK) + VALUE_BYTES * 8)] * 2

    def test_those_of_types_that_are_skipped(self) -> None:
        limits = FrameLimits(skip_other_types=True)
        found = parse(self.CHUNK * 3, limits)
        assert [event.data for event in found] == [{}] * 3

    def test_long_ones_are_not_kept(self) -> None:
        parser = EventParser(LIMITS)
        parser.feed(encode(Event("x" * MAX_REPEATED_BYTES, {"text": "x" * MAX_REPEATED_BYTES})))
        assert parser.next_event() is not None
        assert parser._last_header is None
        assert parser._last_data is None


class TestRoundTrip:
    @given(st.lists(events, max_size=4), st.lists(st.integers(0, 3000), max_size=8))
    def test_any_cut_gives_the_same_events(self, sent: list[Event], cuts: list[int]) -> None:
        raw = b"".join(encode(event) for event in sent)
        limits = FrameLimits()
        parser = EventParser(limits)
        got = []
        edges = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
        for begin, end in pairwise(edges):
            parser.feed(raw[begin:end])
            while (event := parser.next_event()) is not None:
                got.append(event)
        parser.end()
        assert got == sent

    def test_inline_data_is_read(self) -> None:
        assert parse(b'{ "type": "describe" }\n') == [Event("describe")]
        assert parse(header(type="ping", data={"text": "x"})) == [Event("ping", {"text": "x"})]

    def test_data_block_goes_over_inline_data(self) -> None:
        block = b'{"b": 2}'
        raw = header(type="t", data={"a": 1, "b": 1}, data_length=len(block)) + block
        assert parse(raw) == [Event("t", {"a": 1, "b": 2})]

    def test_null_data_and_lengths_are_absent(self) -> None:
        raw = header(type="t", data=None, data_length=None, payload_length=None, extra=1)
        assert parse(raw) == [Event("t")]

    def test_library_reads_what_we_write(self) -> None:
        raw = encode(Event("t", {"text": "ä"}, b"12"))
        line, _, rest = raw.partition(b"\n")
        fields = json.loads(line)
        assert "data" not in fields
        assert fields["payload_length"] == 2
        assert json.loads(rest[: fields["data_length"]]) == {"text": "ä"}

    def test_half_a_surrogate_pair_is_replaced(self) -> None:
        [event] = parse(b'{"type": "t", "data": {"text": "\\ud83d", "l": ["\\ud83d\\ude00"]}}\n')
        assert event.data == {"text": "\ufffd", "l": ["😀"]}
        encode(event)


class TestRefusals:
    @pytest.mark.parametrize(
        "raw",
        [
            b"hello\n",
            b"\n",
            b"[]\n",
            b"[1]\n",
            b"{}\n",
            b"null\n",
            b"\xff\xfe\n",
            b'{"type": 5}\n',
            b'{"type": ""}\n',
            b'{"type": "t", "data": []}\n',
            b'{"type": "t", "data": "x"}\n',
            b'{"type": "t", "data_length": "5"}\n',
            b'{"type": "t", "data_length": 1.5}\n',
            b'{"type": "t", "data_length": true}\n',
            b'{"type": "t", "data_length": -1}\n',
            b'{"type": "t", "payload_length": "7"}\n',
            b'{"type": "t", "payload_length": -7}\n',
            b'{"type": "t", "data_length": 2}\n[]',
            b'{"type": "t", "data_length": 4}\nnull',
            b'{"type": "t", "data_length": 2}\n{{',
            b"[" * 900 + b"\n",
            b'{"type": NaNx}\n',
        ],
    )
    def test_malformed(self, raw: bytes) -> None:
        with pytest.raises(MalformedEvent):
            parse(raw)

    def test_deep_nesting(self) -> None:
        deep = b'{"type": "t", "data": ' + b"[" * 30_000 + b"]" * 30_000 + b"}\n"
        with pytest.raises(MalformedEvent):
            parse(deep, FrameLimits())
        shallower = b"[" * 800 + b'"\\u0041"' + b"]" * 800
        with pytest.raises(MalformedEvent):
            parse(b'{"type": "t", "data": {"x": ' + shallower + b"}}\n", FrameLimits())
        allowed = (
            b"[" * (MAX_SURROGATE_LEVELS - 3) + b'"\\u0041"' + b"]" * (MAX_SURROGATE_LEVELS - 3)
        )
        assert parse(b'{"type": "t", "data": {"x": ' + allowed + b"}}\n", FrameLimits())

    @pytest.mark.parametrize("part", ["data_length", "payload_length"])
    @pytest.mark.parametrize("length", [4097, 10**12, 10**400])
    def test_announced_too_much(self, part: str, length: int) -> None:
        with pytest.raises(TooLarge):
            parse(header(type="t", **{part: length}))

    def test_header_without_end(self) -> None:
        parser = EventParser(LIMITS)
        for _ in range(10):
            parser.feed(b"x" * 100)
            assert parser.next_event() is None
        parser.feed(b"x" * 100)
        with pytest.raises(TooLarge):
            parser.next_event()

    def test_header_of_exactly_the_limit_is_taken(self) -> None:
        line = b'{"type": "t"}'
        assert parse(line + b" " * (1024 - len(line)) + b"\n") == [Event("t")]
        with pytest.raises(TooLarge):
            parse(line + b" " * (1025 - len(line)) + b"\n")

    @pytest.mark.parametrize("cut", [1, 20, -1])
    def test_end_in_the_middle(self, cut: int) -> None:
        with pytest.raises(MalformedEvent, match="middle"):
            parse(encode(Event("t", {"a": 1}, b"12345"))[:cut])

    @given(st.binary(max_size=200))
    def test_garbage_raises_nothing_else(self, raw: bytes) -> None:
        try:
            parse(raw + b"\n")
        except ProtocolError:
            return


class TestLimitsByType:
    LIMITS = FrameLimits(
        data_by_type={"small": DataLimits(64, 8), "names": DataLimits(2048, 500)},
        skip_other_types=True,
    )

    def test_data_longer_than_its_type_allows(self) -> None:
        with pytest.raises(TooLarge, match="the limit is 64"):
            parse(header(type="small", data_length=65), self.LIMITS)
        assert parse(header(type="names", data_length=2) + b"{}", self.LIMITS) == [Event("names")]

    def test_more_values_than_its_type_allows(self) -> None:
        for count, allowed in ((4, True), (7, False)):
            block = json.dumps({"l": [1] * count}).encode()
            raw = header(type="small", data_length=len(block)) + block
            if allowed:
                assert len(parse(raw, self.LIMITS)) == 1
            else:
                with pytest.raises(TooLarge, match="more than 8 values"):
                    parse(raw, self.LIMITS)

    def test_values_in_the_header_count_too(self) -> None:
        with pytest.raises(TooLarge, match="values"):
            parse(header(type="small", data={"l": [[]] * 20}), self.LIMITS)

    def test_commas_and_brackets_in_a_text_are_no_values(self) -> None:
        text = 'a, "b", [c] {d} \\", e,,,,,,,,,,,,'
        assert parse(header(type="small", data={"t": text[:30]}), self.LIMITS)[0].data == {
            "t": text[:30]
        }

    @given(st.lists(st.integers(1, 3000), max_size=8))
    def test_what_is_not_served_is_skipped_however_it_is_cut(self, cuts: list[int]) -> None:
        raw = encode(Event("other", {"x": [[]] * 500}, bytes(1000))) + encode(Event("small"))
        parser = EventParser(self.LIMITS)
        got = []
        edges = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
        for begin, end in pairwise(edges):
            parser.feed(raw[begin:end])
            while (event := parser.next_event()) is not None:
                got.append(event)
            held = len(parser._buffer)
            assert held < 200, "what is skipped is not kept"
        parser.end()
        assert got == [Event("other"), Event("small")]

    def test_end_in_the_middle_of_what_is_skipped(self) -> None:
        with pytest.raises(MalformedEvent, match="in the middle"):
            parse(header(type="other", payload_length=10) + b"123", self.LIMITS)

    def test_memory_of_an_event(self) -> None:
        parser = EventParser(self.LIMITS)
        parser.feed(encode(Event("names", {"l": ["a"] * 100}, b"12")))
        parser.next_event()
        assert parser.last_event_memory > parser.last_event_bytes + 100 * 90


def test_every_event_that_a_server_answers_has_limits() -> None:
    from wyoming_voice_stack.protocol.other_server import speech_to_text_at, text_to_speech_at

    served = {"describe", "ping", "select-program"}
    served |= speech_to_text_at(None).events | text_to_speech_at(None).events
    assert set(SERVER_FRAMES.data_by_type) == served
