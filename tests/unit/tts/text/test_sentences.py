from __future__ import annotations

import pytest

from tests.support.sentences import MAX_CHARACTERS, sentences
from wyoming_voice_stack.tts.text.sentences import MIN_CHARACTERS, SentenceStream, fit

MARKDOWN = """\
# Tonight in Berlin. And more
Dr. Smith says: **it rains. A lot.** See [the map. Now](https://example.com/a?b=c) at 5 p.m. Yes?

- *milk*, `x = 1. Y`
- eggs 🎉
  1. first. Second
  2. last

```python
print("Hidden. Text")
```
| Room | °C |
|:-----|---:|
| Bad  | 21.5 |

> Am 3. Mai war es z.B. kalt. „Gut.“ Er ging.
你好。“真的吗？”他问。「行く？」と言った。はい！नमस्ते। ठीक। ~~~ wave\r
<b>Fett</b> &amp; 2 * 3 * 4 = 24... Ende
"""


SENTENCES = [
    ("Yes. No. It is on!", ["Yes.", "No.", "It is on!"]),
    ("Is it on? It is. 20 lamps are.", ["Is it on?", "It is.", "20 lamps are."]),
    ("He left. “Why?” „Gut.“ Er ging.", ["He left.", "Why?", "Gut.", "Er ging."]),
    ('"Really?" he asked. "Yes!"', ['"Really?" he asked.', "Yes!"]),
    ("(He left. She stayed.) End", ["He left.", "She stayed.", "End."]),
    ("Wait... what? Well... Then go.", ["Wait... what?", "Well...", "Then go."]),
    ("Bonjour ! Ça va ? Oui.", ["Bonjour!", "Ça va?", "Oui."]),
    ("¿Qué tal? ¡Bien! Sí.", ["¿Qué tal?", "¡Bien!", "Sí."]),
    ("你好。我很好！“真的吗？”他问。", ["你好。", "我很好！", "真的吗？", "他问。"]),
    ("「行く？」と言った。はい。", ["「行く？」と言った。", "はい。"]),
    ("（见《红楼梦。》）下一句", ["见红楼梦。", "下一句。"]),
    ("네. 그래요. 좋습니다", ["네.", "그래요.", "좋습니다."]),
    ("مرحبا. كيف حالك؟ أنا بخير.", ["مرحبا.", "كيف حالك؟", "أنا بخير."]),
    ("नमस्ते। आप कैसे हैं? ठीक", ["नमस्ते।", "आप कैसे हैं?", "ठीक।"]),
    ("Great! 🎉 Let's go 🚀", ["Great!", "Let's go."]),
]


ONE_SENTENCE = [
    "Dr. Smith met Mr. Jones and Mrs. Hill.",
    "J. R. R. Tolkien wrote it.",
    "Take fruit, e.g. Apples, i.e. Boskoop.",
    "Das ist z.B. Obst bzw. Gemüse, d.h. Essen.",
    "It is 3.5 degrees at 5.30 in the U.S. Embassy.",
    "Wir treffen uns am 3. Mai um 8 Uhr.",
    "Heute ist Montag, 21. Juli 2026.",
    "Das war der 2. Weltkrieg.",
    "Das war im XXI. Jahrhundert.",
    "Vom 3. 5. 2026 bis jetzt.",
    "See no. 5 on p. 12, approx. $3 each.",
    "Sr. García y la Sra. López.",
    "Ул. Ленина, им. Пушкина.",
    "iPhone or eBay. and then in lower case.",
    "Visit example.com or x.y.z now.",
    "Ursula K. Le Guin met John F. Kennedy.",
    "The U.S. Senate and Apple Inc. CEO Tim Cook agree.",
    "Meet Sen. Cruz at 5 p.m. Monday.",
    "Wir sehen z. B. Das Boot.",
    "Det är varmt kl. 14.30 i dag.",
    "O Sr. Silva mora na Av. Paulista.",
    "MUDr. Novák a Mgr. Svoboda.",
]


