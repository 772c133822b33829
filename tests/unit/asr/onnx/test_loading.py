"""Loading: what is missing, damaged, or cannot be had."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from tests.support.checkpoints.tiny_parakeet import write_tiny_parakeet
from wyoming_voice_stack.asr.engine import SAMPLE_RATE
from wyoming_voice_stack.asr.onnx import loading
from wyoming_voice_stack.asr.onnx.loading import check_folder, open_onnx_model
from wyoming_voice_stack.errors import EngineError, ModelCorrupt, ModelNotFound


@pytest.fixture
def copy(tiny_parakeet: Path, tmp_path: Path) -> Path:
    pytest.importorskip("onnx_asr", reason="the extra onnx-asr is not installed")
    return Path(shutil.copytree(tiny_parakeet, tmp_path / "model"))


def load(folder: Path) -> loading.OnnxModel:
    return open_onnx_model(folder, check_folder(folder), 1)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="nowhere does not exist; check ASR_MODEL"):
        check_folder(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["encoder-model", "decoder_joint-model"])
def test_a_damaged_file(copy: Path, name: str) -> None:
    file = copy / f"{name}.int8.onnx"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ModelCorrupt, match=r"cannot be loaded .*download the model again"):
        load(copy)


@pytest.mark.parametrize("text", ["", "a", "\ud83d\ude00 x\n", "the 0\n" * 3])
def test_a_damaged_vocabulary(copy: Path, text: str) -> None:
    (copy / "vocab.txt").write_text(text, "utf-8", errors="surrogatepass")
    with pytest.raises(ModelCorrupt, match="cannot be loaded"):
        load(copy)


def test_the_configuration_of_another_model(copy: Path) -> None:
    (copy / "config.json").write_text('{"model_type": "nemo-conformer-tdt", "features_size": 80}')
    with pytest.raises(ModelCorrupt, match="cannot be loaded"):
        load(copy)


def test_git_lfs_pointer(copy: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    (copy / "encoder-model.int8.onnx").write_text(pointer)
    with pytest.raises(ModelCorrupt, match="Git LFS pointer"):
        check_folder(copy)


def test_no_memory(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("std::bad_alloc")

    monkeypatch.setattr("onnx_asr.load_model", fail)
    with pytest.raises(EngineError, match="memory does not suffice") as caught:
        load(copy)
    assert "bad_alloc" in str(caught.value.__cause__)


def test_no_library(tiny_parakeet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx_asr", None)
    with pytest.raises(EngineError, match=r"onnx-asr cannot be imported.*'\.\[onnx-asr\]'"):
        load(tiny_parakeet)


def test_float32_files(tmp_path: Path) -> None:
    pytest.importorskip("onnx_asr", reason="the extra onnx-asr is not installed")
    model = load(write_tiny_parakeet(tmp_path / "float", suffix=".onnx"))
    assert model.decode(np.zeros(SAMPLE_RATE, np.float32), None, to_english=False) is not None


def test_sessions_keep_no_memory_and_their_threads_sleep(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    made: list[onnxruntime.InferenceSession] = []

    class Noted(onnxruntime.InferenceSession):  # type: ignore[misc]
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)
            made.append(self)

    monkeypatch.setattr(onnxruntime, "InferenceSession", Noted)
    open_onnx_model(copy, check_folder(copy), 3)
    used = [session.get_session_options() for session in made]
    encoder, decoder, *resamplers = [options.intra_op_num_threads for options in used]
    assert encoder == decoder == 3
    assert set(resamplers) == {1}
    for options in used:
        assert not options.enable_cpu_mem_arena
        assert not options.enable_mem_pattern
        assert options.get_session_config_entry("session.force_spinning_stop") == "1"


def test_a_language_is_told_only_to_models_that_take_one(copy: Path) -> None:
    model = load(copy)
    assert not model.takes_language
    assert not model.translates
    samples = np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE).astype(np.float32)
    told = model.decode(samples, "de", to_english=False)
    assert told == model.decode(samples, None, to_english=False)
    assert len(told.tokens) == len(told.starts_s) == len(told.logprobs)


def test_neither_torch_nor_the_network_is_needed(copy: Path) -> None:
    script = f"""
        import socket, sys
        from pathlib import Path

        class NoNetwork(socket.socket):
            def connect(self, address):
                raise AssertionError(address)

        socket.socket = NoNetwork
        from wyoming_voice_stack.asr.onnx.loading import check_folder, open_onnx_model

        folder = Path({str(copy)!r})
        layout = check_folder(folder)
        assert "onnx_asr" not in sys.modules
        open_onnx_model(folder, layout, 1)
        print(sorted({{"torch", "huggingface_hub", "ctranslate2"}} & set(sys.modules)))
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
