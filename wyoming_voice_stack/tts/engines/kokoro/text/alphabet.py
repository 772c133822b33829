"""The phonemes and marks that Kokoro knows, and the number of each."""

# ruff: noqa: RUF001 - the phonetic alphabet has letters that look like others

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise

_LOGGER = logging.getLogger(__name__)

MAX_TOKENS = 510
"""The most tokens of one text; the model adds one at each end."""
MAX_REPORTED = 256
"""Unknown characters of which the log has a line."""

_BLOCKS: Mapping[int, str] = {
    1: ";:,.!?",
    9: '—…"()“” \N{COMBINING TILDE}ʣʥʦʨᵝ\N{LATIN SMALL LETTER TS DIGRAPH WITH RETROFLEX HOOK}A',
    25: "I",
    31: "O",
    33: "Q",
    35: "ST",
    39: "W",
    41: "Yᵊabcdef",
    50: "hijklmnopqrstuvwxyzɑɐɒæ",
    75: "βɔɕç",
    80: "ɖðʤə",
    85: "ɚɛɜ",
    90: "ɟ",
    92: "ɡ",
    99: "ɥ",
    101: "ɨɪʝ",
    110: "ɯɰŋɳɲɴø",
    118: "ɸθœ",
    123: "ɹ",
    125: "ɾɻ",
    128: "ʁɽʂʃʈʧ",
    135: "ʊʋ",
    138: "ʌɣɤ",
    142: "χʎ",
    147: "ʒʔ",
    156: "ˈˌː",
    162: "ʰ",
    164: "ʲ",
    169: "↓",
    171: "→↗↘",
    177: "ᵻ",
}
"""The model's vocabulary: runs of characters, by the token of the first one."""
TOKENS: Mapping[str, int] = {
    character: first + place
    for first, run in _BLOCKS.items()
    for place, character in enumerate(run)
}
_PAUSES = frozenset(TOKENS[mark] for mark in ";:,.!?—…")
_SPACE = TOKENS[" "]


def token_ids(phonemes: str) -> tuple[int, ...]:
    """Return the token of each character; the log says once which characters have none."""
    for character in sorted(set(phonemes) - TOKENS.keys()):
        _report_unknown(character)
    return tuple(TOKENS[character] for character in phonemes if character in TOKENS)


def divide_tokens(ids: tuple[int, ...], limit: int = MAX_TOKENS) -> Iterator[tuple[int, ...]]:
    """Yield the tokens in parts of at most `limit`, which end after a pause or a word where one fits."""
    while len(ids) > limit:
        end = _last_end(ids[: limit + 1])
        yield ids[:end]
        ids = ids[end + 1 :] if ids[end] == _SPACE else ids[end:]
    if ids:
        yield ids


def _last_end(ids: tuple[int, ...]) -> int:
    """The place of the last space after a pause, else of the last space, else of the last token."""
    spaces = [place for place, token in enumerate(ids) if place and token == _SPACE]
    after_pause = [
        place + 1
        for place, (token, following) in enumerate(pairwise(ids))
        if token in _PAUSES and following == _SPACE
    ]
    return next((ends[-1] for ends in (after_pause, spaces) if ends), len(ids) - 1)


@lru_cache(maxsize=MAX_REPORTED)
def _report_unknown(character: str) -> None:
    _LOGGER.warning(
        "Kokoro has no token for the phoneme %r (U+%04X); it is not spoken.",
        character,
        ord(character),
    )
