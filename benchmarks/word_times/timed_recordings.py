"""Speech in which the time of each word is known: by the durations of a voice, and by cutting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.common.errors import BenchmarkError
from benchmarks.round_trip import assistant_sentences
from benchmarks.stt.recorded_prompts import read_sound, sounds_folder
from tests.support.timed_speech import SILENCE_S, TimedSpeech, try_to_say_timed
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples, TimedWord

NOISE_DB = 20.0
"""Level of the speech above that of the noise."""
LONGEST_S = 28.0
PAUSES_S = (0.1, 0.5)
"""Between sentences."""
GAPS_S = (0.05, 0.1, 0.2, 0.4)
"""Between recorded words."""
WORDS_TOGETHER = (4, 8)

_EDGE_DB = 35.0
"""A recorded word begins and ends where its level is this far below its peak."""
_FRAME = SAMPLE_RATE // 200
_TINY = 1e-10
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
)
_DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday"
_MONTHS = "January February March April May June July August September October November December"


def spoken_sentences(count: int, seed: int) -> list[TimedSpeech]:
    """Sentences of a Piper voice that speaks each word on its own."""
    texts = assistant_sentences.sentences(4 * count, seed)
    spoken = (try_to_say_timed(text) for text in texts)
    return [one for one in spoken if one is not None][:count]


def in_noise(speeches: Sequence[TimedSpeech], seed: int) -> list[TimedSpeech]:
    """The same speech in white noise."""
    generator = np.random.default_rng(seed)
    return [TimedSpeech(_with_noise(one.samples, generator), one.words) for one in speeches]


def joined(speeches: Sequence[TimedSpeech], seed: int) -> list[TimedSpeech]:
    """As many sentences in a row as fit into one Whisper window, with short pauses between them."""
    generator = np.random.default_rng(seed)
    found: list[TimedSpeech] = []
    edge = round(SILENCE_S * SAMPLE_RATE)
    parts: list[Samples] = []
    words: list[TimedWord] = []
    for speech in speeches:
        inner = speech.samples[edge:-edge]
        if parts and (sum(map(len, parts)) + len(inner)) / SAMPLE_RATE > LONGEST_S:
            found.append(_padded(parts, words))
            parts, words = [], []
        begin_s = sum(map(len, parts)) / SAMPLE_RATE
        words += [_moved(word, begin_s - SILENCE_S) for word in speech.words]
        pause = np.zeros(round(generator.uniform(*PAUSES_S) * SAMPLE_RATE), np.float32)
        parts += [inner, pause]
    return found


def recorded_words(count: int, seed: int, cache: Path) -> list[TimedSpeech]:
    """Lists of numbers, days and months from recordings of single words.

    Raises:
        BenchmarkError: the recordings cannot be downloaded.
    """
    sounds = dict(_single_words(sounds_folder("en", cache) / "digits"))
    if len(sounds) < WORDS_TOGETHER[1]:
        raise BenchmarkError("The recordings of single words are missing.")
    generator = np.random.default_rng(seed)
    return [
        _list_of_words(sounds, GAPS_S[number % len(GAPS_S)], generator) for number in range(count)
    ]


def _list_of_words(
    sounds: dict[str, Samples], gap_s: float, generator: np.random.Generator
) -> TimedSpeech:
    chosen = generator.choice(list(sounds), generator.integers(*WORDS_TOGETHER), replace=False)
    parts: list[Samples] = []
    words: list[TimedWord] = []
    for word in map(str, chosen):
        begin_s = sum(map(len, parts)) / SAMPLE_RATE
        words.append(TimedWord(word, begin_s, begin_s + len(sounds[word]) / SAMPLE_RATE))
        parts += [sounds[word], np.zeros(round(gap_s * SAMPLE_RATE), np.float32)]
    return _padded(parts, words)


def _single_words(folder: Path) -> Iterator[tuple[str, Samples]]:
    names = {
        **{str(number): word for number, word in enumerate(_NUMBERS.split())},
        **{f"day-{number}": word for number, word in enumerate(_DAYS.split())},
        **{f"mon-{number}": word for number, word in enumerate(_MONTHS.split())},
    }
    for name, word in names.items():
        path = folder / f"{name}.g722"
        if path.is_file():
            yield word, _without_silence(read_sound(path))


def _without_silence(samples: Samples) -> Samples:
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    levels = 10 * np.log10(np.square(frames).mean(axis=1) + _TINY)
    loud = np.flatnonzero(levels > levels.max() - _EDGE_DB)
    return samples[loud[0] * _FRAME : (loud[-1] + 1) * _FRAME]


def _padded(parts: Sequence[Samples], words: Sequence[TimedWord]) -> TimedSpeech:
    samples: Samples = np.pad(np.concatenate(parts), round(SILENCE_S * SAMPLE_RATE))
    return TimedSpeech(samples, tuple(_moved(word, SILENCE_S) for word in words))


def _moved(word: TimedWord, seconds: float) -> TimedWord:
    return TimedWord(word.text, word.start_s + seconds, word.end_s + seconds)


def _with_noise(samples: Samples, generator: np.random.Generator) -> Samples:
    level = np.sqrt(np.mean(np.square(samples))) * 10 ** (-NOISE_DB / 20)
    noise = generator.normal(0, level, len(samples)).astype(np.float32)
    noisy: Samples = samples + noise
    return noisy
