"""Rewrites characters of other widths, scripts and styles as the plain ones, and drops pictograms."""

from __future__ import annotations

import re
import unicodedata

_COMPATIBLE = re.compile(
    "[\ufe50-\ufe6b\uff03-\uff06\uff0a\uff0b\uff0d-\uff19\uff1c-\uff1e\uff20-\uff3e\uff40-\uff5a\uff5c"
    "\uff65-\uffdc\uffe0-\uffe6\ufb00-\ufb06\ufb50-\ufdc7\ufdf0-\ufdfb\ufe70-\ufefc"
    "\u2100-\u2115\u2117-\u211f\u2121\u2124-\u214f\u2474-\u24e9\u3200-\u33ff"
    "\U0001d400-\U0001d7ff\U0001f100-\U0001f12b]+"
)
"""Characters with a compatibility decomposition that sounds the same; the marks of Chinese and Japanese
stay as they are."""
_DIGIT = re.compile(r"(?![0-9])\d")
_NUMBER_SIGN = re.compile(
    "([\u2460-\u249b\u24ea-\u24ff\u2776-\u2793\u3251-\u325f\u32b1-\u32bf])(?=(\\w))?"
)
"""Circled and bracketed numbers."""
_WIDE_COMMA = re.compile("(?<=\\d)\uff0c(?!\\d{3}(?!\\d))(?=\\d+[-+*/=:.\u00d7\u00f7\uff0c])")
"""A comma between two numbers of a list or calculation."""
_FULLWIDTH = re.compile("[\uff01-\uff5e]+")
_WIDE_SCRIPT = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff66-\uff9d]")
_SUPERSCRIPT = "\u2070\u00b9\u00b2\u00b3\u2074-\u2079"
_EXPONENT = re.compile(rf"(?P<sign>[\u207a\u207b])?(?P<n>[{_SUPERSCRIPT}]+|\u207f)")
_SQUARE_OR_CUBE = frozenset("\u00b2\u00b3")
_BASE = re.compile(r"(?:\d|[)\]]|(?<![^\W_])[^\W\d_])$")
_UNIT = re.compile(r"(?<![^\W_])[^\W\d_]{1,3}$")
_LONGEST_UNIT = 4
_SUBSCRIPT = re.compile("[\u2080-\u209c]+")
_RAISED_ENDING = re.compile(
    "(?<=[0-9IVXLCDM])[\u02b0-\u02b8\u02e0-\u02e4\u1d2c-\u1d6a\u1d9c-\u1dbf\u207f]+"
)
_IN_NUMBER = re.compile("(?<=\\d)(?:[\uff0e\uff1a\u066b\u066c](?=\\d)|\uff0c(?=\\d{3}(?!\\d)))")
_RANGE = re.compile("(?<=[\\d%C])[~\uff5e\u301c](?=[\\d\u00a5\u20a9$])")
_OVERLAY = re.compile("[\u0305\u0332-\u033f\u20d0-\u20f0]|(?<!\\S)[\u0300-\u036f]+")
"""Marks that only strike out or underline, and marks without a letter."""
_GROUPED = re.compile(
    "(?<![\\d.,])[1-9]\\d{0,2}(?:[\u00a0\u2007\u2009\u202f]\\d{3}){1,5}(?![\\d\u00a0\u2007\u2009\u202f])"
)
"""A number with spaces for thousands separators where no line may break."""
_GROUP_SPACE = re.compile("[\u00a0\u2007\u2009\u202f]")
_HYPHENS = re.compile("[\u2010\u2011]")
_IN_NUMBER_AS = {"\uff0e": ".", "\uff1a": ":", "\uff0c": ",", "\u066b": ".", "\u066c": ""}
_FULLWIDTH_STOP = "\uff0e"

