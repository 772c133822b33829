from __future__ import annotations

import pytest

from wyoming_voice_stack.tts.text.sentences import SentenceStream

LISTS = {
    "apples\npears\nmilk": "apples. pears. milk.",
    "apples\npears": "apples. pears.",
    "You need\nmilk\neggs\nbread": "You need. milk. eggs. bread.",
    "**Shopping**\nmilk\n**eggs**\nbread": "Shopping. milk. eggs. bread.",
    "milk (2 l)\neggs (6)\n\nThat is all.": "milk (2 l). eggs (6). That is all.",
    "milk\neggs\nbread\nand that is all you need.": "milk. eggs. bread. and that is all you need.",
    "iPhone\niPad\nMacBook": "iPhone. iPad. MacBook.",
    "Liste de courses\npommes\npoires\nlait": "Liste de courses. pommes. poires. lait.",
    "manzanas\nperas\nleche": "manzanas. peras. leche.",
    "яблоки\nгруши\nмолоко": "яблоки. груши. молоко.",
}
PROSE = {
    "See [the notes](file:///a/b.txt) now": "See the notes now.",
    "This is a paragraph that was wrapped by its author at sixty\ncharacters and goes on in the next"
    " line until\nit ends here": "This is a paragraph that was wrapped by its author at sixty characters"
    " and goes on in the next line until it ends here.",
    "The lamp in the kitchen\nis on": "The lamp in the kitchen is on.",
    "a hard\nwrapped\nline": "a hard wrapped line.",
    "The weather is\nsunny\nand warm": "The weather is sunny and warm.",
    "He says (see the\nnotes\nbelow\nhere) yes.": "He says (see the notes below here) yes.",
    "Dear Bob\nthank you for\nyour letter": "Dear Bob thank you for your letter.",
    "the kitchen\nis warm.": "the kitchen is warm.",
    "green tea,\nwarm\nmilk": "green tea, warm milk.",
    "Das Licht ist an\nDie Post ist da\nEs ist warm": "Das Licht ist an. Die Post ist da. Es ist warm.",
    "Plan A\nPlan B": "Plan A. Plan B.",
    "Turn on an\nLED lamp": "Turn on an LED lamp.",
}


@pytest.mark.parametrize(("text", "spoken"), [*LISTS.items(), *PROSE.items()])
@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_lines_in_lower_case(text: str, spoken: str, size: int) -> None:
    stream = SentenceStream(200)
    deltas = [text[begin : begin + size] for begin in range(0, len(text), size)]
    pushed = [sentence for delta in deltas for sentence in stream.push(delta)]
    assert " ".join(pushed + stream.finish()) == spoken


def test_a_list_is_returned_line_by_line() -> None:
    stream = SentenceStream(200)
    assert stream.push("apples\npears\nm") == ["apples.", "pears."]
