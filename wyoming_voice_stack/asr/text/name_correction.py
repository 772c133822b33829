"""Which names may have been said where Whisper wrote something else, and putting them right.

A name that Whisper does not know comes out as words that sound much alike: `the sauna of bridge`
for the Sonoff Bridge. So every few words in a row are compared with every name, blanks aside: by
their letters, and by their consonants as far as ears tell them apart. Whisper is then told of
the likeliest names and writes once more, and of this second text only the names are taken.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

MIN_LIKENESS = 0.65
"""Names that are less like anything in the text are not thought of."""
SAME_LIKENESS = 0.88
"""From here on what Whisper wrote is the name that it had been told of, spelled otherwise."""
MAX_LIKELY_NAMES = 3
MAX_NAME_WORDS = 8
"""Words in a row that one name is looked for in."""
MAX_LETTERS = 64
"""Of a name; longer ones are none."""
MAX_WORDS = 200
"""Of a text; it is left as it is beyond."""
MAX_WORDS_AROUND = 1
"""Words next to a name that may be different in the second text too; `told` became `tell`."""

MIN_REPLACED_LIKENESS = 0.5
"""Of the old words and the new ones; less, and other things were heard as well."""

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
    """A word, and where it stands in its text."""

    letters: str
    start: int
    stop: int


class _Names(NamedTuple):
    """Names and, one for each, what they are compared by."""

    spelled: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    letters: tuple[str, ...]
    sounds: tuple[str, ...]


class _Place(NamedTuple):
    """Words `start` to `stop` of a text, which are `likeness` like a name."""

    likeness: float
    start: int
    stop: int
    name: str


class _Change(NamedTuple):
    """Words `start` to `stop` of a text, and what is to stand there."""

    start: int
    stop: int
    text: str


def likely_names(text: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Names that some words of `text` are like, while the name itself is not there.

    At most `MAX_LIKELY_NAMES`, the likeliest first. Words that are a name are not taken for
    another one. The names are kept prepared: give the same tuple again.
    """
    known = _prepared(names)
    heard = _letters_of(_words(text))
    if not names or len(heard) > MAX_WORDS:
        return ()
    runs = list(dict.fromkeys(_runs(heard)))
    written = set(runs)
    settled = _settled(runs, known)
    best: dict[str, tuple[float, bool]] = {}
    for run, number in _alike(runs, known):
        words, name = known.words[number], known.spelled[number]
        if words not in written:
            best[name] = max((_likeness(run, words), run in settled), best.get(name, (0.0, False)))
    likely = [
        (-likeness, name)
        for name, (likeness, is_settled) in best.items()
        if likeness >= MIN_LIKENESS and not is_settled
    ]
    return tuple(name for _, name in sorted(likely)[:MAX_LIKELY_NAMES])


def with_names(first: str, second: str, names: Sequence[str]) -> str:
    """Give `first` with those of `names` that `second` writes in place of other words.

    `second` is what was heard in the same speech by somebody who knows of `names`. A name is
    spelled as given. Words beside it come from `second` too, `MAX_WORDS_AROUND` at most; where
    more of them are different, `first` stays as it is.
    """
    old, new = _words(first), _words(second)
    if max(len(old), len(new)) > MAX_WORDS:
        return first
    places = _places(_letters_of(new), names)
    changes = [_change(place, old, new, second) for place in places]
    text = first
    untouched = len(old)
    for change in sorted((one for one in changes if one), reverse=True):
        if change.stop <= untouched:
            untouched = change.start
            start, stop = old[change.start].start, old[change.stop - 1].stop
            text = text[:start] + change.text + text[stop:]
    return text


def has_sound(name: str) -> bool:
    """True if names like this are found by more than their letters: those in Latin script."""
    return _letters(name).isascii()


def _words(text: str) -> list[_Word]:
    """Split where no letters, digits or apostrophes are, and between Chinese or Kana signs."""
    found = []
    for kind, signs in groupby(enumerate(text), key=lambda sign: _kind(*sign)):
        places = [place for place, _ in signs]
        start, stop = places[0], places[-1] + 1
        word = text[start:stop].strip(_APOSTROPHES)
        if kind and _letters(word):
            start = text.index(word, start)
            found.append(_Word(_letters(word), start, start + len(word)))
    return found


def _kind(place: int, sign: str) -> int:
    """Give 0 between words, 1 within those of most scripts, and another number for each sign."""
    if unicodedata.category(sign)[0] not in _IN_WORDS and sign not in _APOSTROPHES:
        return 0
    return place + 2 if unicodedata.east_asian_width(sign) in _UNSPACED_WIDTHS else 1


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if sign.isalnum())


def _letters_of(words: Sequence[_Word]) -> list[str]:
    return [word.letters for word in words]


