from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from wyoming_voice_stack.errors import ModelCorrupt
from wyoming_voice_stack.tts.engines.piper.loading import (
    MAX_EXAMPLE_PHONEMES,
    _example,
    config_path,
    load_model,
    read_config,
)


def test_the_example_is_bounded_however_many_phonemes_a_configuration_names() -> None:
    phonemes = {str(number): [number] for number in range(10 * MAX_EXAMPLE_PHONEMES)}
    config = SimpleNamespace(
        phoneme_id_map=phonemes, noise_scale=0.667, length_scale=1.0, noise_w_scale=0.8
    )
    example = _example(config)
    assert example["input"].shape == (1, MAX_EXAMPLE_PHONEMES)
    assert example["input_lengths"].tolist() == [MAX_EXAMPLE_PHONEMES]


class TestConfiguration:
    """A damaged or hostile one neither ends the server nor keeps it waiting."""

    def test_a_pipe(self, tmp_path: Path) -> None:
        os.mkfifo(config_path(tmp_path / "voice.onnx"))
        assert read_config(tmp_path / "voice.onnx") is None

    def test_a_device_without_an_end(self, tmp_path: Path) -> None:
        config_path(tmp_path / "voice.onnx").symlink_to("/dev/zero")
        assert read_config(tmp_path / "voice.onnx") is None

    @pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"[1]", b"{", b"\xff"])
    def test_content(self, tmp_path: Path, content: bytes) -> None:
        config_path(tmp_path / "voice.onnx").write_bytes(content)
        assert read_config(tmp_path / "voice.onnx") is None

    @pytest.mark.parametrize("rate", [0, -1, 10**12, "x", None, 22050.5])
    def test_an_impossible_sample_rate(self, tmp_path: Path, rate: object) -> None:
        config = {
            "audio": {"sample_rate": rate},
            "espeak": {"voice": "en"},
            "inference": {},
            "num_symbols": 1,
            "num_speakers": 1,
            "phoneme_id_map": {"a": [0]},
        }
        with pytest.raises(ModelCorrupt, match=r"sample rate .* is impossible"):
            load_model(tmp_path / "voice.onnx", config, 1)
