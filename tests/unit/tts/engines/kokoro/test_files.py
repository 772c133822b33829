from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.kokoro_voices import kokoro_folder, write_voice
from wyoming_voice_stack.errors import ModelCorrupt, ModelNotFound
from wyoming_voice_stack.tts.engines.kokoro.files import KOKORO_HUB, KokoroFiles, voice_names
from wyoming_voice_stack.tts.engines.kokoro.voices import PUBLISHED_VOICES

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


class TestInFolder:
    def test_finds_the_files_of_the_hub(self, tmp_path: Path) -> None:
        files = KokoroFiles.in_folder(kokoro_folder(tmp_path / "kokoro"))
        assert files.model == tmp_path / "kokoro" / "onnx" / "model_quantized.onnx"
        assert files.voices.names == ("af_heart", "af_bella", "ef_dora")

    def test_finds_a_model_and_voices_side_by_side(self, tmp_path: Path) -> None:
        (tmp_path / "kokoro-v1.0.onnx").write_bytes(b"x" * 2000)
        write_voice(tmp_path, "af_heart")
        files = KokoroFiles.in_folder(tmp_path)
        assert files.model.name == "kokoro-v1.0.onnx"
        assert files.voices.names == ("af_heart",)

    def test_prefers_the_usual_names(self, tmp_path: Path) -> None:
        for name in ("model.onnx", "model_fp16.onnx"):
            (tmp_path / name).write_bytes(b"x" * 2000)
        write_voice(tmp_path / "voices", "af_heart")
        assert KokoroFiles.in_folder(tmp_path).model.name == "model.onnx"

    def test_does_not_choose_between_other_names(self, tmp_path: Path) -> None:
        for name in ("a.onnx", "b.onnx"):
            (tmp_path / name).touch()
        with pytest.raises(
            ModelNotFound, match=r"several models \(a.onnx, b.onnx\).*kokoro:.*/a\.onnx"
        ):
            KokoroFiles.in_folder(tmp_path)

    def test_takes_the_model_that_is_named(self, tmp_path: Path) -> None:
        for name in ("a.onnx", "model.onnx"):
            (tmp_path / name).write_bytes(b"x" * 2000)
        write_voice(tmp_path / "voices", "af_heart")
        files = KokoroFiles.in_folder(tmp_path / "a.onnx")
        assert files.model.name == "a.onnx"
        assert files.voices.names == voice_names(tmp_path / "a.onnx") == ("af_heart",)

    def test_takes_a_model_of_the_hub_that_is_named(self, tmp_path: Path) -> None:
        folder = kokoro_folder(tmp_path / "kokoro")
        named = folder / "onnx" / "model_fp16.onnx"
        named.write_bytes(b"x" * 2000)
        files = KokoroFiles.in_folder(named)
        assert files.model == named
        assert files.voices.names == ("af_heart", "af_bella", "ef_dora")

    @pytest.mark.parametrize("name", ["missing", "voices.zip"])
    def test_needs_a_folder(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "voices.zip").touch()
        with pytest.raises(ModelNotFound, match="is not a folder"):
            KokoroFiles.in_folder(tmp_path / name)

    def test_needs_a_model(self, tmp_path: Path) -> None:
        write_voice(tmp_path / "voices", "af_heart")
        with pytest.raises(ModelNotFound, match="contains no model"):
            KokoroFiles.in_folder(tmp_path)

    def test_needs_voices(self, tmp_path: Path) -> None:
        with pytest.raises(ModelNotFound, match="contains no voices"):
            KokoroFiles.in_folder(kokoro_folder(tmp_path / "kokoro", "jf_alpha"))

    @pytest.mark.parametrize("name", ["onnx/model_quantized.onnx", "voices/af_bella.bin"])
    def test_refuses_a_pointer_of_git_lfs(self, tmp_path: Path, name: str) -> None:
        folder = kokoro_folder(tmp_path / "kokoro")
        (folder / name).write_bytes(POINTER)
        with pytest.raises(ModelCorrupt, match="is a Git LFS pointer"):
            KokoroFiles.in_folder(folder)

    def test_refuses_a_voice_of_the_wrong_size(self, tmp_path: Path) -> None:
        folder = kokoro_folder(tmp_path / "kokoro")
        (folder / "voices" / "ef_dora.bin").write_bytes(b"\0" * 5000)
        with pytest.raises(ModelCorrupt, match=r"ef_dora\.bin has 5000 bytes"):
            KokoroFiles.in_folder(folder)


def test_the_hub_has_a_model_and_every_voice() -> None:
    assert len(KOKORO_HUB.required) == 42
    assert KOKORO_HUB.directory.startswith("onnx-community--Kokoro-82M-v1.0-ONNX--")


class TestGenuineFiles:
    def test_are_found(self, kokoro_model: Path) -> None:
        files = KokoroFiles.in_folder(kokoro_model)
        assert files.model.name == "model.onnx"
        assert files.voices.names == PUBLISHED_VOICES

    @pytest.mark.parametrize("name", PUBLISHED_VOICES)
    def test_every_voice_can_be_read(self, kokoro_model: Path, name: str) -> None:
        style = KokoroFiles.in_folder(kokoro_model).voices.style(name, 60)
        assert style.shape == (1, 256)
        assert style.any()
