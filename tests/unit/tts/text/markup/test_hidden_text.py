from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_voice_stack.tts.text.markup.chat_marks import MAX_MARK_CHARACTERS
from wyoming_voice_stack.tts.text.markup.hidden_text import MAX_HEADER_CHARACTERS, HiddenText
from wyoming_voice_stack.tts.text.markup.json_tool_calls import MAX_TOOL_CALL_CHARACTERS
from wyoming_voice_stack.tts.text.markup.open_elements import MAX_UNCERTAIN_CHARACTERS
from wyoming_voice_stack.tts.text.sentences import SentenceStream

LAMP = ["The lamp is on."]


def spoken(*deltas: str) -> list[str]:
    """The sentences of a text of which nothing is spoken before its end."""
    stream = SentenceStream(200)
    pushed: list[str] = []
    for delta in deltas:
        sentences = stream.push(delta)
        pushed = sentences if stream.reasoning_ended else pushed + sentences
    return pushed + stream.finish()


def spoken_at_once(*deltas: str) -> list[str]:
    """The sentences of a text of which each delta is spoken before the next one arrives."""
    stream = SentenceStream(200)
    pushed = [sentence for delta in deltas for sentence in stream.push(delta)]
    return pushed + stream.finish()


REASONING = [
    ("<think>\nThey ask. I will call it.\n</think>\n\nThe lamp is on.", LAMP),
    (
        '<details type="reasoning" done="true" duration="3">\n<summary>Thought for 3 seconds</summary>\n> Hm. Well.\n</details>\nThe lamp is on.',
        LAMP,
    ),
    (
        "<details type='thinking'>Hm.<details><summary>A</summary>B.</details> C.</details>The lamp is on.",
        LAMP,
    ),
    ("&lt;details type=&quot;reasoning&quot;&gt;Hm. Well.&lt;/details&gt;The lamp is on.", LAMP),
    ("<thinking>Hm. Well.</thinking>The lamp is on.", LAMP),
    ("<THINK>Hm.</Think > The lamp is on.", LAMP),
    ("<think>A <b>bold</b> 1 < 2 thought.</think>The lamp is on.", LAMP),
    ("<think>Write:\n```py\nx\n```\n</think>The lamp is on.", LAMP),
    ("<analysis>They ask. Hm.</analysis>The lamp is on.", LAMP),
    ("<reasoning effort='low'>Hm.</reasoning> The lamp is on.", LAMP),
    ("<thinking>Hm.</think>The lamp is on.", LAMP),
    ("&lt;think&gt;Hm. Well.&lt;/think&gt;The lamp is on.", LAMP),
    ("&#60;think&#62;Hm.&#x3C;/think&#x3E; The lamp is on.", LAMP),
    ("&amp;lt;think&amp;gt;Hm.&amp;lt;/think&amp;gt; The lamp is on.", LAMP),
    (r"\<think\>Hm.\</think\> The lamp is on.", LAMP),
    ("[THINK]Hm. Well.[/THINK]The lamp is on.", LAMP),
    ("\uff1cthink\uff1eHm. Well.\uff1c\uff0fthink\uff1eThe lamp is on.", LAMP),
    ("< think >Hm. Well.</ think >The lamp is on.", LAMP),
    (r"<think>Hm. Well.<\/think>The lamp is on.", LAMP),
    ("<|begin_of_thought|>Hm. Well.<|end_of_thought|>The lamp is on.", LAMP),
    ("<thinking>Hm.</thinking>The lamp is on.", LAMP),
    ("\u25c1think\u25b7Hm. Well.\u25c1/think\u25b7The lamp is on.", LAMP),
    ("<ctrl94>thought\nHm. Well.<ctrl95>The lamp is on.", LAMP),
    ("<unused94>thought\nHm. Well.<unused95>The lamp is on.", LAMP),
    ("The lamp is on.<unused12>", LAMP),
    ("They ask. </think>The lamp is on.", LAMP),
    ("<think>`x`</think>The lamp is on.", LAMP),
    ("<think>The tag `</think>` ends it. So.</think>The lamp is on.", LAMP),
    ("<think>a <think> b. C.</think> D. E.</think>The lamp is on.", LAMP),
    ("<thinking>A.<reasoning>B.</reasoning>C. D.</thinking>The lamp is on.", LAMP),
    ("<thinking>A.<think>B.</thinking>The lamp is on.", LAMP),
    ("<think>A.<think>B.</think>The lamp is on.", LAMP),
    ("<think>A.<think>B.</think>The lamp <tool_call>{}</tool_call>is on.", ["The lamp.", "is on."]),
    ("<think>A.<think>B.</think>" + "Go on now. " * 200, ["Go on now."] * 200),
    ("<commentary>They ask. Hm.</commentary>The lamp is on.", LAMP),
    ("Wait<think>Hm.</think> The lamp is on.", ["Wait.", *LAMP]),
    ("The lamp is on. <think>Is it? Yes.", LAMP),
    ("<think>Never closed. The lamp is on.", []),
]
TOOLS = [
    ('<tool_call>{"name": "TurnOn"}</tool_call> The lamp is on.', LAMP),
    ('<tool_call>\n{"a": 1}\n</tool_call>\n<tool_call>\n{}\n</tool_call>The lamp is on.', LAMP),
    ('<function=turn_on>{"area": "hall"}</function>The lamp is on.', LAMP),
    ("<function_calls><invoke name='On'></invoke></function_calls>The lamp is on.", LAMP),
    ("&lt;tool_call&gt;{}&lt;/tool_call&gt; The lamp is on.", LAMP),
    ("<tool_response>It is on. Yes.</tool_response>The lamp is on.", LAMP),
    ('<|python_tag|>{"name": "On", "x": "a } b"}<|eom_id|>The lamp is on.', LAMP),
    ('<|python_tag|>{"name": "On"} The lamp is on.', LAMP),
    ('<|tool_call|>[{"name": "On"}]<|/tool_call|>The lamp is on.', LAMP),
    ('[TOOL_CALLS][{"name": "On", "arguments": {"q": "\\"]"}}] The lamp is on.', LAMP),
    ('[TOOL_CALLS]turn_on[ARGS]{"area": "hall"}</s>The lamp is on.', LAMP),
    ('{"name": "TurnOn", "arguments": {"area": "hall"}} The lamp is on.', LAMP),
    ('The lamp is on. {"name": "On", "parameters": {"q": "}"}}', LAMP),
    ('[{"type": "function", "function": {"name": "On"}}]\nThe lamp is on.', LAMP),
    ('{"name": "On", "arguments": {"q": "' + "x" * 900 + '"}} The lamp is on.', LAMP),
    ("<function=on>\n<parameter=a>\nhall\n</parameter>\n</function>\nThe lamp is on.", LAMP),
    ("<parameter=a>hall</parameter>The lamp is on.", LAMP),
    ("<tool_call>on\n<parameter=a>hall</parameter>\nNow. So.</tool_call>The lamp is on.", LAMP),
    ("<arg_key>area</arg_key>\n<arg_value>The hall. Now.</arg_value>\nThe lamp is on.", LAMP),
]
CALL_LINES = [
    ('functions.turn_on({"area": "The hall. Now."})\nThe lamp is on.', LAMP),
    ('The lamp is on.\nfunctions.turn_on:0 {"area": {"a": "hall"}}', LAMP),
    ("functions.get_time()\nThe lamp is on.", LAMP),
    ('functions.turn_on(area="hall")\nThe lamp is on.', LAMP),
    ('<|python_tag|>{"a": 1}; {"b": 2}<|eom_id|>The lamp is on.', LAMP),
    (
        (
            "<|tool_calls_section_begin|><|tool_call_begin|>functions.on:0"
            "<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>The lamp is on."
        ),
        LAMP,
    ),
    (
        (
            "<\uff5ctool\u2581calls\u2581begin\uff5c><\uff5ctool\u2581call\u2581begin\uff5c>function"
            "<\uff5ctool\u2581sep\uff5c>on\n```json\n{}\n```<\uff5ctool\u2581call\u2581end\uff5c>"
            "<\uff5ctool\u2581calls\u2581end\uff5c>The lamp is on."
        ),
        LAMP,
    ),
    (
        (
            "<|channel|>analysis<|message|>They ask. Hm.<|end|><|start|>assistant<|channel|>commentary"
            " to=functions.on <|constrain|>json<|message|>{}<|call|>"
            "<|start|>assistant<|channel|>final<|message|>The lamp is on.<|return|>"
        ),
        LAMP,
    ),
]
TEMPLATES = [
    ("<|im_start|>assistant\nThe lamp is on.<|im_end|>", LAMP),
    ("<|im_start|>user\nTurn it on. Now.<|im_end|>\n<|im_start|>assistant\nThe lamp is on.", LAMP),
    ("<|start_header_id|>assistant<|end_header_id|>\n\nThe lamp is on.<|eot_id|>", LAMP),
    (
        (
            "<|begin_of_text|><|start_header_id|>user<|end_header_id|>On. Now.<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>The lamp is on."
        ),
        LAMP,
    ),
    ("<s>[INST] <<SYS>>Be brief.<</SYS>> Turn it on. [/INST] The lamp is on.</s>", LAMP),
    ("The lamp is on.[/INST]", LAMP),
    ("&lt;s&gt;The lamp is on.&lt;/s&gt;", LAMP),
    ("<start_of_turn>model\nThe lamp is on.<end_of_turn>", LAMP),
    ("<|user|>\nOn. Now.<|end|>\n<|assistant|>\nThe lamp is on.<|endoftext|>", LAMP),
    ("<bos>The lamp is on.<eos><pad><pad>", LAMP),
    ("The lamp<|eot_id|>", ["The lamp."]),
    ("<|im_start|>The lamp is on.", LAMP),
    ("<\uff5cAssistant\uff5c>The lamp is on.<\uff5cend\u2581of\u2581sentence\uff5c>", LAMP),
    ("<|start_of_turn|>model\nThe lamp is on.", LAMP),
    ("<0x0A>The lamp is on.", LAMP),
    ("<final_answer>The lamp is on.</final_answer>", LAMP),
]
TEXT = [
    ("It calls functions.get_time() first.", ["It calls functions.get_time first."]),
    ("The functions. They work.", ["The functions.", "They work."]),
    ("So. The pair `<think></think>` hides text.", ["So.", "The pair hides text."]),
    ('So. The tag "</think>" ends it.', ["So.", 'The tag "" ends it.']),
    ("Use the `<think>` tag. It hides text.", ["Use the tag.", "It hides text."]),
    ("```xml\n<think>\n```\nThe lamp is on.", LAMP),
    ("a < b and b > c now. Then go.", ["a < b and b > c now.", "Then go."]),
    ("a < s > b and 1 < thin > 2. Then.", ["a < s > b and 1 < thin > 2.", "Then."]),
    ('{"name": "lamp", "state": "on"} it is.', ['{"name": "lamp", "state": "on"} it is.']),
    ("{x} and { y }. Then {z}.", ["{x} and { y }.", "Then {z}."]),
    ("AT&T & so on. I &lt;3 it.", ["AT&T & so on.", "I <3 it."]),
    ("Press [Enter]. See [INS] now.", ["Press [Enter].", "See [INS] now."]),
    ("[I think](http://a.b/c) so.", ["I think so."]),
    ("A <thing> and <tool kit.\n\nEnd.", ["A and <tool kit.", "End."]),
    ("<|im_start|>" + "x" * 70 + " The end.", ["x" * 70 + " The end."]),
    ("<" + "|" + "x" * 90 + "|> The end.", ["<|" + "x" * 90 + "|> The end."]),
]
UNOPENED = [
    *("</think>", "</thinking>", "</reasoning>", "</thought>", "</THINK >", "</thinking>"),
    *("&lt;/think&gt;", "&#60;/think&#62;", r"\</think\>", "[/THINK]", "\u25c1/think\u25b7"),
    *("<|end_of_thought|>", "<|/think|>", "<\uff5cend\u2581of\u2581thinking\uff5c>", "<unused95>"),
    *("<ctrl95>", "</inner_thoughts>", "</commentary>"),
]
CASES = [*REASONING, *TOOLS, *CALL_LINES, *TEMPLATES, *TEXT]