@pytest.mark.parametrize("sentence", ONE_SENTENCE)
def test_abbreviations_and_numbers_end_nothing(sentence: str) -> None:
    assert sentences(sentence) == [sentence]


SEEMING_ABBREVIATIONS = [
    ("The U.S. It grew.", ["The U.S.", "It grew."]),
    ("He lives on Main St. He is nice.", ["He lives on Main St.", "He is nice."]),
    ("Apple Inc. The pay is good.", ["Apple Inc.", "The pay is good."]),
    ("Take vitamin C. Oranges have it.", ["Take vitamin C.", "Oranges have it."]),
    ("Nimm Vitamin C. Das hilft.", ["Nimm Vitamin C.", "Das hilft."]),
    ("It is 5 p.m. The sun sets.", ["It is 5 p.m.", "The sun sets."]),
    ("It is 21. Tomorrow it rains.", ["It is 21.", "Tomorrow it rains."]),
    ("Born in 1999. Made in Rome.", ["Born in 1999.", "Made in Rome."]),
    ("Es ist Montag, 3. Mai. Dann Juni.", ["Es ist Montag, 3. Mai.", "Dann Juni."]),
    ("I said no. Then yes.", ["I said no.", "Then yes."]),
    ("It is 12 °C. Then it rains.", ["It is 12 °C.", "Then it rains."]),
    ("It is 12°C. Then it rains.", ["It is 12°C.", "Then it rains."]),
    ("It runs 12km. Then it rests.", ["It runs 12km.", "Then it rests."]),
    ("It is 5 m. Then 3.5 V. Rest.", ["It is 5 m.", "Then 3.5 V.", "Rest."]),
    ("At 50 km/h. Then rest.", ["At 50 km/h.", "Then rest."]),
    ("See /dev/a. Then b.", ["See /dev/a.", "Then b."]),
    ("In 1999 W. Bush came.", ["In 1999 W. Bush came."]),
    ("No. 3 lamps are off.", ["No.", "3 lamps are off."]),
    ("No. 5 works. No. 5 is on.", ["No. 5 works.", "No. 5 is on."]),
    ("I am 5. You are 6.", ["I am 5.", "You are 6."]),
    ("Heute ist der 5. Das Wetter ist gut.", ["Heute ist der 5.", "Das Wetter ist gut."]),
    ("Am 12. Ich komme.", ["Am 12.", "Ich komme."]),
    ("Ein Ticket 2. Klasse. Danke.", ["Ein Ticket 2. Klasse.", "Danke."]),
    ("Zum 50. und 100. Mal.", ["Zum 50. und 100. Mal."]),
    ("Das ist ein 2. Versuch.", ["Das ist ein 2. Versuch."]),
    ("Die min. Temperatur ist 5.", ["Die min. Temperatur ist 5."]),
    ("Me tengo que ir. Luis viene.", ["Me tengo que ir.", "Luis viene."]),
    ("Ir. Jansen, de fam. Groot.", ["Ir. Jansen, de fam. Groot."]),
    ("Xerxes I. Module V. End.", ["Xerxes I.", "Module V.", "End."]),
    ("Is the book I. Asimov wrote?", ["Is the book I. Asimov wrote?"]),
    ("Пётр I. Царь. Он 5-й. Далее.", ["Пётр I.", "Царь.", "Он 5-й.", "Далее."]),
    ("W. E. B. Du Bois wrote it.", ["W. E. B. Du Bois wrote it."]),
]


