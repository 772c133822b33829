from __future__ import annotations

import dataclasses
import json
import logging
import shutil
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.checkpoints.tiny_xtts import LANGUAGES, SPEAKERS
from tests.support.engines import alike, pieces_of, spoken, xtts_source
from wyoming_voice_stack.errors import (
    EngineError,
    ModelCorrupt,
    ModelNotFound,
    UnknownLanguage,
    UnknownVoice,
)
from wyoming_voice_stack.tts.engine import CloneSource, SynthesisRequest
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.xtts import language_codes as languages
from wyoming_voice_stack.tts.engines.xtts.decoding_stream import DecodingRequest
from wyoming_voice_stack.tts.engines.xtts.engine import XttsSource, XttsSynthesizer
from wyoming_voice_stack.tts.engines.xtts.loading import load_model
from wyoming_voice_stack.tts.engines.xtts.speakers import SpeakerConditioning
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.text.language.tags import bcp47

LIGHT = SynthesisRequest("turn on the light.", "en")
DOOR = SynthesisRequest("the door is open.", "en", voice="Damien Black")


@pytest.fixture
def copied(xtts_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(xtts_folder, tmp_path / "model")


class TestCard:
    def test_has_the_languages_of_a_missing_model(self) -> None:
        card = XttsSource(ModelFiles("xtts_v2", find=lambda: None, locate=Path)).card()
        assert card.languages[:4] == ("en", "es", "fr", "de")
        assert card.voices == ()
        assert card.clones

    def test_has_languages_and_speakers_without_torch(self, xtts_folder: Path) -> None:
        script = """
import sys
from pathlib import Path
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.xtts.engine import XttsSource
card = XttsSource(ModelFiles.at(Path(sys.argv[1]))).card()
print(*(voice.name for voice in card.voices), sep="|")
assert "torch" not in sys.modules
"""
        assert_same_tokens = subprocess.run(
            [sys.executable, "-c", script, str(xtts_folder)],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        assert assert_same_tokens.stdout.strip() == "|".join(SPEAKERS)

    def test_is_the_same_when_loaded(self, xtts: XttsSynthesizer, xtts_folder: Path) -> None:
        assert xtts.card == xtts_source(xtts_folder).card()
        assert all(voice.languages == xtts.card.languages for voice in xtts.card.voices)
        assert xtts.card.languages == tuple(bcp47(code) for code in LANGUAGES)

    @pytest.mark.model
    def test_omits_languages_without_their_packages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(languages._NEEDED_MODULES, "ja", ("cutlet", "no_such_module"))
        assert languages.advertised(("en", "zh-cn", "ja", "hi")) == ("en", "zh-CN", "hi")
        with pytest.raises(UnknownLanguage, match=r"pip install '\.\[ja\]'"):
            languages.offered_tag("ja", ("en", "zh-CN"))

    def test_bounds_a_sentence_by_its_language(self, xtts_folder: Path) -> None:
        limits = xtts_source(xtts_folder)
        assert [limits.max_characters(tag) for tag in ("en-US", "zh-CN", "ja", "xx")] == [
            *(250, 82, 71, 150)
        ]


class TestSpeaking:
    def test_returns_audio(self, xtts: XttsSynthesizer) -> None:
        sound = spoken(xtts, LIGHT)
        assert xtts.sample_rate == 24_000
        assert sound.dtype == np.float32
        assert 0.1 < len(sound) / 24_000 < 3.0
        assert 0.01 < np.sqrt(np.mean(np.square(sound))) < 1.0

    def test_the_first_studio_speaker_is_the_usual_one(self, xtts: XttsSynthesizer) -> None:
        named = SynthesisRequest(LIGHT.text, "en", voice=SPEAKERS[0])
        assert alike(spoken(xtts, named), spoken(xtts, LIGHT))

    def test_speakers_differ(self, xtts: XttsSynthesizer) -> None:
        first, second, third = (
            spoken(xtts, SynthesisRequest("yes, sir.", "en", voice=name))[:8000]
            for name in SPEAKERS
        )
        assert not alike(first, second)
        assert not alike(second, third)

    @pytest.mark.parametrize("code", LANGUAGES)
    def test_speaks_every_language(self, xtts: XttsSynthesizer, code: str) -> None:
        assert len(spoken(xtts, SynthesisRequest("ok 5%", code)))

    def test_serves_another_region(self, xtts: XttsSynthesizer) -> None:
        american = SynthesisRequest(LIGHT.text, "en-US")
        assert alike(spoken(xtts, american), spoken(xtts, LIGHT))

    def test_refuses_other_languages(self, xtts: XttsSynthesizer) -> None:
        with pytest.raises(UnknownLanguage, match=r"'sv'.*en, es"):
            spoken(xtts, SynthesisRequest("hej", "sv"))

    def test_refuses_other_voices(self, xtts: XttsSynthesizer) -> None:
        with pytest.raises(UnknownVoice, match="Claribel"):
            spoken(xtts, SynthesisRequest("yes", "en", voice="nobody"))

    def test_follows_the_speed(self, endless_xtts: XttsSynthesizer) -> None:
        lengths = [
            len(spoken(endless_xtts, SynthesisRequest("yes.", "en", speed=speed)))
            for speed in (0.5, 1.0, 2.0)
        ]
        assert lengths[0] == pytest.approx(2 * lengths[1], rel=0.05)
        assert lengths[2] == pytest.approx(lengths[1] / 2, rel=0.05)

    def test_sampling_options_come_from_the_configuration(
        self, copied: Path, xtts: XttsSynthesizer
    ) -> None:
        config = json.loads((copied / "config.json").read_text()) | {"top_k": 1}
        (copied / "config.json").write_text(json.dumps(config))
        engine = xtts_source(copied).load()
        assert not alike(spoken(engine, LIGHT), spoken(xtts, LIGHT))
        engine.close()


class TestSpeakingTogether:
    def test_the_order_of_requests_does_not_matter(self, xtts: XttsSynthesizer) -> None:
        alone = {request: spoken(xtts, request) for request in (LIGHT, DOOR)}
        for request in (DOOR, LIGHT, LIGHT, DOOR):
            assert alike(spoken(xtts, request), alone[request])

    def test_two_parallel_sentences_sound_as_alone(self, endless_xtts: XttsSynthesizer) -> None:
        alone = [list(pieces_of(endless_xtts, request)) for request in (LIGHT, DOOR)]
        pairs = zip(pieces_of(endless_xtts, LIGHT), pieces_of(endless_xtts, DOOR), strict=True)
        for expected, heard in zip(zip(*alone, strict=True), pairs, strict=True):
            assert alike(expected[0], heard[0])
            assert alike(expected[1], heard[1])

    def test_many_parallel_sentences_sound_as_alone(self, xtts: XttsSynthesizer) -> None:
        words = ("yes.", "the door is open.", "it rains in the house.")
        requests = [
            SynthesisRequest(text, "en", voice=voice)
            for text, voice in zip((*words, words[0]), (*SPEAKERS, SPEAKERS[1]), strict=True)
        ]
        alone = [spoken(xtts, request) for request in requests]
        with ThreadPoolExecutor(xtts.lanes) as pool:
            together = pool.map(lambda request: spoken(xtts, request), requests)
            assert all(map(alike, together, alone))

    def test_a_failed_stream_does_not_affect_others(self, endless_xtts: XttsSynthesizer) -> None:
        alone = spoken(endless_xtts, DOOR)
        first = next(others := pieces_of(endless_xtts, DOOR))
        poor = SpeakerConditioning(np.zeros(3), np.zeros(3))
        for stream in [
            endless_xtts._scheduler.submit(DecodingRequest((5, 6), poor, 1.0, PlaybackBuffer()))
        ]:
            with pytest.raises(EngineError, match="XTTS failed to synthesize"):
                list(stream.audio.take_all())
        assert alike(np.concatenate([first, *others]), alone)

    @pytest.mark.parametrize("closed", [True, False])
    def test_an_abandoned_sentence_changes_nothing(
        self, endless_xtts: XttsSynthesizer, closed: bool
    ) -> None:
        alone = spoken(endless_xtts, DOOR)
        abandoned = pieces_of(endless_xtts, LIGHT)
        next(abandoned)
        if closed:
            abandoned.close()
        assert alike(spoken(endless_xtts, DOOR), alone)

    def test_audio_comes_in_chunks(self, endless_xtts: XttsSynthesizer) -> None:
        pieces = [len(piece) for piece in pieces_of(endless_xtts, LIGHT)]
        assert pieces[0] == 4787
        assert len(pieces) == 2
        assert sum(pieces) == pytest.approx(22 * 1114.6, rel=0.01)

    def test_chunks_share_no_memory(
        self, endless_xtts: XttsSynthesizer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made: list[Any] = []
        vocoder = endless_xtts._scheduler._vocoder
        *stages, last = vocoder.staged.stages

        def compute_and_keep(*inputs: Any) -> Any:
            made.append(last.compute(*inputs))
            return made[-1]

        keeping = (*stages, dataclasses.replace(last, compute=compute_and_keep))
        staged = dataclasses.replace(vocoder.staged, stages=keeping)
        monkeypatch.setattr(vocoder, "staged", staged)
        pieces = list(pieces_of(endless_xtts, LIGHT))
        assert len(made) >= len(pieces) > 0
        for whole in made:
            assert not any(np.shares_memory(whole.numpy(), piece) for piece in pieces)

    def test_sounds_like_the_stock_model(self, xtts: XttsSynthesizer, xtts_folder: Path) -> None:
        """The output of coqui-tts for the whole sentence, with the same random numbers."""
        import torch

        stock = load_model(xtts_folder, "cpu")
        speaker = stock.speaker_manager.speakers[SPEAKERS[0]]
        names = ("temperature", "repetition_penalty", "top_k", "top_p")
        torch.manual_seed(1)
        expected = stock.inference_stream(
            LIGHT.text,
            "en",
            speaker["gpt_cond_latent"],
            speaker["speaker_embedding"],
            stream_chunk_size=0,
            **{name: stock.config[name] for name in names},
        )
        assert alike(spoken(xtts, LIGHT), next(expected).numpy())

    def test_a_truncated_sentence_is_logged(
        self, endless_xtts: XttsSynthesizer, caplog: pytest.LogCaptureFixture
    ) -> None:
        before = endless_xtts.truncated_sentences
        spoken(endless_xtts, SynthesisRequest("a secret.", "en"))
        assert endless_xtts.truncated_sentences == before + 1
        assert "9 characters" in caplog.text
        assert "secret" not in caplog.text

    def test_a_complete_sentence_is_not_logged(
        self, xtts: XttsSynthesizer, caplog: pytest.LogCaptureFixture
    ) -> None:
        before = xtts.truncated_sentences
        spoken(xtts, LIGHT)
        assert xtts.truncated_sentences == before
        assert not [each for each in caplog.records if each.levelno > logging.INFO]


class TestLoading:
    @pytest.mark.parametrize("name", ["config.json", "model.pth", "vocab.json"])
    def test_needs_every_file(self, copied: Path, name: str) -> None:
        (copied / name).unlink()
        with pytest.raises(ModelNotFound, match=name):
            xtts_source(copied).load()

    @pytest.mark.parametrize("name", ["config.json", "model.pth", "vocab.json"])
    def test_refuses_damaged_files(self, copied: Path, name: str) -> None:
        (copied / name).write_bytes((copied / name).read_bytes()[:1000])
        with pytest.raises(ModelCorrupt, match="ownload the model again"):
            xtts_source(copied).load()

    def test_refuses_weights_of_another_size(self, copied: Path) -> None:
        config = json.loads((copied / "config.json").read_text())
        config["model_args"]["gpt_layers"] = 3
        (copied / "config.json").write_text(json.dumps(config))
        with pytest.raises(ModelCorrupt, match="ownload the model again"):
            xtts_source(copied).load()

    def test_refuses_a_missing_device(self, xtts_folder: Path) -> None:
        with pytest.raises(EngineError, match="cuda:99"):
            xtts_source(xtts_folder, "cuda:99").load()

    def test_clones_without_studio_speakers(self, copied: Path, clone: CloneSource) -> None:
        (copied / "speakers_xtts.pth").unlink()
        engine = xtts_source(copied).load()
        assert engine.card.voices == ()
        assert len(spoken(engine, SynthesisRequest("yes.", "en", clone=clone)))
        with pytest.raises(UnknownVoice):
            spoken(engine, LIGHT)
        engine.close()

    def test_closing_frees_the_memory(self, xtts_folder: Path) -> None:
        engine = xtts_source(xtts_folder).load()
        model = weakref.ref(engine._model)
        spoken(engine, LIGHT)
        engine.close()
        assert model() is None

    def test_invalid_scores_are_an_error(self, copied: Path) -> None:
        engine = xtts_source(copied).load()
        engine._model.gpt.mel_head.bias.data[:] = float("nan")
        with pytest.raises(EngineError, match="XTTS returned invalid scores"):
            spoken(engine, LIGHT)
        engine.close()