def places(text: str) -> list[int]:
    """Where to cut a text; the rest of a long one repeats itself."""
    return [*range(min(len(text), 250)), *range(250, len(text), 97)]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_what_is_not_meant_to_be_heard_is_not_spoken(text: str, expected: list[str]) -> None:
    assert spoken(text) == expected


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_every_cut_gives_the_same(text: str, expected: list[str]) -> None:
    for place in places(text):
        assert spoken(text[:place], text[place:]) == expected
    assert spoken(*text) == expected


@pytest.mark.parametrize(("text", "expected"), [*REASONING, *TOOLS])
def test_a_text_that_breaks_off_speaks_no_mark(text: str, expected: list[str]) -> None:
    for place in places(text):
        sentences = " ".join(spoken(text[:place])).lower()
        for mark in ("think>", "<think", "tool_call", "lt;thi", "python_tag", "{", "functions"):
            assert mark not in sentences


@pytest.mark.parametrize("mark", UNOPENED)
def test_nothing_before_the_end_of_reasoning_that_no_mark_begins_is_spoken(mark: str) -> None:
    text = f"They ask. It is `x`.\n\n1. I call it.\n- Hm. So\n{mark}\n\nThe lamp is on. It is late."
    assert spoken(text) == [*LAMP, "It is late."]
    assert spoken(f"They ask. {mark}Not yet. They wait.\n{mark}The lamp is on.") == LAMP


