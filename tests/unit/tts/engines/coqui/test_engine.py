from __future__ import annotations

import importlib
import json
import logging
import shutil
import stat
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.support.checkpoints.tiny_vits import SAMPLE_RATE
from tests.support.engines import pieces_of, spoken, vits_source
from wyoming_voice_stack.errors import (
    EngineError,
    ModelCorrupt,
    ModelError,
    ModelNotFound,
    NoAudio,
)
from wyoming_voice_stack.tts.engine import Samples, SynthesisRequest
from wyoming_voice_stack.tts.engines.coqui import loading as coqui_loading
from wyoming_voice_stack.tts.engines.coqui.compat import importing
from wyoming_voice_stack.tts.engines.coqui.engine import SEED, CoquiSource, CoquiSynthesizer
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.vits.receptive_field import ReceptiveField

NAME = "tts_models/de/thorsten/vits"
HELLO = SynthesisRequest("guten morgen zusammen", "de")


@pytest.fixture
def copied(vits_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(vits_folder, tmp_path / "model")


class TestCard:
    def test_has_what_the_name_says(self) -> None:
        card = CoquiSource(ModelFiles(NAME, find=lambda: None, locate=Path)).card()
        assert [(voice.name, voice.languages) for voice in card.voices] == [
            ("thorsten-vits", ("de",))
        ]
        assert not card.clones

    def test_has_the_speakers_and_languages_of_the_files(
        self, vits_of_many: CoquiSynthesizer, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        folder = next(tmp_path_factory.getbasetemp().glob("models*/many"))
        card = vits_source(folder).card()
        assert card == vits_of_many.card
        assert card.languages == ("en", "fr-FR", "pt-BR")
        assert card.voices[0].speakers == ("p225", "p226", "p227")

    @pytest.mark.parametrize(
        ("config", "given", "expected"),
        [
            ({"phoneme_language": "en-us"}, None, "en-US"),
            ({"datasets": [{"language": ""}, {"language": "pt_br"}]}, None, "pt-BR"),
            ({"phoneme_language": "en-us"}, "sv", "sv"),
            ({}, None, "en"),
        ],
    )
    def test_finds_the_language_of_a_model_without_a_name(
        self, tmp_path: Path, config: dict[str, object], given: str | None, expected: str
    ) -> None:
        (tmp_path / "config.json").write_text(json.dumps(config))
        assert vits_source(tmp_path, "my-voice", given).card().languages == (expected,)

    def test_bounds_a_sentence(self, vits_folder: Path) -> None:
        assert 100 < vits_source(vits_folder).max_characters("de") < 1000


class TestSpeaking:
    def test_returns_audio(self, vits: CoquiSynthesizer) -> None:
        sound = spoken(vits, HELLO)
        assert vits.sample_rate == SAMPLE_RATE
        assert vits.card.languages == ("de",)
        assert sound.dtype == np.float32
        assert len(sound) > 0.5 * SAMPLE_RATE
        assert sound.any()

    def test_audio_does_not_depend_on_earlier_sentences(self, vits: CoquiSynthesizer) -> None:
        first = spoken(vits, HELLO)
        spoken(vits, SynthesisRequest("und jetzt etwas anderes", "de", speed=2.0))
        assert np.array_equal(spoken(vits, HELLO), first)

    def test_texts_and_speeds_differ(self, vits: CoquiSynthesizer) -> None:
        usual = spoken(vits, HELLO)
        fast = spoken(vits, SynthesisRequest(HELLO.text, "de", speed=2.0))
        assert len(fast) < 0.8 * len(usual)
        longer = spoken(vits, SynthesisRequest(HELLO.text * 3, "de"))
        assert len(longer) > 2 * len(usual)

    def test_speakers_and_languages_differ(self, vits_of_many: CoquiSynthesizer) -> None:
        sounds = [
            spoken(vits_of_many, SynthesisRequest("hello you", language, speaker=speaker))
            for language, speaker in [
                *(("en", None), ("en", "p226"), ("en", "p227")),
                *(("fr", "p226"), ("pt-BR", "p226")),
            ]
        ]
        for index, sound in enumerate(sounds):
            assert not any(np.array_equal(sound, other) for other in sounds[:index])

    def test_the_first_speaker_is_the_usual_one(self, vits_of_many: CoquiSynthesizer) -> None:
        named = SynthesisRequest("hello you", "en", speaker="p225", voice="many")
        unnamed = SynthesisRequest("hello you", "en")
        assert np.array_equal(spoken(vits_of_many, named), spoken(vits_of_many, unnamed))

    @pytest.mark.parametrize("text", ["", "?!", "\u4f60\u597d"])
    def test_reports_text_without_words(self, vits: CoquiSynthesizer, text: str) -> None:
        with pytest.raises(NoAudio):
            spoken(vits, SynthesisRequest(text, "de"))

    def test_never_logs_the_text(
        self, vits: CoquiSynthesizer, caplog: pytest.LogCaptureFixture
    ) -> None:
        spoken(vits, SynthesisRequest("geheim \u4f60", "de"))
        shown = [each for each in caplog.records if each.levelno > logging.DEBUG]
        assert not [each for each in shown if "geheim" in each.getMessage()]


class TestWindows:
    """The vocoder decodes one window at a time."""

    @pytest.mark.parametrize(
        "asked",
        [
            SynthesisRequest("guten morgen zusammen " * 4, "de"),
            SynthesisRequest("guten morgen zusammen " * 4, "de", speed=0.7),
            SynthesisRequest("ja", "de"),
        ],
    )
    def test_windows_equal_the_output_of_coqui(
        self, vits: CoquiSynthesizer, vits_folder: Path, asked: SynthesisRequest
    ) -> None:
        pieces = list(pieces_of(vits, asked))
        assert (len(pieces) > 2) == (len(asked.text) > 20)
        if len(pieces) > 1:
            assert len(pieces[0]) < 0.3 * SAMPLE_RATE
            assert len(pieces[1]) > 3 * len(pieces[0])
        whole = said_at_once(vits_folder, asked, None, None)
        assert np.abs(np.concatenate(pieces) - whole).max() < 1e-5

    @pytest.mark.parametrize(("language", "name"), [("en", "en"), ("pt-BR", "pt-br")])
    def test_windows_equal_it_with_speakers_and_languages(
        self,
        vits_of_many: CoquiSynthesizer,
        tmp_path_factory: pytest.TempPathFactory,
        language: str,
        name: str,
    ) -> None:
        folder = next(tmp_path_factory.getbasetemp().glob("models*/many"))
        asked = SynthesisRequest("hello to all of you " * 4, language, speaker="p226", speed=1.2)
        pieces = list(pieces_of(vits_of_many, asked))
        assert len(pieces) > 2
        whole = said_at_once(folder, asked, "p226\n", name)
        assert np.abs(np.concatenate(pieces) - whole).max() < 1e-5

    def test_less_context_changes_the_result(
        self, vits: CoquiSynthesizer, vits_folder: Path
    ) -> None:
        asked = SynthesisRequest("guten morgen zusammen " * 4, "de")
        whole = said_at_once(vits_folder, asked, None, None)
        streaming = vits._streaming
        assert streaming is not None
        field = streaming._field
        assert field == ReceptiveField(left=13, right=13, hop=256)
        streaming._field = replace(field, left=2)
        try:
            pieces = list(pieces_of(vits, asked))
        finally:
            streaming._field = field
        assert np.abs(np.concatenate(pieces) - whole).max() > 1e-5

    def test_another_kind_of_vocoder_decodes_whole_sentences(
        self, vits_folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        model = loaded(vits_folder)
        del model.waveform_decoder.conv_post.stride
        with caplog.at_level(logging.INFO):
            engine = CoquiSynthesizer(model, "x", {"de": ""})
        asked = SynthesisRequest("guten morgen zusammen", "de")
        model.waveform_decoder.conv_post.stride = (1,)
        (sound,) = pieces_of(engine, asked)
        assert np.abs(sound - said_at_once(vits_folder, asked, None, None)).max() < 1e-5
        assert [each.getMessage() for each in caplog.records if "whole" in each.getMessage()]


def loaded(folder: Path) -> Any:
    return coqui_loading.load_vits(folder, folder / "model_file.pth", "cpu", None)


def said_at_once(
    folder: Path, asked: SynthesisRequest, speaker: str | None, language: str | None
) -> Samples:
    """The output of coqui-tts itself."""
    import torch

    model = loaded(folder)
    model.length_scale /= asked.speed
    torch.manual_seed(SEED)
    sound: Samples = model.synthesize(asked.text, speaker=speaker, language=language)["wav"]
    return sound


class TestLoading:
    @pytest.mark.parametrize("name", ["config.json", "model_file.pth"])
    def test_needs_every_file(self, copied: Path, name: str) -> None:
        (copied / name).unlink()
        with pytest.raises(ModelNotFound, match=r"config\.json and model_file\.pth"):
            vits_source(copied).load()

    def test_refuses_damaged_weights(self, copied: Path) -> None:
        weights = copied / "model_file.pth"
        weights.write_bytes(weights.read_bytes()[:10_000])
        with pytest.raises(ModelCorrupt, match="download the model again"):
            vits_source(copied).load()

    def test_refuses_a_damaged_configuration(self, copied: Path) -> None:
        (copied / "config.json").write_text("{")
        with pytest.raises(ModelCorrupt, match="download the model again"):
            vits_source(copied).load()

    def test_refuses_other_architectures(self, copied: Path) -> None:
        (copied / "config.json").write_text('{"model": "glow_tts"}')
        with pytest.raises(ModelError, match="Only VITS"):
            vits_source(copied).load()

    def test_reports_what_must_be_installed(self, copied: Path) -> None:
        config = json.loads((copied / "config.json").read_text())
        changed = config | {"use_phonemes": True, "phonemizer": "bn_phonemizer"}
        (copied / "config.json").write_text(json.dumps(changed))
        with pytest.raises(EngineError, match="not installed"):
            vits_source(copied).load()

    def test_refuses_a_missing_device(self, vits_folder: Path) -> None:
        lacking = CoquiSource(ModelFiles.at(vits_folder), device="cuda:99")
        with pytest.raises(EngineError, match="cuda:99"):
            lacking.load()


class TestPhonemes:
    """espeak-ng may not be installed, so a script of that name replaces it."""

    @pytest.fixture
    def espeak(self, tmp_path: Path) -> str:
        program = tmp_path / "espeak-ng"
        program.write_text('#!/bin/sh\necho "$@"\necho " (en)"; cat\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return str(program)

    def test_text_goes_through_a_pipe(self, espeak: str) -> None:
        phonemizer = SimpleNamespace(backend=espeak, language="de", phonemize_espeak=None)
        model = SimpleNamespace(tokenizer=SimpleNamespace(phonemizer=phonemizer), disc=1)
        coqui_loading._reduce_memory(model)
        assert not hasattr(model, "disc")
        phonemes = phonemizer.phonemize_espeak("h_\u025b(de)_l", "|", tie=False)
        assert phonemes == "-q -b 1 -v de --ipa=1 --stdinh|\u025b|l"

    def test_language_that_espeak_lacks(self, tmp_path: Path) -> None:
        with importing():
            base = importlib.import_module("TTS.tts.utils.text.phonemizers.base")
        lacking = SimpleNamespace(is_supported_language=lambda _: False, name=lambda: "espeak")
        with pytest.raises(RuntimeError) as caught:
            base.BasePhonemizer._init_language(lacking, "xx")
        error = coqui_loading._load_error(tmp_path, caught.value)
        assert isinstance(error, ModelCorrupt)
        assert 'language "xx" is not supported by the espeak backend. Correct' in str(error)
        assert "apt-get" not in str(error)