LINES = [
    ("- item one\n- item two", ["item one.", "item two."]),
    ("* a\n+ b\n• c\n– d", ["a.", "b.", "c.", "d."]),
    ("Do:\n1. Open it. Then\n2. Close it", ["Do.", "1. Open it.", "Then.", "2. Close it."]),
    ("1️⃣ One\n✅ Two", ["1 One.", "Two."]),
    ("Text\n# Heading\nText", ["Text.", "Heading.", "Text."]),
    ("Heading\n=======\nText", ["Heading.", "Text."]),
    ("One\n\n\nTwo\n---\nThree", ["One.", "Two.", "Three."]),
    ("a hard\nwrapped line.\nNext one", ["a hard wrapped line.", "Next one."]),
    ("a hard\r\nwrapped\rline", ["a hard wrapped line."]),
    ("Wir kommen am\n3. Mai an", ["Wir kommen am 3. Mai an."]),
    ("> quoted\n> on. Then\n> - item", ["quoted on.", "Then.", "item."]),
    ("| A | B |\n|---|---|\n| 1 | 2 |\nEnd", ["A, B.", "1, 2.", "End."]),
    ("A | B\n--|--\n1 | 2", ["A, B.", "1, 2."]),
    ("The answer:\n42.\r\n\r\nYes", ["The answer.", "42.", "Yes."]),
    ("Shopping:\nApples\nBananas\nOranges", ["Shopping.", "Apples.", "Bananas.", "Oranges."]),
    (
        "Shopping:\n\napples\nbananas\n\nand the\nrest",
        ["Shopping.", "apples.", "bananas.", "and the rest."],
    ),
    ("Roses are red\nViolets are blue", ["Roses are red.", "Violets are blue."]),
    ("**Apples**\n_Bananas_\n“Oranges”", ["Apples.", "Bananas.", "Oranges."]),
    ("Bath: 21 °C\nHall: 22 °C", ["Bath: 21 °C.", "Hall: 22 °C."]),
    ("I. One\nII. Two\nIII. Three", ["I. One.", "II. Two.", "III. Three."]),
    ("Todo\n[ ] Milk\n[x] Eggs", ["Todo.", "Milk.", "Eggs."]),
    ("Results\n1st: Anna", ["Results.", "1st: Anna."]),
    ("3 apples\n2 pears", ["3 apples.", "2 pears."]),
    ("清单：\n苹果\n香蕉", ["清单。", "苹果。", "香蕉。"]),
    ("사과\n바나나", ["사과.", "바나나."]),
    ("सेब\nकेले", ["सेब।", "केले।"]),
    ("Apples,\nBananas", ["Apples, Bananas."]),
    ("Wir gehen in den\nGarten", ["Wir gehen in den Garten."]),
    ("See [a\nMap](http://a.b/c)", ["See a Map."]),
    (
        "This line of prose is wrapped at sixty columns, and so it\nGoes on.",
        ["This line of prose is wrapped at sixty columns, and so it Goes on."],
    ),
]


FENCED_CODE = [
    ("Look:\n```py\nx. Y\n\n# Z\n```\nDone", ["Look.", "Done."]),
    ("A.\n~~~\nhidden\n```\nhidden\n~~~~\nB.", ["A.", "B."]),
    ("A.\n````\n```\nhidden\n````\nB.", ["A.", "B."]),
    ("Try: ```py\nhidden\n```\nDone", ["Try.", "Done."]),
    ("A.\n```\nhidden\n``` py\nhidden\n```\nB.", ["A.", "B."]),
    ("- ```py\n  hidden\n  ```\nDone", ["Done."]),
    ("Never closed:\n```\nhidden. Text\n\nhidden", ["Never closed."]),
    ("Never even begun ```", ["Never even begun."]),
    ("``` is a fence ``` here", ["is a fence here."]),
    ("~~~ Welcome ~~~\nDear all", ["Welcome.", "Dear all."]),
]


