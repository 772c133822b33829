"""Cleans raw text from a language model for speech."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable

from wyoming_voice_stack.tts.text.character_folding import (
    fold_characters,
    mark_telephone_numbers,
)
from wyoming_voice_stack.tts.text.markup.chat_marks import without_marks
from wyoming_voice_stack.tts.text.markup.citations import without_citation_marks
from wyoming_voice_stack.tts.text.markup.formulas import plain_formulas
from wyoming_voice_stack.tts.text.markup.markdown import plain_blocks
from wyoming_voice_stack.tts.text.punctuation import (
    CLAUSE_MARKS,
    END_MARKS,
    WIDE_CLAUSE_MARKS,
    WIDE_END_MARKS,
    full_stop_for,
    is_pronounceable,
    strip_final_closers,
    strip_unmatched_openers,
    trailing_end_marks,
)

_ADDRESS = re.compile(
    r"(?<![a-zA-Z])(?:[a-z][a-z0-9+._-]{1,15}://|www\.)[!-~]*[a-zA-Z0-9/#=&_-]\)?", re.IGNORECASE
)
_DOCUMENT = re.compile(r"(?<!\w)doi:?\s?10\.\d{4,9}/[!-~]{0,200}[a-zA-Z0-9]", re.IGNORECASE)
"""The digital identifier of a document: `doi:10.1000/182`."""
_HIGHLIGHT = re.compile(r"(?<![\w=])==(?=[^\s=])([^=\n]{1,200})(?<!\s)==(?![\w=])")
_LOWERED = re.compile(r"(?<=[A-Za-z)])~(\w{1,8})~")
_RAISED = re.compile(r"(?<=[\w)])\^(\w{1,8})\^(?!\w)")
_LINK_BY_REFERENCE = re.compile(
    r"(?<![\w\]])\[([^\[\]\n]{0,200}[^\W\d_]{2}[^\[\]\n]{0,200})\]\[(?:[a-z0-9][\w.-]{0,59})?\]"
)
_FRACTION_SLASH = re.compile("(?<=\\d)\u2044(?=\\d)")
_EMOJI_JOINER = re.compile("(?<=[\ufe0f\u2190-\u2bff\U0001f000-\U0001faff])\u200d")
_KEYCAP = re.compile("([0-9])\ufe0f?\u20e3")
_SHORTCODE = re.compile(r"(?<![^\s*(]):(?:[a-z][a-z0-9_-]{1,40}|[+-]1):(?![^\s*).,!?])")
"""What may name an emoji: `:smile:`."""
_EMOTICON = re.compile(
    r"(?<!\S)(?:[:;=]['\u2019]?-?[)(D]+|[:;]-?[pP]|:-[/|*oO\\]|xD+|XDD+|\^_?\^)(?=[.,!?]*(?:\s|$))(?!\s*\d)"
)
_STRAY_EMPHASIS = re.compile(
    r"(?<!\d)\*{2,}|\*{2,}(?!\d)|~~+|`+|(?<!\S)[*_]+(?=[^\s\d*_])|(?<=[^\s\d*_])[*_]+(?=[\s.,;:!?]|$)|(?<!\S)_{2,}(?!\S)",
)
"""Emphasis marks whose counterpart is in another sentence."""
_CELL_BORDER = re.compile(r"(?:^|\s+)\|+(?=\s|$)|^\|+|\|+$")
_FOOTNOTE = re.compile(r"\[\^\w+\](?::(?= ))?")
_EMPTY_BRACKETS = re.compile(r"\(\s*\)|\[\s*\]|<\s*>")
_SPACE_BEFORE_MARK = re.compile(
    rf"\s+(?=[,.;!?\u2026]+(?:\s|$)|[{WIDE_END_MARKS}{WIDE_CLAUSE_MARKS}])",
)
_SPACE_BEFORE_CLOSER = re.compile(r"\s+(?=[)\]])")
_CLAUSE_MARK_BEFORE_END = re.compile(r"(?<=\w)[,;:]+(?=[.!?\u2026]+(?:\s|$))")
_REPEATED_COMMA = re.compile(r",(?:\s*,)+")
_LEADING_MARKS = re.compile(
    rf"^(?:[\s{WIDE_END_MARKS}{WIDE_CLAUSE_MARKS}]|[-\u2010-\u2015\u2022\u2023\u25aa\u25e6.,;:!?)\]}}\u2026]+(?=\s))+",
)
_TRAILING_CLAUSE_MARKS = re.compile(rf"(?:[\s{CLAUSE_MARKS}{WIDE_CLAUSE_MARKS}]|\s-)+$")
_CLOSING_QUOTES = "\"'\u2018\u2019\u201c\u201d\u00ab\u00bb\u2039\u203a\u300d\u300f"
_JOINERS = "\u200c\u200d"


def clean_text(raw: str) -> str:
    """Return the speakable text of a raw sentence or paragraph, or ``""`` if there is none.

    Removes Markdown, HTML tags, addresses, citations and emoji, rewrites formulas, decodes entities, collapses white space and
    normalizes to NFC. Each block ends in an end mark, without quotes after it.
    """
    text = plain_formulas(without_citation_marks(_readable(raw)))
    blocks = (finalize_sentence(_clean(block)) for block in plain_blocks(text))
    return " ".join(block for block in blocks if block)


def finalize_sentence(text: str) -> str:
    """Strip stray marks from both ends of plain text, and add a full stop if an end mark is missing.

    The result is at most one character longer. It is ``""`` if the text has no letter or digit.
    """
    text = _LEADING_MARKS.sub("", text).strip()
    if not is_pronounceable(text):
        return ""
    if trailing_end_marks(text):
        return _SPACE_BEFORE_MARK.sub("", strip_unmatched_openers(strip_final_closers(text)))
    text = strip_unmatched_openers(_TRAILING_CLAUSE_MARKS.sub("", text).rstrip(_CLOSING_QUOTES))
    text = _TRAILING_CLAUSE_MARKS.sub("", text)
    return text if text[-1] in END_MARKS else text + full_stop_for(text)


def _readable(raw: str) -> str:
    """Join surrogate pairs, remove lone surrogates and invisible characters, normalize to NFC."""
    text = raw.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    text = "".join(character for character in text if not _is_invisible(character))
    return unicodedata.normalize("NFC", text)


def _is_invisible(character: str) -> bool:
    if character.isascii():
        return character < " " and not character.isspace()
    return unicodedata.category(character) in {"Cc", "Cf"} and not (
        character in _JOINERS or character.isspace()
    )


def _clean(text: str) -> str:
    text = _ADDRESS.sub(_behind_address, _FOOTNOTE.sub("", without_marks(text)))
    text = mark_telephone_numbers(_DOCUMENT.sub(" ", text))
    text = fold_characters(_FRACTION_SLASH.sub("/", _without_emoji(_without_more_marks(text))))
    text = _STRAY_EMPHASIS.sub("", _EMOTICON.sub("", " ".join(text.split())))
    text = _CELL_BORDER.sub(", ", text)
    text = _EMPTY_BRACKETS.sub("", text)
    text = _SPACE_BEFORE_CLOSER.sub("", _SPACE_BEFORE_MARK.sub("", text))
    text = _REPEATED_COMMA.sub(",", _CLAUSE_MARK_BEFORE_END.sub("", text))
    return " ".join(text.split())


def _behind_address(match: re.Match[str]) -> str:
    """Return what stays of an address: a closing bracket that none in it opens."""
    address = match[0]
    return " )" if address[-1] == ")" and address.count("(") < address.count(")") else " "


def _without_more_marks(text: str) -> str:
    """Remove Markdown that CommonMark does not have: highlights, lowered and raised text, references."""
    if "][" in text:
        text = _LINK_BY_REFERENCE.sub(r"\1", text)
    if "~" in text or "^" in text:
        text = _RAISED.sub(r"^\1", _LOWERED.sub(r"\1", text))
    return _HIGHLIGHT.sub(r"\1", text) if "==" in text else text


def _without_emoji(text: str) -> str:
    if ":" in text:
        text = _SHORTCODE.sub(lambda match: _emoji_of(match[0]), text)
    if text.isascii():
        return text
    # The time that the library takes grows with the square of the number of joiners.
    single = _EMOJI_JOINER.sub("", _KEYCAP.sub(r"\1", text))
    return _replace_emoji()(single, " ").replace("\ufe0f", "")


@functools.cache
def _replace_emoji() -> Callable[[str, str], str]:
    import emoji

    return emoji.replace_emoji


def _emoji_of(shortcode: str) -> str:
    """Return the emoji that a shortcode names, or the shortcode if it names none."""
    import emoji

    return emoji.emojize(shortcode, language="alias")
