from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.checkpoints.tiny_kokoro import TOKENS, make_tiny_kokoro
from tests.support.engines import pieces_of, spoken
from tests.support.spectra import log_spectral_distance
from wyoming_voice_stack.errors import (
    EngineError,
    ModelCorrupt,
    NoAudio,
    UnknownLanguage,
    UnknownVoice,
)
from wyoming_voice_stack.tts.engine import CloneSource, Samples, SynthesisRequest, Voice
from wyoming_voice_stack.tts.engines.kokoro import engine as module
from wyoming_voice_stack.tts.engines.kokoro import loading
from wyoming_voice_stack.tts.engines.kokoro.calibration_texts import CALIBRATION_TEXTS
from wyoming_voice_stack.tts.engines.kokoro.engine import (
    MAX_WHOLE_FRAMES,
    KokoroSource,
    KokoroSynthesizer,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.streamed_sentence import (
    MeasuredSentence,
    StreamedSentence,
)
from wyoming_voice_stack.tts.engines.kokoro.loading import StreamingKokoro
from wyoming_voice_stack.tts.engines.kokoro.text.phonemes import tokens
from wyoming_voice_stack.tts.engines.kokoro.voices import LANGUAGES, STYLE_SIZE, STYLES
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.vits.windows import Window
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer

SENTENCE = "The kitchen light is on, and so is the one in the hall."


def write_style(folder: Path, name: str) -> None:
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(len(name))
    random.standard_normal((STYLES, STYLE_SIZE)).astype("<f4").tofile(folder / f"{name}.bin")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny model with two voices; texts are tokens by their letters."""

    def letters(text: str, language: str) -> tuple[int, ...]:
        assert language in LANGUAGES.values()
        return tuple(1 + ord(letter) % (TOKENS - 1) for letter in text if letter.isalpha())

    monkeypatch.setattr(module, "tokens", letters)
    make_tiny_kokoro(tmp_path / "model.onnx")
    for name in ("af_heart", "am_michael"):
        write_style(tmp_path / "voices", name)
    return tmp_path


def source(folder: Path, **options: Any) -> KokoroSource:
    return KokoroSource(ModelFiles.at(folder), **options)


@pytest.fixture
def tiny(folder: Path) -> Iterator[KokoroSynthesizer]:
    engine = source(folder, threads=1).load()
    yield engine
    engine.close()


def request(text: str = SENTENCE, voice: str | None = None, **more: Any) -> SynthesisRequest:
    return SynthesisRequest(text, "en-US", voice=voice, **more)


class TestSynthesis:
    def test_same_request_gives_the_same_samples(self, tiny: KokoroSynthesizer) -> None:
        first = spoken(tiny, request())
        spoken(tiny, request("Something else."))
        np.testing.assert_allclose(spoken(tiny, request()), first, atol=1e-5)

    def test_chunks_of_any_length_are_the_same_sentence(self, tiny: KokoroSynthesizer) -> None:
        pieces = list(pieces_of(tiny, request(SENTENCE * 2)))
        assert len(pieces) > 1
        again = spoken(tiny, request(SENTENCE * 2))
        np.testing.assert_allclose(np.concatenate(pieces), again, atol=1e-5)
        assert all(np.abs(piece).max() <= 1 for piece in pieces)
        assert {piece.dtype for piece in pieces} == {np.dtype(np.float32)}

    def test_short_sentence_is_one_with_its_own_statistics(self, tiny: KokoroSynthesizer) -> None:
        frames = len(spoken(tiny, request("Yes."))) // 300
        assert frames <= MAX_WHOLE_FRAMES

    def test_freed_memory_is_returned_when_no_sentence_is_left(
        self, tiny: KokoroSynthesizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trims: list[None] = []
        monkeypatch.setattr(module, "trim_heap", lambda: trims.append(None))
        spoken(tiny, request())
        assert len(trims) == 1
        with tiny._scheduler.acquire(PlaybackBuffer()):
            spoken(tiny, request())
        assert len(trims) == 1

    def test_texts_without_words(self, tiny: KokoroSynthesizer) -> None:
        with pytest.raises(NoAudio, match="nothing to speak"):
            spoken(tiny, request("..."))

    def test_voices_differ(self, tiny: KokoroSynthesizer) -> None:
        assert not np.array_equal(
            spoken(tiny, request()), spoken(tiny, request(voice="am_michael"))
        )

    @pytest.mark.parametrize(
        "more", [{"voice": "af_bella"}, {"speaker": "2"}, {"clone": CloneSource("me", (), "1")}]
    )
    def test_unknown_voices(self, tiny: KokoroSynthesizer, more: dict[str, Any]) -> None:
        with pytest.raises(UnknownVoice):
            spoken(tiny, request(**more))

    def test_language_of_another_voice(self, tiny: KokoroSynthesizer) -> None:
        with pytest.raises(UnknownLanguage, match="Voice 'af_heart' does not support"):
            spoken(tiny, SynthesisRequest("Hola.", "es", voice="af_heart"))

    def test_mixture_is_a_voice(self, folder: Path) -> None:
        mixture = "af_heart+am_michael"
        engine = source(folder, voice=mixture).load()
        assert engine.card.voices[-1].name == mixture
        mixed, plain = spoken(engine, request(voice=mixture)), spoken(engine, request())
        assert not np.array_equal(mixed, plain)
        engine.close()


class TestCalibration:
    def measured(self, engine: KokoroSynthesizer, voice: str) -> bool:
        assert engine._calibrated is not None
        return engine._calibrated.get(engine._voice_key(voice)) is not None

    def test_default_voice_is_measured_when_the_model_is_loaded(
        self, folder: Path, tiny: KokoroSynthesizer
    ) -> None:
        assert self.measured(tiny, "af_heart")
        assert not self.measured(tiny, "am_michael")
        other = source(folder, voice="am_michael").load()
        assert self.measured(other, "am_michael")
        other.close()

    def test_another_voice_is_measured_while_it_speaks_whole_sentences(
        self, tiny: KokoroSynthesizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        go_on = threading.Event()
        measured = tiny._measured

        def held(voice: Any) -> Iterator[Any]:
            assert go_on.wait(60)
            yield from measured(voice)

        monkeypatch.setattr(tiny, "_measured", held)
        assert spoken(tiny, request(voice="am_michael")).size
        assert not self.measured(tiny, "am_michael")
        go_on.set()
        assert tiny._calibrated is not None
        tiny._calibrated._thread.submit(lambda: None).result(60)
        assert self.measured(tiny, "am_michael")

    def test_a_measurement_that_failed_is_not_tried_at_each_request(
        self,
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
        self, tiny: KokoroSynthesizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tiny, "_measured", lambda voice: iter(()))
        long = SENTENCE * 4
        pieces = list(pieces_of(tiny, request(long, voice="am_michael")))
        frames = sum(map(len, pieces)) // 300
        assert frames > module.MAX_MEASURED_FRAMES
        assert len(pieces) > 1
        assert np.abs(np.concatenate(pieces)).max() > 0.05

    def test_measurements_are_kept_on_disk(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    def test_cache_that_cannot_be_used(self, folder: Path, tmp_path: Path, harm: str) -> None:
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

    def test_invalid_samples_are_not_kept(self, folder: Path, tmp_path: Path) -> None:
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

    def test_close_stops_measuring(self, folder: Path) -> None:
        engine = source(folder, threads=1).load()
        spoken(engine, request(voice="am_michael"))
        calibrated = engine._calibrated
        assert calibrated is not None
        engine.close()
        calibrated.measure_later("another", lambda: pytest.fail("it was measured"))


class TestFiles:
    def test_generator_of_another_form(self, folder: Path) -> None:
        make_tiny_kokoro(folder / "model.onnx", stages=1)
        engine = source(folder).load()
        (whole,) = pieces_of(engine, request())
        assert whole.size
        engine.close()

    def test_model_that_is_no_model(self, folder: Path) -> None:
        (folder / "model.onnx").write_bytes(b"not a model" * 200)
        with pytest.raises(ModelCorrupt, match=r"model\.onnx cannot be loaded"):
            source(folder).load()

    @pytest.mark.parametrize("part", ["generator_parts", "session_from_bytes"])
    def test_memory_that_does_not_suffice(
        self, part: str, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def allocate(*_: object) -> None:
            raise RuntimeError("std::bad_alloc")

        monkeypatch.setattr(loading, part, allocate)
        monkeypatch.setattr(loading, "session_from_file", lambda *_: pytest.fail("needs more"))
        with pytest.raises(EngineError, match=r"Not enough memory to load .*model\.onnx"):
            source(folder).load()

    def test_model_of_another_kind(self, folder: Path, piper_model: Path) -> None:
        (folder / "model.onnx").write_bytes(piper_model.read_bytes())
        with pytest.raises(ModelCorrupt, match="instead of tokens, style and speed"):
            source(folder).load()

    def test_card_of_a_model_that_is_not_there(self) -> None:
        files = ModelFiles("kokoro", find=lambda: None, locate=lambda: Path("/nowhere"))
        card = KokoroSource(files, voice="af_heart+af_bella").card()
        assert card.voices[0].name == "af_heart"
        assert card.voices[-1].name == "af_heart+af_bella"


def test_calibration_texts_of_all_languages() -> None:
    assert {*CALIBRATION_TEXTS, "en-GB"} == set(LANGUAGES.values())


@pytest.fixture(scope="module")
def kokoro(kokoro_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    cache = tmp_path_factory.mktemp("cache")
    engine = source(kokoro_model, voices_cache=cache).load()
    yield engine
    engine.close()


class TestGenuineWeights:
    def said(self, engine: KokoroSynthesizer, text: str = SENTENCE) -> Samples:
        return spoken(engine, request(text))

    def test_sentence(self, kokoro: KokoroSynthesizer) -> None:
        pieces = list(pieces_of(kokoro, request()))
        said = np.concatenate(pieces)
        assert len(pieces) > 1
        assert 2.5 < len(said) / kokoro.sample_rate < 6
        level_db = 10 * np.log10(np.mean(np.square(said)))
        assert -24 < level_db < -17
        # The silence before the sentence is left out, all but a twentieth of a second.
        assert np.abs(said[: kokoro.sample_rate // 5]).max() > 0.05

    def test_windows_sound_like_the_whole(self, kokoro: KokoroSynthesizer) -> None:
        voice, model = kokoro.card.voices[0], kokoro._model
        assert isinstance(model, StreamingKokoro)
        text = model.encode(kokoro._sentence(voice, tokens(SENTENCE, "en-US"), 1.0))
        whole = MeasuredSentence(model.parts, text, 2)
        assert kokoro._calibrated is not None
        known = kokoro._calibrated.get(kokoro._voice_key(voice.name))
        assert known is not None
        windows = StreamedSentence(model.parts, text, known.statistics(text.frames))
        decoded = windows.decode(Window(0, windows.frames), 2)
        assert log_spectral_distance(whole.samples, decoded) < 3
        itself = StreamedSentence(model.parts, text, whole.statistics)
        exact = itself.decode(Window(0, itself.frames), 2)
        assert log_spectral_distance(whole.samples, exact) < 0.1