@pytest.mark.parametrize(("text", "expected"), FENCED_CODE)
def test_fenced_code_is_left_out(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected
    assert sentences(*text) == expected


SPANS = [
    ("**Bold one. Bold two.** Rest", ["Bold one.", "Bold two.", "Rest."]),
    ("*One. Two.* _Three. Four._", ["One.", "Two.", "Three.", "Four."]),
    ("See [a map. Or not](http://a.b/c) now. Ok", ["See a map. Or not now.", "Ok."]),
    ("看[地图。你好](http://a.b/c)吧。好", ["看地图。你好吧。", "好。"]),
    ("Type `a. B` twice. Ok", ["Type a. B twice.", "Ok."]),
    ('A <a title="B. C">link</a> here. Ok', ["A link here.", "Ok."]),
    ("很**重要。**下一句。", ["很重要。", "下一句。"]),
]


CASES = [*SENTENCES, *SEEMING_ABBREVIATIONS, *LINES, *SPANS]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_text_is_cut_into_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize("text", ["", " \n\n ", "!!!", "---", "🎉🎉", "...", "**", "- \n- ", "# "])
def test_nothing_to_say_gives_no_sentence(text: str) -> None:
    assert sentences(text) == []


AT_ONCE = [
    ("Hello there. H", ["Hello there."]),
    ("Hello there! “H", ["Hello there!"]),
    ("Hello there. 2", ["Hello there."]),
    ("It is 21. T", ["It is 21."]),
    ("Hello there\n\n", ["Hello there."]),
    ("你好。我", ["你好。"]),
    ("# Title\n", ["Title."]),
    ("- one\n- ", ["one."]),
    ("Here:\n", ["Here."]),
    ("Look\n```", ["Look."]),
    ("Hello there. ", []),
    ("Hello there.", []),
    ("Am 3. M", []),
]


@pytest.mark.parametrize(("delta", "at_once"), AT_ONCE)
def test_a_complete_sentence_comes_at_once(delta: str, at_once: list[str]) -> None:
    assert SentenceStream(MAX_CHARACTERS).push(delta) == at_once


def test_a_known_text_gives_the_same_in_single_characters() -> None:
    assert sentences(*MARKDOWN) == sentences(MARKDOWN)


def test_a_long_address_is_not_spoken() -> None:
    text = f"See ![the plan](data:image/png;base64,{'iVBOR' * 4_000}) here. And there."
    assert sentences(text) == ["See the plan here.", "And there."]
    assert sentences(f"See https://example.com/{'ab' * 4_000} here.") == ["See here."]


def test_lower_case_begins_a_sentence_once_it_is_long() -> None:
    text = "this is a message in lower case. it goes on. and on. "
    assert SentenceStream(20).push(text) == ["this is a message in lower case."]
    assert sentences(text, max_characters=20)[0] == "this is a message."
    assert SentenceStream(200).push(text) == []


def test_a_finished_stream_takes_nothing_more() -> None:
    stream = SentenceStream(MAX_CHARACTERS)
    stream.finish()
    with pytest.raises(RuntimeError, match="finished"):
        stream.push("more")
    with pytest.raises(RuntimeError, match="finished"):
        stream.finish()


def test_a_length_without_room_for_a_letter_is_refused() -> None:
    with pytest.raises(ValueError, match="max_characters is 1"):
        fit("word", MIN_CHARACTERS - 1)


@pytest.mark.parametrize(
    "sentence",
    [
        "\u041e\u043d \u0436\u0438\u0432\u0451\u0442 \u0442\u0430\u043c, \u0434. 5, \u043a\u0432. 12.",
        "To jest in\u017c. Nowak, godz. 8, ok. 3 km.",
    ],
)
def test_abbreviations_of_russian_and_polish_end_no_sentence(sentence: str) -> None:
    stream = SentenceStream(200)
    assert [*stream.push(sentence), *stream.finish()] == [sentence]


@pytest.mark.parametrize(
    "sentence",
    [
        "Хлеб и т.д.",
        "Хлеб и т. п.",
        "Milch u.s.w.",
        "Milch usw.",
        "Chleb itd.",
        "Czekaj 2 godz.",
    ],
)
def test_closing_abbreviations_end_a_sentence_before_a_capital(sentence: str) -> None:
    stream = SentenceStream(MAX_CHARACTERS)
    assert stream.push(f"{sentence} Всё есть.") + stream.finish() == [sentence, "Всё есть."]
    stream = SentenceStream(MAX_CHARACTERS)
    assert stream.push(f"{sentence} и всё.") + stream.finish() == [f"{sentence} и всё."]


def test_full_stop_after_an_address_ends_the_sentence() -> None:
    text = "Write to bob@foo.co.uk. They answer. See 5 tis. Kč. Done."
    assert sentences(text) == ["Write to bob@foo.co.uk.", "They answer.", "See 5 tis. Kč.", "Done."]
