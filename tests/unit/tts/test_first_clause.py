"""The first sentence of a streamed text, which can be cut at a clause."""

from __future__ import annotations

from pathlib import Path

import pytest
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from tests.support.fakes import FakeSynthesizer
from tests.support.tts_client import kinds, open_session, serving, tell


class TestFirstClause:
    async def test_is_spoken_while_the_rest_is_still_to_come(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path) as service:
            session = open_session(service)
            early = await tell(
                session,
                SynthesizeStart().event(),
                SynthesizeChunk("Tomorrow it will be rather cold, ").event(),
                SynthesizeChunk("but ").event(),
            )
            assert kinds(early) == ["audio-start", "audio-chunk"]
            await tell(session, SynthesizeChunk("the sun").event(), SynthesizeStop().event())
        assert [request.text for request in engine.requests] == [
            "Tomorrow it will be rather cold.",
            "but the sun.",
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "Well, that is it then and",
            "It costs 1,234,567 or something like that and",
            "Your next meeting is November 23, 2026",
            "Look at [this page, which tells more about it",
            "```python\nfor each, in everything, that: there is\n",
            "# A heading, which goes on for quite a while, and on",
        ],
    )
    async def test_is_not_cut_off_what_may_be_one(self, tmp_path: Path, text: str) -> None:
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path) as service:
            session = open_session(service)
            got = await tell(session, SynthesizeStart().event(), SynthesizeChunk(text).event())
        assert got == []

    async def test_an_end_that_was_seen_already_is_not_forgotten(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path) as service:
            session = open_session(service)
            await tell(
                session,
                SynthesizeStart().event(),
                SynthesizeChunk("Hello there my good old friend, how are you? ").event(),
                SynthesizeChunk("I am fine. ").event(),
            )
            assert [request.text for request in engine.requests] == [
                "Hello there my good old friend.",
                "how are you?",
            ]
            await tell(session, SynthesizeStop().event())

    async def test_only_before_the_first_audio(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path) as service:
            session = open_session(service)
            text = "This is it. Tomorrow it will be rather cold, but the sun shines."
            await tell(
                session,
                SynthesizeStart().event(),
                *(SynthesizeChunk(letter).event() for letter in text),
                SynthesizeStop().event(),
            )
        assert [request.text for request in engine.requests] == [
            "This is it.",
            "Tomorrow it will be rather cold, but the sun shines.",
        ]

    async def test_a_plain_request_is_never_cut_there(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        async with serving(engine, tmp_path) as service:
            text = "Tomorrow it will be rather cold, but the sun shines."
            await tell(open_session(service), Synthesize(text=text).event())
        assert [request.text for request in engine.requests] == [text]
