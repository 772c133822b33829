"""Places words in speech: attention says roughly where each begins, the sound says where exactly.

Cross-attention is early or late by a tenth of a second, by another amount for each model. So the starts
of all words are shifted together until they fit their lengths in letters, and then moved to the
pauses next to them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples, TimedWord

FRAME_S = 0.01
QUIET_BELOW_PEAK_DB = 35.0
"""Frames this far below the loudest are silence where there is no noise."""
QUIET_ABOVE_FLOOR_DB = 10.0
"""Frames this close to the quietest are silence in noise."""
MIN_CONTRAST_DB = 15.0
"""Frames closer than this to the loudest are speech, whatever the noise."""
SHORTEST_PAUSE_S = 0.1
"""Shorter silence can be inside a word: `t`, `k` and `p` begin with one."""
MAX_SHIFT_S = 0.3
"""How far all words are shifted together."""
ROUNDS = 3
"""How often the shift and the pauses between words are found, each from the other."""
SHIFT_PRIOR_WORDS = 1.0
"""Weight of no shift, in words: that of few words is uncertain."""
NEAR_PAUSE_S = 0.15
"""A word this close to a pause begins or ends there."""
DIGIT_LETTERS = 3
"""A digit is spoken as a word of about this many letters."""
LETTER_S = 0.12
WORD_S = 0.4
"""A word lasts this long at most, and `LETTER_S` for each letter: noise next to it is not part of it."""

_FRAME = round(FRAME_S * SAMPLE_RATE)
_TINY = 1e-9
_LOUD_PERCENTILE, _QUIET_PERCENTILE = 95, 5

Seconds = npt.NDArray[np.float64]
Pauses = Sequence[tuple[float, float]]


def place_words(
    samples: Samples, words: Sequence[str], starts: Sequence[float] | None
) -> tuple[TimedWord, ...]:
    """Return the words with their times from the start of `samples`, in order and without overlap.

    Args:
        samples: the speech in which all words occur.
        words: the words, with their punctuation.
        starts: where attention finds the start of each word, in seconds; None if it is not known.
    """
    if not words:
        return ()
    voiced = _voiced_frames(samples)
    begin, end = _bounds(voiced, len(samples))
    letters = np.array([_letters(word) for word in words], np.float64)
    if starts is None:
        starts = [begin, *_expected_starts(voiced, letters, begin, end)]
    found, shift = np.asarray(starts, np.float64), 0.0
    first, last = _moved(found, begin, end, ())
    for _ in range(ROUNDS):
        shift = _shift(found, voiced, letters, first, last)
        first, last = _moved(found + shift, begin, end, _pauses(voiced))
    _limit_lengths(first, last, letters)
    return tuple(
        TimedWord(word, float(start), float(max(start, stop)))
        for word, start, stop in zip(words, first, last, strict=True)
    )


def _letters(word: str) -> int:
    """Length of a word in letters, and one more for its transition to the next."""
    digits = sum(map(str.isdigit, word))
    return 1 + sum(map(str.isalnum, word)) + (DIGIT_LETTERS - 1) * digits


def _voiced_frames(samples: Samples) -> npt.NDArray[np.bool_]:
    """Tell for each frame of 10 ms whether it is louder than silence; short silence does not count."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float64)
    if not len(frames):
        return np.ones(1, np.bool_)
    levels = 10 * np.log10(np.square(frames).mean(axis=1) + _TINY)
    loud, quiet = np.percentile(levels, [_LOUD_PERCENTILE, _QUIET_PERCENTILE])
    limit = max(
        loud - QUIET_BELOW_PEAK_DB, min(quiet + QUIET_ABOVE_FLOOR_DB, loud - MIN_CONTRAST_DB)
    )
    voiced = np.asarray(levels > limit)
    for start, stop in _runs(~voiced):
        if start and stop < len(voiced) and (stop - start) * FRAME_S < SHORTEST_PAUSE_S:
            voiced[start:stop] = True
    return voiced if voiced.any() else np.ones(len(frames), np.bool_)


def _runs(marks: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return start and stop of each run of marks."""
    changes = np.flatnonzero(np.diff(np.concatenate(([False], marks, [False])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in changes.reshape(-1, 2)]


def _bounds(voiced: npt.NDArray[np.bool_], samples: int) -> tuple[float, float]:
    """Return the start of the first sound and the end of the last one."""
    where = np.flatnonzero(voiced)
    length = samples / SAMPLE_RATE
    return min(length, where[0] * FRAME_S), min(length, (where[-1] + 1) * FRAME_S)


def _pauses(voiced: npt.NDArray[np.bool_]) -> Pauses:
    """Return the silences between sounds, in seconds."""
    inside = [run for run in _runs(~voiced) if run[0] and run[1] < len(voiced)]
    return [(start * FRAME_S, stop * FRAME_S) for start, stop in inside]


def _expected_starts(
    voiced: npt.NDArray[np.bool_], letters: Seconds, begin: float, end: float
) -> Seconds:
    """Return where all words but the first would start if every letter took the same time."""
    start, stop = round(begin / FRAME_S), round(end / FRAME_S)
    passed = np.append(0, np.cumsum(voiced[start:stop]))
    shares = np.cumsum(letters)[:-1] / letters.sum()
    times = begin + np.arange(len(passed)) * FRAME_S
    expected: Seconds = np.interp(shares * passed[-1], passed, times)
    return expected


def _shift(
    found: Seconds,
    voiced: npt.NDArray[np.bool_],
    letters: Seconds,
    first: Seconds,
    last: Seconds,
) -> float:
    """Return the shift that fits the words best.

    What is expected is most exact at both ends of the speech between two pauses.
    """
    total, weight = 0.0, SHIFT_PRIOR_WORDS
    apart = np.flatnonzero(first[1:] > last[:-1]) + 1
    for group in np.split(np.arange(len(found)), apart):
        begin, end = first[group[0]], last[group[-1]]
        if len(group) == 1 or end - begin < FRAME_S:
            continue
        expected = _expected_starts(voiced, letters[group], begin, end)
        place = np.arange(1, len(group), dtype=np.float64)
        weights = len(group) / (place * (len(group) - place))
        total += float(weights @ (expected - found[group[1:]]))
        weight += float(weights.sum())
    return float(np.clip(total / weight, -MAX_SHIFT_S, MAX_SHIFT_S))


def _moved(starts: Seconds, begin: float, end: float, pauses: Pauses) -> tuple[Seconds, Seconds]:
    """Let words end at the start of the pause next to them, and the next ones start at its end.

    Returns:
        Start and end of each word.
    """
    inner = np.maximum.accumulate(np.clip(starts[1:], begin, end))
    first, last = np.append(begin, inner), np.append(inner, end)
    for start, stop in pauses:
        distance = np.maximum(np.maximum(start - inner, inner - stop), 0)
        if len(distance) and distance.min() <= NEAR_PAUSE_S:
            word = int(np.argmin(distance))
            last[word], first[word + 1] = start, stop
    first = np.maximum.accumulate(first)
    last[:-1] = np.minimum(last[:-1], first[1:])
    return first, last


def _limit_lengths(first: Seconds, last: Seconds, letters: Seconds) -> None:
    longest = WORD_S + LETTER_S * letters
    first[0] = max(first[0], last[0] - longest[0])
    last[1:] = np.minimum(last[1:], first[1:] + longest[1:])
