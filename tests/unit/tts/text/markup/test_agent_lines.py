"""Lines in which an agent calls a tool are not spoken, and prose with the same words is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_voice_stack.tts.text.markup.agent_lines import MAX_THOUGHT_CHARACTERS, AgentLines
from wyoming_voice_stack.tts.text.markup.call_lines import MAX_CALL_CHARACTERS
from wyoming_voice_stack.tts.text.sentences import SentenceStream

LAMP = ["The lamp is on."]


def spoken(*deltas: str) -> list[str]:
    stream = SentenceStream(200)
    pushed = [sentence for delta in deltas for sentence in stream.push(delta)]
    return pushed + stream.finish()


STEPS = [
    'Action: search["lamp. Now"]\nThe lamp is on.',
    "Action: Search[Hall lamp]\nThe lamp is on.",
    'Action: turn_on(area="hall. Now")\nThe lamp is on.',
    "Action: turn_on(hall)\nThe lamp is on.",
    'Action: {"name": "On", "args": {}}\nThe lamp is on.',
    'Action:\n{"name": "On", "args": {}}\nThe lamp is on.',
    'Action:\n```json\n{"action": "On"}\n```\nThe lamp is on.',
    "Action: turn_on\nThe lamp is on.",
    "Action: Web Search\nAction Input: lamp. Now\nThe lamp is on.",
    'Action Input: {"q": "Hall. Now", "a": [1]}\nThe lamp is on.',
    'Action Input:\n{"q": "Hall. Now"}\nThe lamp is on.',
    'Action Input:\n```json\n{"q": "Hall"}\n```\nThe lamp is on.',
    'Thought: I look. Hm.\nAction: search["lamp"]\nObservation: It is on. Good.\nThe lamp is on.',
    "Thought: I look.\n\nAction: look\nAction Input: hall\nObservation: [1, 2]\nThe lamp is on.",
    "Thought: I know it now. So.\nFinal Answer: The lamp is on.",
    "Thought: I know it now. So.\nAnswer: The lamp is on.",
    "**Thought:** I know.\n**Answer:** The lamp is on.",
    "**Thought:** Hm.\n**Action:** `look`\n**Action Input:** hall\n**Final Answer:** The lamp is on.",
    'Tool call: {"name": "On", "arguments": {}}\nThe lamp is on.',
    'Calling tool: turn_on({"area": "hall"})\nThe lamp is on.',
]
CALLS = [
    'turn_on(area="hall. Now")\nThe lamp is on.',
    '[turn_on(area="hall"), get_time()]\nThe lamp is on.',
    'turn_on(area="hall (upstairs")\nThe lamp is on.',
    'turn_on(area="hall :) now", on=true)\nThe lamp is on.',
    'turn_on(area="the \\"hall)\\" now")\nThe lamp is on.',
    'HassTurnOn(name="hall")\nThe lamp is on.',
    "light.turn_on({'area': 'hall'});\nThe lamp is on.",
    "get_time()\nThe lamp is on.",
    f'turn_on(area="{"hall. Now " * 80}")\nThe lamp is on.',
    'The lamp is on.\nturn_on(area="ha',
    "The lamp is on.\nAction: turn_on",
    "The lamp is on.\nAction Input: ha",
]
OBJECTS = [
    '{"arguments": {"a": 1}, "name": "On"}\nThe lamp is on.',
    '{"action": "turn_on", "action_input": {"e": "x"}}\nThe lamp is on.',
    '{"id": "1", "type": "function", "function": {"name": "On", "arguments": "{}"}}\nThe lamp is on.',
    '{"service": "light.turn_on", "entity_id": "light.hall"}\nThe lamp is on.',
    '[{"name": "On", "arguments": {}}, {"name": "Off", "arguments": {}}]\nThe lamp is on.',
    "{'name': 'On', 'arguments': {'a': 1}} The lamp is on.",
    'The lamp is on. {"name": "On", "arguments": {}}',
    'The lamp is on. {"method": "on", "params": {"a": "' + "b c. " * 150 + '"}}',
]
TEXT = {
    "Action: a film genre. It is loud.": ["Action: a film genre.", "It is loud."],
    "Action: ein Filmgenre.\nEs ist laut.": ["Action: ein Filmgenre.", "Es ist laut."],
    "Action: Comedy\nGenre: Drama": ["Action: Comedy.", "Genre: Drama."],
    "Action: None\nAction: film(s)": ["Action: None.", "Action: film(s)."],
    "Action required: restart it. Now.": ["Action required: restart it.", "Now."],
    "Action! Cut. Actions: one.": ["Action!", "Cut.", "Actions: one."],
    "Thought: it is common.\nIt helps.": ["it is common.", "It helps."],
    "Thought: I can.\n\nGo on.": ["I can.", "Go on."],
    "**Thought:** I can.\nThought: So.\nGo on.": ["I can.", "So.", "Go on."],
    "Feeling: sad.\n\nThought: it is late.\nGo.": ["Feeling: sad.", "Thought: it is late.", "Go."],
    "Question: when?\nAnswer: now.": ["Question: when?", "Answer: now."],
    "Answer: B. It rained.": ["Answer: B.", "It rained."],
    "Answer: B.\nThought: so.": ["Answer: B.", "Thought: so."],
    "Action: f(x=1)\nThought: I am done.": ["I am done."],
    "Observation: the sky is blue. So.": ["Observation: the sky is blue.", "So."],
    "Call: Anna at five. Tool: hammer": ["Call: Anna at five.", "Tool: hammer."],
    "Action: [smiles] Hello.": ["Action: [smiles] Hello."],
    "Call Anna (mobile) now.": ["Call Anna (mobile) now."],
    "Light(s are on.": ["Lights are on."],
    f"Light(s {'and lamps ' * 60}are on.": [f"Lights {'and lamps ' * 60}are on."],
    "Light(s) on\niPhone(s)\nf(x)": ["Light(s) on.", "iPhone(s).", "f(x)."],
    "The function get_time() works.": ["The function get_time works."],
    "get_time() works.": ["get_time works."],
    '{"id": 1, "state": "on"} it is.': ['{"id": 1, "state": "on"} it is.'],
    'Send {"method": "on", "params": {"a": 1}} to it. Now.': [
        'Send {"method": "on", "params": {"a": 1}} to it.',
        "Now.",
    ],
    'The body is: {"name": "On", "arguments": {}}. So.': [
        'The body is: {"name": "On", "arguments": {}}.',
        "So.",
    ],
    'I call it. {"name": "On", "arguments": {}} The lamp is on.': ["I call it.", "The lamp is on."],
    'I call {"name": "On", "arguments": {}}\nThe lamp is on.': ["I call.", "The lamp is on."],
}
THOUGHTS = f"Thought: {'I look at it. ' * 100}"
HIDDEN = [*STEPS, *CALLS, *OBJECTS]


@pytest.mark.parametrize("text", HIDDEN)
def test_calls_of_tools_are_not_spoken(text: str) -> None:
    assert spoken(text) == LAMP
    assert spoken(*text) == LAMP


@pytest.mark.parametrize(("text", "expected"), TEXT.items())
def test_prose_with_the_same_words_is_spoken(text: str, expected: list[str]) -> None:
    assert spoken(text) == spoken(*text) == expected


@pytest.mark.parametrize("text", [text for text in (*HIDDEN, *TEXT) if len(text) < 200])
def test_every_cut_gives_the_same(text: str) -> None:
    whole = spoken(text)
    for place in range(len(text)):
        assert spoken(text[:place], text[place:]) == whole


def test_a_long_thought_is_spoken() -> None:
    assert spoken(THOUGHTS)[:2] == ["I look at it.", "I look at it."]
    assert spoken(f"{THOUGHTS}\nThought: I see.")[-2:] == ["I look at it.", "I see."]
    assert spoken(f"Sad.\n{THOUGHTS}\nThought: I see.")[-1] == "Thought: I see."


PIECES = [
    *("Thought: ", "Action: ", "Action Input: ", "Observation: ", "Final Answer: ", "Go on. ", "x"),
    *(
        "turn_on",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        '"',
        "'",
        "\n",
        "\n\n",
        "```",
        "**",
        " ",
        "= ",
        "\\",
    ),
]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_what_is_held_back_is_bounded(text: str) -> None:
    lines = AgentLines()
    for character in text * 20:
        lines.push(character)
        assert lines.held_characters <= MAX_THOUGHT_CHARACTERS + MAX_CALL_CHARACTERS + 64


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(["Go on. ", "x", "\n", " (", ") ", " [a] ", "Act", "Call", ": "])))
def test_text_without_a_call_stays(pieces: list[str]) -> None:
    text = "".join(pieces)
    lines = AgentLines()
    assert "".join(map(lines.push, text)) + lines.finish() == text


LONG_PIECES = [
    *("f_x(", "Action: x", "Action: f(x", "Thought: \n", "Action:\n", "Action: x\nAct"),
    *(". [1", ". [1] ", "Action Input: {", "f_x()"),
]


@pytest.mark.parametrize("piece", LONG_PIECES)
def test_a_long_text_comes_to_an_end(piece: str) -> None:
    spoken(piece * (125_000 // len(piece)) + "\n\nThe end.")
