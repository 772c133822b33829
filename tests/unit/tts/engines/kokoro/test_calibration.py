"""What is measured of a voice before its sentences are streamed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.engines import pieces_of, spoken
from tests.support.tiny_kokoro_engine import SENTENCE, request, source
from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.tts.engine import Voice
from wyoming_voice_stack.tts.engines.kokoro import engine as module
from wyoming_voice_stack.tts.engines.kokoro.engine import KokoroSynthesizer
from wyoming_voice_stack.tts.engines.kokoro.generator.streamed_sentence import MeasuredSentence


def is_measured(engine: KokoroSynthesizer, voice: str) -> bool:
    assert engine._calibrated is not None
    return engine._calibrated.get(engine._voice_key(voice)) is not None


def test_default_voice_is_measured_when_the_model_is_loaded(
    folder: Path, tiny: KokoroSynthesizer
) -> None:
    assert is_measured(tiny, "af_heart")
    assert not is_measured(tiny, "am_michael")
    other = source(folder, voice="am_michael").load()
    assert is_measured(other, "am_michael")
    other.close()


def test_another_voice_is_measured_while_it_speaks_whole_sentences(
    tiny: KokoroSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    measured = tiny._measured

    def held(voice: Any) -> Iterator[Any]:
        assert go_on.wait(60)
        yield from measured(voice)

    monkeypatch.setattr(tiny, "_measured", held)
    assert spoken(tiny, request(voice="am_michael")).size
    assert not is_measured(tiny, "am_michael")
    go_on.set()
    assert tiny._calibrated is not None
    tiny._calibrated._thread.submit(lambda: None).result(60)
    assert is_measured(tiny, "am_michael")


def test_a_measurement_that_failed_is_not_tried_at_each_request(
    tiny: KokoroSynthesizer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def failing(voice: Voice) -> Iterator[MeasuredSentence]:
        raise EngineError(f"{voice.name} cannot be measured")

    monkeypatch.setattr(tiny, "_measured", failing)
    assert tiny._calibrated is not None
    for _ in range(3):
        assert spoken(tiny, request(voice="am_michael")).any()
        tiny._calibrated._thread.submit(lambda: None).result(60)
    assert [record.message for record in caplog.records] == [
        "A voice of Kokoro cannot be measured (EngineError); its sentences are synthesized as a whole."
    ]


def test_long_sentence_of_a_voice_that_is_not_measured(
    tiny: KokoroSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny, "_measured", lambda voice: iter(()))
    long = SENTENCE * 4
    pieces = list(pieces_of(tiny, request(long, voice="am_michael")))
    frames = sum(map(len, pieces)) // 300
    assert frames > module.MAX_MEASURED_FRAMES
    assert len(pieces) > 1
    assert np.abs(np.concatenate(pieces)).max() > 0.05


def test_measurements_are_kept_on_disk(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    first = source(folder, voices_cache=cache).load()
    expected = spoken(first, request(SENTENCE * 2))
    first.close()
    monkeypatch.setattr(KokoroSynthesizer, "_measured", None)
    again = source(folder, voices_cache=cache).load()
    np.testing.assert_allclose(spoken(again, request(SENTENCE * 2)), expected, atol=1e-4)
    again.close()


@pytest.mark.parametrize("harm", ["truncated", "read-only"])
def test_cache_that_cannot_be_used(folder: Path, tmp_path: Path, harm: str) -> None:
    cache = tmp_path / "cache"
    if harm == "read-only":
        cache.write_text("not a folder")
    else:
        source(folder, voices_cache=cache).load().close()
        for file in cache.iterdir():
            file.write_bytes(file.read_bytes()[:-9])
    engine = source(folder, voices_cache=cache).load()
    assert spoken(engine, request()).size
    engine.close()


def test_invalid_samples_are_not_kept(folder: Path, tmp_path: Path) -> None:
    engine = source(folder, voices_cache=tmp_path / "cache").load()
    calibrated, kept = engine._calibrated, set((tmp_path / "cache").iterdir())
    assert calibrated is not None
    first, *others = engine._measured(engine.card.voices[1])
    first.samples = np.full_like(first.samples, np.nan)
    with pytest.raises(EngineError, match="invalid samples"):
        calibrated.measure("invalid", lambda: [first, *others])
    assert calibrated.get("invalid") is None
    assert set((tmp_path / "cache").iterdir()) == kept
    engine.close()


def test_close_stops_measuring(folder: Path) -> None:
    engine = source(folder, threads=1).load()
    spoken(engine, request(voice="am_michael"))
    calibrated = engine._calibrated
    assert calibrated is not None
    engine.close()
    calibrated.measure_later("another", lambda: pytest.fail("it was measured"))