@pytest.mark.parametrize("mark", UNOPENED)
def test_a_stream_drops_the_reasoning_that_has_not_been_spoken(mark: str) -> None:
    text = f"They ask. I call it. Hm {mark}The lamp is on."
    for place in range(len(text)):
        assert spoken(text[:place], text[place:]) == LAMP
        sentences = spoken_at_once(text[:place], text[place:])
        assert sentences[-1:] == LAMP
        assert ["They ask.", "I call it."][: len(sentences) - 1] == sentences[:-1]
    assert spoken_at_once(*text) == ["They ask.", "I call it.", *LAMP]


PIECES = [
    *("Hello. ", "Go ", "a", " ", "\n", "\n\n", "`", "```\n"),
    *("<", ">", "[", "]", "&", "&lt;", "&gt;"),
    *("<think>", "</think>", "&lt;think&gt;", "&lt;/think&gt;", "<tool_call>", "</tool_call>"),
    *("<|im_start|>", "<|im_end|>", "assistant\n", "user\n", "<|python_tag|>", '{"a": "b"}', "{"),
    *(
        "[INST]",
        "[/INST]",
        "[TOOL_CALLS]",
        "<s>",
        '{"name": "On", ',
        '"arguments": {}}',
        "</s>",
        "<|",
        "|>",
        "\\",
        "function",
        "<b>",
    ),
    *(
        "Thought: ",
        "Action: ",
        "Action Input: ",
        "Observation: ",
        "Final Answer: ",
        "turn_on(",
        ")",
    ),
    *(
        'search["',
        '"]',
        '{"action": "x", ',
        '"action_input": {}}',
        "<|channel>thought\n",
        "<channel|>",
    ),
    *(". [1] ", "[2]", "**"),
]
messy_texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(deadline=None, max_examples=200)
@given(text=messy_texts, cuts=st.lists(st.integers(0, 300)))
def test_sentences_do_not_depend_on_the_cuts(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    assert spoken(*(text[start:end] for start, end in pairwise(places))) == spoken(text)


@settings(deadline=None, max_examples=100)
@given(text=messy_texts)
def test_what_is_held_back_is_bounded(text: str) -> None:
    hidden = HiddenText()
    limit = MAX_MARK_CHARACTERS + MAX_HEADER_CHARACTERS + MAX_TOOL_CALL_CHARACTERS
    limit += MAX_UNCERTAIN_CHARACTERS + MAX_MARK_CHARACTERS
    for character in text:
        hidden.push(character, "", in_span=False)
        assert hidden.held_characters <= limit


@pytest.mark.parametrize(
    "piece", ["<", "<think ", "&lt;", "<|", "[INST", "<tool_call>{", "<|im_start|>"]
)
def test_a_long_text_of_marks_comes_to_an_end(piece: str) -> None:
    spoken(piece * (125_000 // len(piece)) + "\n\nThe end.")
