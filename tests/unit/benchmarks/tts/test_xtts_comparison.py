"""The XTTS benchmark lets speakers take turns, and sees whether they say the same."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.tts.generated_texts import Texts
from benchmarks.tts.playback_gaps import Arrival
from benchmarks.tts.synthesis_summary import summarise
from benchmarks.tts.xtts.comparison import (
    ALIKE_DB,
    Agreement,
    Spoken,
    agreement,
    alike_db,
    measure_xtts,
)
from benchmarks.tts.xtts.coqui_speaker import CoquiSpeaker
from benchmarks.tts.xtts.own_speaker import OwnSpeaker
from benchmarks.tts.xtts.random_checkpoint import _KEPT, _ROW, CONFIG_FILE, _view, checkpoint
from wyoming_voice_stack.tts.engine import Samples

TOKENS = 22
NOISE = np.random.default_rng(0).standard_normal(24_000).astype(np.float32)


class FakeSpeaker:
    """Makes a tenth of a second of sound of each text, one after another."""

    def __init__(self, name: str, log: list[tuple[str, tuple[str, ...]]]) -> None:
        self.name = name
        self._log = log

    def warm_up(self, text: str) -> None:
        pass

    def speak(self, texts: Sequence[str]) -> list[Spoken]:
        self._log.append((self.name, tuple(texts)))
        return [
            Spoken(text).then(NOISE[:2400], Arrival(0.5 + number, 0.1))
            for number, text in enumerate(texts)
        ]


def test_speakers_take_turns_on_the_same_texts() -> None:
    log: list[tuple[str, tuple[str, ...]]] = []
    speakers = [FakeSpeaker(name, log) for name in "xy"]
    found, alike = measure_xtts(speakers, 2, Texts(), most=5, tokens=60)
    assert [name for name, _ in log] == list("xyyx")
    assert log[0][1] == log[1][1]
    assert log[2][1] == log[3][1] != log[0][1]
    assert alike == Agreement(4, 4, math.inf)
    assert [(one.server, one.case.length, one.case.clients) for one in found] == [
        *(("x", "60 tokens", 2), ("y", "60 tokens", 2))
    ]
    figures = summarise(found[0])
    assert (figures.requests, figures.failures) == (4, 0)
    assert (figures.first_p50_ms, figures.first_p95_ms) == (500, 1500)


def test_no_sound_is_a_failure() -> None:
    class Silent(FakeSpeaker):
        def speak(self, texts: Sequence[str]) -> list[Spoken]:
            return [Spoken(text) for text in texts]

    found, alike = measure_xtts(
        [Silent("x", []), FakeSpeaker("y", [])], 1, Texts(), most=1, tokens=60
    )
    assert [summarise(one).failures for one in found] == [1, 0]
    assert alike == Agreement(1, 0, -math.inf)


@pytest.mark.parametrize(
    ("other", "found_db"),
    [
        (NOISE, math.inf),
        (NOISE * np.float32(0.9), 20.0),
        (NOISE[:-1], -math.inf),
        (NOISE[::-1], -3.0),
        (np.zeros_like(NOISE), 0.0),
    ],
)
def test_sounds_are_compared_by_their_difference(other: Samples, found_db: float) -> None:
    assert alike_db(NOISE, other) == pytest.approx(found_db, abs=0.2)


def test_silence_is_like_no_sound() -> None:
    assert alike_db(np.zeros(9, np.float32), np.ones(9, np.float32)) == -math.inf


def test_the_worst_pair_is_reported() -> None:
    def spoken(samples: Samples) -> Spoken:
        return Spoken("text").then(samples, Arrival(0.0, 1.0))

    good, bad = spoken(NOISE), spoken(NOISE[::-1].copy())
    found = agreement([good, good], [good, bad])
    assert (found.texts, found.alike) == (2, 1)
    assert found.worst_db < ALIKE_DB


@pytest.mark.parametrize("shape", [(6681, 1024), (1024, 4096), (512, 1024, 16), (_KEPT + 1,)])
def test_tensors_of_any_size_fit_into_the_row(shape: tuple[int, ...]) -> None:
    import torch

    row = torch.randn(_ROW)
    seen = _view(row, shape)
    assert tuple(seen.shape) == shape
    assert seen.untyped_storage().data_ptr() == row.untyped_storage().data_ptr()
    assert not torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[0], seen[-1])


def test_ours_and_the_stock_say_the_same(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, TOKENS, tiny=True)
    assert json.loads((folder / CONFIG_FILE).read_text())["top_k"] == 1
    made_at = folder.stat().st_mtime_ns
    assert checkpoint(tmp_path, TOKENS, tiny=True).stat().st_mtime_ns == made_at
    speakers = (OwnSpeaker(folder, "cpu", 1, "float32"), CoquiSpeaker(folder, "cpu"))
    found, alike = measure_xtts(speakers, 2, Texts(), most=2, tokens=TOKENS)
    for speaker in speakers:
        speaker.close()
    assert (alike.texts, alike.alike) == (2, 2)
    assert [summarise(one).sound_s for one in found] == [pytest.approx(1.02, abs=0.1)] * 2
