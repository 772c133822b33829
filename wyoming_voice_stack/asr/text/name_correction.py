"""Correction of names that Whisper transcribed as similar-sounding words.

Whisper writes names that it does not know as words that sound alike: `the sauna of bridge` for the
Sonoff Bridge. So each sequence of up to eight words is compared with every name, ignoring spaces: by
its letters, and by its consonants, with similar-sounding ones as one. Whisper then decodes the speech
again with the most similar names in its prompt, and only the names are taken from that second text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

MIN_SIMILARITY = 0.65
"""Similarity from which a name is a candidate."""
MATCH_SIMILARITY = 0.88
"""Similarity from which words in the second text are a hinted name in another spelling."""
MAX_LIKELY_NAMES = 3
MAX_NAME_WORDS = 8
"""Longest sequence of words that is compared with a name."""
MAX_LETTERS = 64
"""Longest name that is compared."""
MAX_WORDS = 200
"""Longest text that is corrected."""
MAX_WORDS_AROUND = 1
"""Words beside a name that may also change to those of the second text, such as `told` to `tell`."""

MIN_REPLACED_SIMILARITY = 0.5
"""Minimum similarity of replaced and new words; below it, the two texts differ in more than the name."""

_APOSTROPHES = "'\u2019"
_IN_WORDS = frozenset("LMN")
_UNSPACED_WIDTHS = frozenset("WF")
_PERCENT = 100

_VOWELS = frozenset("aeiouhwy")
_CONSONANTS = str.maketrans(
    {"b": "p", "d": "t", "v": "f", "z": "s", "x": "ks"}
    | dict.fromkeys("cgjq", "k")
    | dict.fromkeys(_VOWELS, "")
)


class _Word(NamedTuple):
    """A word and its position in the text."""

    letters: str
    start: int
    stop: int


class _Names(NamedTuple):
    """Names, and for each one the forms it is compared in."""

    spelled: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    letters: tuple[str, ...]
    sounds: tuple[str, ...]


class _Match(NamedTuple):
    """Words `start` to `stop` of a text, and their similarity to a name."""

    similarity: float
    start: int
    stop: int
    name: str


class _Change(NamedTuple):
    """Words `start` to `stop` of a text, and their replacement."""

    start: int
    stop: int
    text: str


def likely_names(text: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return names that sound like some words of `text` but do not occur in it.

    Returns at most `MAX_LIKELY_NAMES`, the most similar first. Words that match one name exactly are not
    compared with others. The prepared names are cached, so pass the same tuple each time.
    """
    known = _prepared(names)
    text_words = _letters_of(_words(text))
    if not names or len(text_words) > MAX_WORDS:
        return ()
    sequences = list(dict.fromkeys(_sequences(text_words)))
    present = set(sequences)
    exact = _exact_matches(sequences, known)
    best: dict[str, tuple[float, bool]] = {}
    for sequence, index in _similar(sequences, known):
        words, name = known.words[index], known.spelled[index]
        if words not in present:
            candidate = _similarity(sequence, words), sequence in exact
            best[name] = max(candidate, best.get(name, (0.0, False)))
    likely = [
        (-similarity, name)
        for name, (similarity, is_exact) in best.items()
        if similarity >= MIN_SIMILARITY and not is_exact
    ]
    return tuple(name for _, name in sorted(likely)[:MAX_LIKELY_NAMES])


def with_names(first: str, second: str, names: Sequence[str]) -> str:
    """Replace words of `first` by those of `names` that `second` has in their place.

    `second` is a transcription of the same speech with `names` in the prompt. Names are spelled as
    given. Up to `MAX_WORDS_AROUND` words beside a name are also taken from `second`; where more of them
    differ, `first` is kept.
    """
    old, new = _words(first), _words(second)
    if max(len(old), len(new)) > MAX_WORDS:
        return first
    matches = _matches(_letters_of(new), names)
    changes = [_change(match, old, new, second) for match in matches]
    text = first
    untouched = len(old)
    for change in sorted((one for one in changes if one), reverse=True):
        if change.stop <= untouched:
            untouched = change.start
            start, stop = old[change.start].start, old[change.stop - 1].stop
            text = text[:start] + change.text + text[stop:]
    return text


def compares_by_sound(name: str) -> bool:
    """Return True for names in Latin script; others are compared by their letters only."""
    return _letters(name).isascii()


def _words(text: str) -> list[_Word]:
    """Split at all but letters, digits and apostrophes, and between Chinese or Kana characters."""
    found = []
    for kind, characters in groupby(enumerate(text), key=lambda item: _kind(*item)):
        positions = [position for position, _ in characters]
        start, stop = positions[0], positions[-1] + 1
        word = text[start:stop].strip(_APOSTROPHES)
        if kind and _letters(word):
            start = text.index(word, start)
            found.append(_Word(_letters(word), start, start + len(word)))
    return found


def _kind(position: int, character: str) -> int:
    """Return 0 between words, 1 within words, and a unique number for characters that are words."""
    if unicodedata.category(character)[0] not in _IN_WORDS and character not in _APOSTROPHES:
        return 0
    return position + 2 if unicodedata.east_asian_width(character) in _UNSPACED_WIDTHS else 1


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in plain if character.isalnum())


