"""The German page translates sentences that the server writes in English."""

from __future__ import annotations

import ast
import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from tests.support.page_texts import phrases_of
from tests.support.speech import at_level, say
from tests.support.voice_files import LONG_TEXT, RATE, SHORT_TEXT, detector, speech, write
from wyoming_voice_stack.tts.engine import Samples
from wyoming_voice_stack.tts.voices.cloning.assessment import assess
from wyoming_voice_stack.tts.voices.cloning.report import report_about

PACKAGE = Path(str(files("wyoming_voice_stack")))
PHRASES = phrases_of((PACKAGE / "http" / "page" / "static" / "de.json").read_text("utf-8"))
OF_A_RECORDING = "The recording "


def noise(level_db: float, samples: int) -> Samples:
    return at_level(np.random.default_rng(0).standard_normal(samples).astype(np.float32), level_db)


RECORDINGS = {
    "clipped": np.clip(3 * say(LONG_TEXT, RATE), -1, 1),
    "quiet": at_level(speech(), -50.0),
    "noisy": speech() + noise(-30.0, len(speech())),
    "no speech": noise(-30.0, 3 * RATE),
    "short": speech(SHORT_TEXT),
    "telephone": say(LONG_TEXT, 8000) / 2,
}


def begins(phrase: str, sentence: str) -> bool:
    return bool(re.match(".+?".join(map(re.escape, phrase.split("{}"))), sentence))


def sentences_in(source: Path) -> list[str]:
    """All texts in a module; `{}` stands for what is filled in."""
    found = []
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            found.append("".join(map(str, parts)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


@pytest.mark.parametrize("kind", RECORDINGS)
def test_a_fault_of_a_recording_is_translated(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "anna.wav", RECORDINGS[kind], 8000 if kind == "telephone" else RATE)
    problems = report_about({path.name: assess(path, detector)}).problems
    assert problems
    for problem in problems:
        assert [phrase for phrase in PHRASES if begins(phrase, problem)], problem


def test_each_phrase_is_said_somewhere() -> None:
    said = [sentence for source in PACKAGE.rglob("*.py") for sentence in sentences_in(source)]
    for phrase, translation in PHRASES.items():
        assert phrase.count("{}") == translation.count("{}")
        if not phrase.startswith(OF_A_RECORDING):
            assert [sentence for sentence in said if sentence.startswith(phrase)], phrase
        else:
            assert any(phrase.removeprefix(OF_A_RECORDING)[:12] in each for each in said), phrase
