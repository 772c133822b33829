from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.checkpoints.tiny_kokoro import make_tiny_kokoro
from tests.support.engines import pieces_of, spoken
from tests.support.spectra import log_spectral_distance
from tests.support.tiny_kokoro_engine import SENTENCE, request, source
from wyoming_voice_stack.errors import (
    EngineError,
    ModelCorrupt,
    NoAudio,
    UnknownLanguage,
    UnknownVoice,
)
from wyoming_voice_stack.tts.engine import CloneSource, Samples, SynthesisRequest
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
from wyoming_voice_stack.tts.engines.kokoro.voices import LANGUAGES
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.vits.windows import Window
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer


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
