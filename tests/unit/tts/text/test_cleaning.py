from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline

from wyoming_voice_stack.tts.text import cleaning
from wyoming_voice_stack.tts.text.cleaning import clean_text, finalize_sentence
from wyoming_voice_stack.tts.text.markup.markdown import MAX_NESTING

PLAIN_TEXTS = [
    "2 * 3 * 4 = 24.",
    "2*3*4 is a*b*c and 2**3.",
    "snake_case_name.",
    "5 < 6 and 7 > 3.",
    "I paid $5 (about 4 €).",
    "C# and C++.",
    "A & B, AT&T.",
    "It's 21.5 °C.",
    "-5 °C, +3, .5 and 50%.",
    "Call #1 at 5:30.",
    "a@example.com is her address.",
    "½ of 10² km.",
    "¿Qué? ¡No!",
]


@pytest.mark.parametrize("text", PLAIN_TEXTS)
def test_plain_text_stays(text: str) -> None:
    assert clean_text(text) == text
    assert clean_text(text.removesuffix(".")) == text


MARKDOWN = [
    ("**bold**, *it*, __b__, _i_ and ~~gone~~", "bold, it, b, i and gone."),
    ("***both***", "both."),
    ("这是**重要**的", "这是重要的。"),
    ("**“重点”**在这里", "“重点”在这里。"),
    ("## A heading ##", "A heading."),
    ("A heading\n---", "A heading."),
    ("- one\n- two", "one. two."),
    ("- [ ] milk\n- [x] eggs", "milk. eggs."),
    ("1. one\n2. two", "1. one. 2. two."),
    ("42.", "42."),
    ("> quoted", "quoted."),
    ("a\nwrapped line", "a wrapped line."),
    ("a hard  \nbreak<br>here", "a hard break here."),
    ("[a link](https://example.com 'title')", "a link."),
    ("[**bold** link](x) and ![an image](y.png)", "bold link and an image."),
    ("| Room | Degrees |\n|:--|--:|\n| Bath | 21 |", "Room, Degrees. Bath, 21."),
    ("| Room | Degrees |", "Room, Degrees."),
    ("Type `ls -l` now", "Type ls -l now."),
    ("Look:\n```py\nhidden\n```\nDone", "Look. Done."),
    ("```\nnever closed", ""),
    ("never closed ``` and `begun", "never closed and begun."),
    ("~~~ Welcome ~~~", "Welcome."),
    ("Footnote[^1] here\n\n[ref]: https://example.com", "Footnote here."),
    (r"\*stars\*", "stars."),
    ("==marked== and H~2~O and X^2^", "marked and H2O and X^2."),
    ("x == y == z and ~5 and 2^10", "x == y == z and ~5 and 2^10."),
    (
        "[the docs][1] and [more][], but a[0][1] and [4][5]",
        "the docs and more, but a[0][1] and [4][5].",
    ),
    ("See https://example.com/A_(b). Then (https://example.com/a)", "See. Then."),
    ('See "https://example.com/x."', "See."),
    ("media_source://tts/x. Go", "Go."),
    ("Hi :smile: and :+1:! At 5:30:45, :not_one: stays", "Hi and! At 5:30:45, :not_one: stays."),
    ("Note[^1].\n\n[^1]: First.\n[^b]: Second.", "Note. First. Second."),
    ("1\u20442 cup", "1/2 cup."),
    ("10. 9. 8. 7. 6. 5. 4. 3. 2. 1. Go!", "10. 9. 8. 7. 6. 5. 4. 3. 2. 1. Go!"),
    ("- - - - - - - - - - - - deep", "deep."),
]


