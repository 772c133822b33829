"""Which names in the settings stand for Kokoro, and which files they need."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.kokoro_voices import kokoro_folder
from wyoming_voice_stack.errors import ModelCorrupt, ModelNotFound
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.assembly.references.kokoro_references import kokoro_reference
from wyoming_voice_stack.server.assembly.references.model_references import (
    require_recognizer,
    weights_of,
)
from wyoming_voice_stack.server.assembly.references.offered_models import (
    local_files,
    model_folders,
    offered_models,
)
from wyoming_voice_stack.tts.engines.kokoro.files import KOKORO_HUB


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", offline=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return kokoro_folder(tmp_path / "my-kokoro")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kokoro", "kokoro"),
        ("Kokoro", "kokoro"),
        ("kokoro:", "kokoro"),
        ("onnx-community/Kokoro-82M-v1.0-ONNX", "kokoro"),
        ("kokoro:/nowhere", "/nowhere"),
        ("Kokoro: ./folder", "./folder"),
        ("kokoro:pkg:some_package/kokoro", "pkg:some_package/kokoro"),
        ("kokoro-82m", None),
        ("piper:en_US-lessac-medium", None),
        ("base", None),
        ("", None),
        ("a\0b", None),
        ("x" * 5000, None),
        ("~nobody-at-all/x", None),
    ],
)
def test_names(name: str, expected: str | None) -> None:
    assert kokoro_reference(name) == expected


def test_the_name_is_never_a_folder_of_this_name(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kokoro_folder(tmp_path / "kokoro")
    assert weights_of("kokoro", store, environ={}, text_to_speech=True).find() is None
    weights = weights_of("./kokoro", store, environ={}, text_to_speech=True)
    assert weights.locate() == Path("kokoro")


@pytest.mark.parametrize("prefix", ["kokoro:", ""])
def test_a_folder(store: ModelStore, folder: Path, prefix: str) -> None:
    weights = weights_of(f"{prefix}{folder}", store, environ={}, text_to_speech=True)
    assert weights.engine == "kokoro"
    assert weights.find() == weights.locate() == folder


def test_a_model_of_a_folder(store: ModelStore, folder: Path) -> None:
    model = folder / "kokoro-v1.0.onnx"
    model.write_bytes(b"x" * 2000)
    weights = weights_of(str(model), store, environ={}, text_to_speech=True)
    assert weights.engine == "kokoro"
    assert weights.locate() == model


def test_a_folder_of_a_piper_voice_is_not_kokoro(tmp_path: Path) -> None:
    (tmp_path / "voice.onnx").touch()
    assert kokoro_reference(str(tmp_path)) is None


@pytest.mark.parametrize("prefix", ["", "piper:"])
def test_a_piper_voice_beside_voices_of_kokoro(
    folder: Path, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "anna.onnx").touch()
    assert kokoro_reference("anna.onnx") == "anna.onnx"
    if not prefix:
        (folder / "anna.onnx.json").touch()
    assert kokoro_reference(f"{prefix}anna.onnx") is None


def test_the_model_of_the_hub_where_it_is_stored(store: ModelStore) -> None:
    weights = weights_of("kokoro", store, environ={}, text_to_speech=True)
    assert weights.find() is None
    with pytest.raises(ModelNotFound, match="downloads are disabled"):
        weights.locate()
    stored = kokoro_folder(store.root / KOKORO_HUB.directory)
    # Not all of the published voices are there, so it was not fetched completely.
    assert weights.find() is None
    for path in KOKORO_HUB.required:
        (stored / path).write_bytes((stored / "voices/af_heart.bin").read_bytes())
    assert weights.locate() == stored


@pytest.mark.parametrize("name", ["kokoro:/nowhere", "kokoro:pkg:no_such_package/x"])
def test_what_does_not_exist(store: ModelStore, name: str) -> None:
    with pytest.raises(ModelNotFound, match=r"does not exist|is not installed"):
        weights_of(name, store, environ={}, text_to_speech=True)


def test_a_folder_without_a_model(store: ModelStore, folder: Path) -> None:
    (folder / "onnx" / "model_quantized.onnx").unlink()
    with pytest.raises(ModelNotFound, match="contains no model of Kokoro"):
        weights_of(f"kokoro:{folder}", store, environ={}, text_to_speech=True)


@pytest.mark.parametrize("file", ["onnx/model_quantized.onnx", "voices/af_heart.bin"])
def test_a_git_lfs_pointer(store: ModelStore, folder: Path, file: str) -> None:
    (folder / file).write_text("version https://git-lfs.github.com/spec/v1\nsize 9\n")
    with pytest.raises(ModelCorrupt, match="is a Git LFS pointer; run git lfs pull"):
        weights_of(str(folder), store, environ={}, text_to_speech=True)


def test_is_no_model_for_speech_to_text(store: ModelStore) -> None:
    with pytest.raises(ModelNotFound, match=r"kokoro is a voice.* ASR_MODEL"):
        require_recognizer("kokoro", weights_of("kokoro", store, environ={}))


class TestOffer:
    def test_has_licence_size_and_languages(self) -> None:
        offer = offered_models("tts")["kokoro"]
        assert offer.licence == "Apache-2.0"
        assert offer.size_bytes == 121_000_000
        assert offer.languages == ("en-US", "en-GB", "es", "fr", "hi", "it", "pt-BR")
        assert "kokoro" not in offered_models("asr")

    def test_its_folder_is_in_use(self) -> None:
        assert KOKORO_HUB.directory in model_folders(["kokoro"])

    def test_its_files_are_found(self, store: ModelStore, folder: Path) -> None:
        assert local_files("kokoro", store) is None
        assert local_files(f"kokoro:{folder}", store) == folder
        assert local_files(str(folder), store) == folder
