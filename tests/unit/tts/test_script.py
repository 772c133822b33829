from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from wyoming_voice_stack.tts.backend import SynthesisOptions
from wyoming_voice_stack.tts.script import Script
from wyoming_voice_stack.tts.text_turns import TextTurns


def script(short_characters: int) -> Script:
    backend = SimpleNamespace(
        max_characters=lambda _: 250,
        options=SynthesisOptions(),
        short_characters=short_characters,
        text_turns=TextTurns(),
    )
    return Script(cast(Any, backend), cast(Any, SimpleNamespace(languages=("en",), regions=())))


async def lines(made: Script, *deltas: str) -> list[str]:
    return [
        line.text
        for number, delta in enumerate(deltas, start=1)
        async for line in made.push(delta, ends=number == len(deltas))
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes. The light is on.", ["Yes. The light is on."]),
        ("The light is on. Yes.", ["The light is on.", "Yes."]),
        ("Yes. No. The light is on.", ["Yes. No. The light is on."]),
        ("Yes. Why not?", ["Yes. Why not?"]),
        ("Yes.", ["Yes."]),
        ("The light is on. It is late.", ["The light is on.", "It is late."]),
    ],
)
async def test_short_sentences_are_joined_with_the_next(text: str, expected: list[str]) -> None:
    assert await lines(script(12), text) == expected


async def test_short_sentence_does_not_wait_for_text() -> None:
    assert await lines(script(12), "Yes. The", " light is on.") == ["Yes.", "The light is on."]


async def test_other_engines_get_each_sentence_alone() -> None:
    assert await lines(script(0), "Yes. The light is on.") == ["Yes.", "The light is on."]


REASONING = "They ask for the lamp. I call the tool. " * 20


@pytest.mark.parametrize("short_characters", [0, 12])
async def test_reasoning_that_no_mark_begins_is_not_spoken(short_characters: int) -> None:
    text = f"{REASONING}Ok. </think>The lamp is on. It is late."
    expected = ["The lamp is on.", "It is late."]
    assert await lines(script(short_characters), text) == expected
    assert await lines(script(short_characters), text, "") == expected


async def test_reasoning_that_a_stream_has_not_spoken_is_dropped() -> None:
    spoken = await lines(
        script(0), "They ask for the lamp. I call", f" it. {REASONING}</think>It is on."
    )
    assert spoken == ["They ask for the lamp.", "It is on."]