def _letters_of(words: Sequence[_Word]) -> list[str]:
    return [word.letters for word in words]


def _sound(letters: str) -> str:
    """Keep Latin consonants, voiced ones as unvoiced; an initial vowel becomes `a`."""
    first = "a" if letters[:1] in _VOWELS else ""
    consonants = letters.replace("ph", "f").translate(_CONSONANTS)
    return first + "".join(consonant for consonant, _ in groupby(consonants))


@lru_cache(maxsize=4)
def _prepared(names: tuple[str, ...]) -> _Names:
    usable = (name if len(name) <= MAX_LETTERS else "" for name in names)
    words = tuple(tuple(_letters_of(_words(name))) for name in usable)
    letters = tuple("".join(one) for one in words)
    return _Names(names, words, letters, tuple(_sound(one) for one in letters))


def _sequences(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for count in range(1, MAX_NAME_WORDS + 1):
        for start in range(len(words) - count + 1):
            yield tuple(words[start : start + count])


def _exact_matches(sequences: Sequence[tuple[str, ...]], known: _Names) -> set[tuple[str, ...]]:
    """Return the sequences that are a name or a part of one."""
    names = frozenset(known.words)
    return {part for one in sequences if one in names for part in _sequences(one)}


def _similar(
    sequences: Sequence[tuple[str, ...]], known: _Names
) -> Iterator[tuple[tuple[str, ...], int]]:
    """Return the sequences that are similar to a whole name, each with the index of that name."""
    import numpy as np
    from rapidfuzz import fuzz, process

    if not sequences:
        return
    joined = ["".join(one) for one in sequences]
    sounds = [_sound(one) for one in joined]
    # As bytes: a long text and all names of a large household are millions of comparisons.
    by_letters = process.cdist(joined, known.letters, scorer=fuzz.ratio, dtype=np.uint8)
    by_sounds = process.cdist(sounds, known.sounds, scorer=fuzz.ratio, dtype=np.uint8)
    twice = np.add(by_letters, by_sounds, dtype=np.uint16)
    for row, index in np.argwhere(twice >= 2 * _PERCENT * MIN_SIMILARITY):
        yield sequences[row], int(index)


def _similarity(sequence: Sequence[str], words: Sequence[str]) -> float:
    """Return the similarity from 0 to 1, with or without the common words, whichever is less.

    Otherwise `the temperature in the` would be similar to the Attic Temperature.
    """
    similarity = _mean_ratio("".join(sequence), "".join(words))
    common = set(sequence) & set(words)
    if not common or list(sequence) == list(words):
        return similarity
    left, right = (
        "".join(word for word in side if word not in common) for side in (sequence, words)
    )
    return min(similarity, _mean_ratio(left, right))


def _mean_ratio(left: str, right: str) -> float:
    from rapidfuzz import fuzz

    ratios = fuzz.ratio(left, right) + fuzz.ratio(_sound(left), _sound(right))
    return ratios / (2 * _PERCENT)


def _matches(text_words: Sequence[str], names: Sequence[str]) -> list[_Match]:
    """Find names, exact or in a similar spelling; of overlapping ones, the most similar."""
    found = [
        _Match(_similarity(text_words[start : start + count], words), start, start + count, name)
        for name, words in ((name, _letters_of(_words(name))) for name in names)
        for count in range(1, MAX_NAME_WORDS + 1)
        for start in range(len(text_words) - count + 1)
    ]
    kept: list[_Match] = []
    for match in sorted(found, key=lambda one: (-one.similarity, one.start - one.stop)):
        apart = all(match.stop <= one.start or one.stop <= match.start for one in kept)
        if match.similarity >= MATCH_SIMILARITY and apart:
            kept.append(match)
    return kept


def _change(
    match: _Match, old: Sequence[_Word], new: Sequence[_Word], second: str
) -> _Change | None:
    """Return the change that a name makes to the old text; None if there is none or too much differs."""
    matcher = SequenceMatcher(None, _letters_of(old), _letters_of(new), autojunk=False)
    start, stop, new_start, new_stop = len(old), 0, match.start, match.stop
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if new_from < match.stop and new_to > match.start:
            cut = kind == "equal"
            skipped, left = max(0, match.start - new_from), max(0, new_to - match.stop)
            start = min(start, old_from + skipped if cut else old_from)
            stop = max(stop, old_to - left if cut else old_to)
            new_start = new_start if cut else min(new_start, new_from)
            new_stop = new_stop if cut else max(new_stop, new_to)
    around = (new_stop - new_start) - (match.stop - match.start)
    if around > MAX_WORDS_AROUND:
        return None
    replaced, put = _letters_of(old[start:stop]), _letters_of(new[new_start:new_stop])
    dissimilar = _mean_ratio("".join(replaced), "".join(put)) < MIN_REPLACED_SIMILARITY
    if dissimilar or replaced == _letters_of(_words(match.name)):
        return None
    before = second[new[new_start].start : new[match.start].start]
    after = second[new[match.stop - 1].stop : new[new_stop - 1].stop]
    return _Change(start, stop, before + match.name + after)