_ARROWS = "\u2192\u21a6\u21d2\u21e8\u21fe\u279c\u279d-\u27af\u27b1-\u27be\u27f6\u27f9\u27fc\u2b95\u25ba\u25b6\u25b8"
_ARROW = re.compile(rf"(?<!\s)\s*[{_ARROWS}]+\ufe0f?\s*")
_WORD = re.compile(r"\w")
_PICTOGRAM = re.compile(
    "[\u2190-\u21ff\u2300-\u23ff\u2400-\u245f\u2500-\u27e5\u27f0-\u297f\u2b00-\u2bff\ue000-\uf8ff"
    "\ufff9-\uffff\U0001f000-\U0001faff\U000f0000-\U0010ffff]|[\u00a6\u00a9\u00ae\u2117\u2120\u2122\u2022\u2043]"
)
"""Arrows, technical signs, box drawing, shapes, dingbats and private characters. Engines name some of them
by their code, or by their full name in the Unicode Standard."""
_SYMBOL = re.compile(r"[^\w\s\x00-\x7f]")
_OTHER_SYMBOLS = frozenset("\u00b0\u2116")
"""Signs that are spoken."""
_TELEPHONE = re.compile(
    "[\u260e\u260f\u2706\U0001f4de\U0001f4f1\U0001f57f]\ufe0f?\\s{0,3}"
    r"(?=\+(?:[ ()/-]{0,2}\d){8}|\(\d{2,5}\) ?\d{3}|0\d{1,5}[ /-](?!20\d\d(?!\d))\d{3}|\d{3}[ -](?:\d{3}[ -])?(?!\d\d00)\d{4}(?!\d)"
    r"|(?:110|112|911)(?!\w| ?[^\W\d_]| ?[%\u00b0\u20ac$]|[.,:/-]\d))"
)
"""In front of what is written like a telephone number: `20 new messages` is none."""
TELEPHONE_SIGN = "\u260f"
"""What `mark_telephone_numbers` puts in front of a number, without a space."""


def mark_telephone_numbers(text: str) -> str:
    """Return `text` with `TELEPHONE_SIGN` for a pictogram in front of a number: it is read digit by digit."""
    if text.isascii():
        return text
    return _TELEPHONE.sub(TELEPHONE_SIGN, text.replace(TELEPHONE_SIGN, "\u260e"))


def fold_characters(text: str) -> str:
    """Return `text` with plain letters and digits, and a space for each pictogram.

    An arrow between words becomes a comma. A power becomes `10^6`; squares and cubes stay.
    """
    if text.isascii():
        return text
    text = _GROUPED.sub(lambda match: _GROUP_SPACE.sub("'", match[0]), text)
    text = _EXPONENT.sub(_plain_exponent, _OVERLAY.sub("", text))
    text = _RAISED_ENDING.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = _SUBSCRIPT.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = _NUMBER_SIGN.sub(_plain_number, text)
    text = _COMPATIBLE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    if not _WIDE_SCRIPT.search(text):
        text = _WIDE_COMMA.sub("\uff0c ", text)
        text = _FULLWIDTH.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = _DIGIT.sub(lambda match: str(unicodedata.decimal(match[0])), text)
    text = _IN_NUMBER.sub(lambda match: _IN_NUMBER_AS[match[0]], text)
    text = _RANGE.sub("\u2013", _HYPHENS.sub("-", text)).replace(_FULLWIDTH_STOP, ".")
    text = _ARROW.sub(_comma_for_arrow, text).replace("\u20bf", " Bitcoin ")
    return _SYMBOL.sub(lambda match: " " if _is_dropped(match) else match[0], text)


def _is_dropped(match: re.Match[str]) -> bool:
    character, following = match[0], match.string[match.end() : match.end() + 1]
    is_telephone = character == TELEPHONE_SIGN and (following.isdigit() or following in {"+", "("})
    return not is_telephone and _is_pictogram(character)


def _is_pictogram(character: str) -> bool:
    return _PICTOGRAM.match(character) is not None or (
        unicodedata.category(character) == "So" and character not in _OTHER_SYMBOLS
    )


def _comma_for_arrow(match: re.Match[str]) -> str:
    is_between_words = match.start() > 0 and _WORD.match(match.string, match.end())
    return ", " if is_between_words else match[0]


def _plain_number(match: re.Match[str]) -> str:
    number = f"{unicodedata.numeric(match[1]):.0f}"
    return f"{number} " if match[2] else number


def _plain_exponent(match: re.Match[str]) -> str:
    if match[0] in _SQUARE_OR_CUBE:
        return match[0]
    before = match.string[max(match.start() - _LONGEST_UNIT, 0) : match.start()]
    minus = "-" if match["sign"] == "\u207b" else ""
    if not (_BASE.search(before) or (minus and _UNIT.search(before))):
        return ""  # the mark of a footnote
    return f"^{minus}{unicodedata.normalize('NFKC', match['n'])}"
