"""Streaming of voices other than the usual kind of Piper voice."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from tests.support.checkpoints.tiny_onnx_voice import FRAMES_PER_PHONEME, HOP, make_tiny_voice
from tests.support.voice_windows import SCALES, difference, feeds, steps
from wyoming_voice_stack.tts.engines.vits.sessions import (
    StreamingVoice,
    WholeSentenceVoice,
    load_voice,
)
from wyoming_voice_stack.tts.engines.vits.windows import Window


class TestOtherVoices:
    @pytest.mark.parametrize("dtype", ["float32", "float16"])
    @pytest.mark.parametrize("speakers", [1, 3])
    def test_windows_equal_the_whole_for_every_kind(
        self, tmp_path: Path, speakers: int, dtype: str
    ) -> None:
        path = make_tiny_voice(tmp_path / "voice.onnx", speakers=speakers, dtype=dtype)
        voice = load_voice(path)
        assert isinstance(voice, StreamingVoice)
        assert [stage.signature.receptive_field.hop for stage in voice._stages] == [1, HOP, 1]
        asked = feeds(20) | ({"sid": np.array([1])} if speakers > 1 else {})
        assert voice.inputs == asked.keys() - ({"input_lengths"} - voice.inputs)
        sentence = voice.encode({name: asked[name] for name in voice.inputs})
        assert sentence.frames == 20 * FRAMES_PER_PHONEME
        # At half precision, sums in another order are rounded differently.
        bound = 1e-5 if dtype == "float32" else 1e-3
        assert difference(voice, sentence, steps(sentence.frames, 9)) < bound

    def test_the_speaker_is_an_input_of_all_parts(self, tmp_path: Path) -> None:
        voice = load_voice(make_tiny_voice(tmp_path / "voice.onnx", speakers=3))
        silent = SCALES * np.float32(0)
        sounds = []
        for speaker in (0, 0, 2):
            asked = feeds(5, silent) | {"sid": np.array([speaker])}
            sentence = voice.encode({name: asked[name] for name in voice.inputs})
            sounds.append(sentence.decode(Window(0, sentence.frames)))
        assert np.array_equal(sounds[0], sounds[1])
        assert not np.allclose(sounds[0], sounds[2])

    def test_a_flow_with_unbounded_context_stays_with_the_text(self, tmp_path: Path) -> None:
        path = make_tiny_voice(tmp_path / "voice.onnx", unbounded_flow=True)
        voice = load_voice(path)
        assert isinstance(voice, StreamingVoice)
        assert [stage.signature.receptive_field.hop for stage in voice._stages] == [HOP, 1]
        asked = feeds(20)
        sentence = voice.encode({name: asked[name] for name in voice.inputs})
        assert difference(voice, sentence, steps(sentence.frames, 9)) < 1e-5

    def test_other_models_decode_whole_sentences(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        path = make_tiny_voice(tmp_path / "voice.onnx", normalized=True)
        with caplog.at_level(logging.INFO):
            voice = load_voice(path)
        assert isinstance(voice, WholeSentenceVoice)
        assert [record.getMessage() for record in caplog.records] == [
            (
                "voice.onnx synthesizes each sentence as a whole"
                " (NotStreamable: ReduceMax may depend on all frames)"
            )
        ]
        asked = feeds(5)
        sentence = voice.encode({name: asked[name] for name in voice.inputs})
        assert sentence.frames == 1
        assert len(sentence.decode(Window(0, 1))) == 5 * FRAMES_PER_PHONEME * HOP

    @pytest.mark.parametrize("kept", [0, 1, 100, 2000])
    def test_a_damaged_file_is_refused_by_the_runtime(self, tmp_path: Path, kept: int) -> None:
        path = make_tiny_voice(tmp_path / "voice.onnx")
        path.write_bytes(path.read_bytes()[:kept])
        with pytest.raises(Exception, match="ONNXRuntime"):
            load_voice(path)