TAGS_AND_SYMBOLS = [
    ("<b>bold</b>ness <!-- no -->", "boldness."),
    ("<p>one</p><p>two</p>", "one two."),
    ('<div class="a">\ntext\n</div>', "text."),
    ("Tom &amp; Jerry &lt;3 &#233; &euro;5", "Tom & Jerry <3 é €5."),
    ("See https://example.com/a_b?c=d, then", "See, then."),
    ("See (https://example.com).", "See."),
    ("www.example.com is down", "is down."),
    ("请看https://example.com/a。然后", "请看。然后。"),
    ("[https://example.com](https://example.com)", ""),
    ("Mail <a@example.com> or <https://example.com> him", "Mail or him."),
    ("Party 🎉🎉 time 👩‍👩‍👧!", "Party time!"),
    ("I ❤️ you", "I you."),
    ("1️⃣ First", "1 First."),
]


@pytest.mark.parametrize(("raw", "cleaned"), [*MARKDOWN, *TAGS_AND_SYMBOLS])
def test_markup_goes_and_its_text_stays(raw: str, cleaned: str) -> None:
    assert clean_text(raw) == cleaned


ENDS = [
    ("go", "go."),
    ("go!", "go!"),
    ('"go?"', "go?"),
    ("He said “go!”", "He said go!"),
    ("He said „geh“", "He said geh."),
    ('A "b" c', 'A "b" c.'),
    ("Well »ja.«", "Well ja."),
    ("(see above)", "(see above)."),
    ("(He left.)", "He left."),
    ("Here it is:", "Here it is."),
    ("one, two,", "one, two."),
    ("and then —", "and then."),
    ("sad :(", "sad."),
    (", and then", "and then."),
    ("- and then", "and then."),
    ("ok。", "ok。"),
    ("好", "好。"),
    ("室温25", "室温25。"),
    ("ठीक", "ठीक।"),
    ("حسنا،", "حسنا."),
    ("좋아", "좋아."),
    ("Բարեւ", "Բարեւ։"),
    ("?!", ""),
    ("", ""),
    ("Lamps(in the hall", "Lamps in the hall."),
    ("Lamps[in the hall", "Lamps in the hall."),
    ("Lamps (in the hall", "Lamps in the hall."),
    ("Lamp(s) in the hall", "Lamp(s) in the hall."),
    ("Lamp(s in the hall", "Lamps in the hall."),
]


@pytest.mark.parametrize(("text", "tidied"), ENDS)
def test_both_ends_are_tidied(text: str, tidied: str) -> None:
    assert finalize_sentence(text) == tidied


def test_surrogate_halves_are_joined_or_dropped() -> None:
    assert clean_text("a \ud83d\ude00 b \ud83d c") == "a b c."


def test_invisible_characters_go_and_letters_are_composed() -> None:
    assert clean_text("\ufeffcafe\u0301\u00ad\u200b\u0007 x") == "café x."
    assert clean_text("می\u200cروم") == "می\u200cروم."


@settings(deadline=None)
@given(st.text())
def test_any_text_can_be_cleaned(raw: str) -> None:
    cleaned = clean_text(raw)
    assert cleaned == " ".join(cleaned.split())
    assert not cleaned or any(character.isalnum() for character in cleaned)


def test_joined_emoji_reach_the_library_without_joiners(monkeypatch: pytest.MonkeyPatch) -> None:
    given_texts: list[str] = []

    def replace(text: str, _: str) -> str:
        given_texts.append(text)
        return text

    monkeypatch.setattr(cleaning, "_replace_emoji", lambda: replace)
    clean_text(
        "a \U0001f469\U0001f3fd\u200d\u2695\ufe0f b \u2764\ufe0f\u200d\U0001f525 \u0915\u094d\u200d\u0937"
    )
    assert [text.count("\u200d") for text in given_texts] == [1]


@pytest.mark.parametrize("mark", ["[", "![", "[a]("])
def test_work_for_nested_brackets(monkeypatch: pytest.MonkeyPatch, mark: str) -> None:
    steps = 0
    skip = ParserInline.skipToken

    def count(parser: ParserInline, state: StateInline) -> None:
        nonlocal steps
        steps += 1
        skip(parser, state)

    monkeypatch.setattr(ParserInline, "skipToken", count)
    clean_text(mark * 500)
    assert steps < 500 * 4 * (MAX_NESTING + 1)