def _sound(letters: str) -> str:
    """Latin consonants, voiced and unvoiced alike; `a` stands for a vowel at the beginning."""
    first = "a" if letters[:1] in _VOWELS else ""
    consonants = letters.replace("ph", "f").translate(_CONSONANTS)
    return first + "".join(sign for sign, _ in groupby(consonants))


@lru_cache(maxsize=4)
def _prepared(names: tuple[str, ...]) -> _Names:
    usable = (name if len(name) <= MAX_LETTERS else "" for name in names)
    words = tuple(tuple(_letters_of(_words(name))) for name in usable)
    letters = tuple("".join(one) for one in words)
    return _Names(names, words, letters, tuple(_sound(one) for one in letters))


def _runs(heard: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for count in range(1, MAX_NAME_WORDS + 1):
        for start in range(len(heard) - count + 1):
            yield tuple(heard[start : start + count])


def _settled(runs: Sequence[tuple[str, ...]], known: _Names) -> set[tuple[str, ...]]:
    """Words in a row that are a name or part of one."""
    names = frozenset(known.words)
    return {part for run in runs if run in names for part in _runs(run)}


def _alike(runs: Sequence[tuple[str, ...]], known: _Names) -> Iterator[tuple[tuple[str, ...], int]]:
    """Words in a row that are like a name as a whole, and the number of that name."""
    import numpy as np
    from rapidfuzz import fuzz, process

    if not runs:
        return
    joined = ["".join(run) for run in runs]
    sounds = [_sound(one) for one in joined]
    # As bytes: a long text and all names of a large house are millions of comparisons.
    by_letters = process.cdist(joined, known.letters, scorer=fuzz.ratio, dtype=np.uint8)
    by_sounds = process.cdist(sounds, known.sounds, scorer=fuzz.ratio, dtype=np.uint8)
    twice = np.add(by_letters, by_sounds, dtype=np.uint16)
    for row, number in np.argwhere(twice >= 2 * _PERCENT * MIN_LIKENESS):
        yield runs[row], int(number)


def _likeness(run: Sequence[str], words: Sequence[str]) -> float:
    """From 0 to 1: as a whole or, if that is less, without the words that are in both.

    Else `the temperature in the` would be much like the Attic Temperature.
    """
    likeness = _mean_ratio("".join(run), "".join(words))
    common = set(run) & set(words)
    if not common or list(run) == list(words):
        return likeness
    left, right = ("".join(word for word in both if word not in common) for both in (run, words))
    return min(likeness, _mean_ratio(left, right))


def _mean_ratio(left: str, right: str) -> float:
    from rapidfuzz import fuzz

    ratios = fuzz.ratio(left, right) + fuzz.ratio(_sound(left), _sound(right))
    return ratios / (2 * _PERCENT)


def _places(heard: Sequence[str], names: Sequence[str]) -> list[_Place]:
    """Where names are written, exactly or nearly so; the surest ones, none within another."""
    found = [
        _Place(_likeness(heard[start : start + count], words), start, start + count, name)
        for name, words in ((name, _letters_of(_words(name))) for name in names)
        for count in range(1, MAX_NAME_WORDS + 1)
        for start in range(len(heard) - count + 1)
    ]
    kept: list[_Place] = []
    for place in sorted(found, key=lambda one: (-one.likeness, one.start - one.stop)):
        apart = all(place.stop <= one.start or one.stop <= place.start for one in kept)
        if place.likeness >= SAME_LIKENESS and apart:
            kept.append(place)
    return kept


def _change(
    place: _Place, old: Sequence[_Word], new: Sequence[_Word], second: str
) -> _Change | None:
    """What the name changes in the old text; None if nothing, or more than words like it."""
    matcher = SequenceMatcher(None, _letters_of(old), _letters_of(new), autojunk=False)
    start, stop, new_start, new_stop = len(old), 0, place.start, place.stop
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if new_from < place.stop and new_to > place.start:
            cut = kind == "equal"
            skipped, left = max(0, place.start - new_from), max(0, new_to - place.stop)
            start = min(start, old_from + skipped if cut else old_from)
            stop = max(stop, old_to - left if cut else old_to)
            new_start = new_start if cut else min(new_start, new_from)
            new_stop = new_stop if cut else max(new_stop, new_to)
    around = (new_stop - new_start) - (place.stop - place.start)
    if around > MAX_WORDS_AROUND:
        return None
    replaced, put = _letters_of(old[start:stop]), _letters_of(new[new_start:new_stop])
    unlike = _mean_ratio("".join(replaced), "".join(put)) < MIN_REPLACED_LIKENESS
    if unlike or replaced == _letters_of(_words(place.name)):
        return None
    before = second[new[new_start].start : new[place.start].start]
    after = second[new[place.stop - 1].stop : new[new_stop - 1].stop]
    return _Change(start, stop, before + place.name + after)
