"""Models of onnx-asr in the settings, on the page and in the folder of models."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.support.checkpoints.tiny_parakeet import write_tiny_parakeet
from tests.support.fakes import eventually
from wyoming_voice_stack.asr.engine import RecognizerSource
from wyoming_voice_stack.asr.onnx.catalogue import AUTO, known_model
from wyoming_voice_stack.asr.onnx.onnx_source import OnnxSource
from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.asr.utterance_request import UtteranceRequest
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.errors import ConfigError, ModelCorrupt, ModelNotFound, UnknownLanguage
from wyoming_voice_stack.machine.processor import Processor
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.models.store import ModelStore, size_on_disk
from wyoming_voice_stack.server.assembly import asr
from wyoming_voice_stack.server.assembly.asr import asr_service, selected_model
from wyoming_voice_stack.server.assembly.model_shelf import DiskShelf
from wyoming_voice_stack.server.assembly.references import model_references
from wyoming_voice_stack.server.assembly.references.model_references import (
    require_installed,
    weights_of,
)
from wyoming_voice_stack.server.assembly.references.offered_models import model_folders

V3 = "onnx-asr:nemo-parakeet-tdt-0.6b-v3"
CANARY = "onnx-asr:nemo-canary-180m-flash"


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if onnx-asr were installed: these tests do not load a model."""
    monkeypatch.setitem(
        model_references._REQUIRED_PACKAGES, "onnx-asr", ("wyoming_voice_stack", "onnx-asr")
    )
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", offline=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_parakeet(tmp_path / "mine")


def service(store: ModelStore, *models: str, **settings: Any) -> AsrService:
    made = Settings(service_mode="asr", asr_model=models, **settings)
    return asr_service(made, Metrics(), store)


def test_what_clients_see_of_known_models(store: ModelStore) -> None:
    parakeet, canary, base = service(store, V3, CANARY.upper(), "base").models
    assert (parakeet.name, len(parakeet.languages), parakeet.translates) == (V3[9:], 25, False)
    assert (canary.languages, canary.translates) == (("de", "en", "es", "fr"), True)
    assert (base.name, base.translates) == ("base", True)
    assert [model.family.name for model in (parakeet, canary, base)] == ["NeMo", "NeMo", "Whisper"]
    assert parakeet.family.authors == "NVIDIA, Ilya Stupakov"


def test_a_path_is_never_shown(store: ModelStore, folder: Path) -> None:
    for reference in (f"onnx-asr:{folder}", str(folder)):
        [model] = service(store, reference).models
        assert (model.name, model.languages) == ("mine", ("de", "en"))


def test_language_and_model_of_a_request(store: ModelStore, folder: Path) -> None:
    opened = service(store, f"onnx-asr:{folder}", V3)
    assert opened.resolve(UtteranceRequest(language="de-CH")).request.language == "de"
    with pytest.raises(UnknownLanguage, match=r"'mine' does not support language 'fr'.*: en, de\."):
        opened.resolve(UtteranceRequest(language="fr"))
    assert opened.resolve(UtteranceRequest(model=V3, language="fr")).request.language == "fr"


def test_a_language_that_the_model_lacks(store: ModelStore) -> None:
    with pytest.raises(ConfigError, match=r"ASR_LANGUAGE='ja'.*nemo-parakeet-tdt-0\.6b-v3"):
        service(store, V3, asr_language="ja")


def test_translation_is_refused_at_start(store: ModelStore) -> None:
    with pytest.raises(ConfigError, match=r"ASR_TASK=translate: model nemo-.* such as small\."):
        service(store, V3, asr_task="translate")
    service(store, CANARY, asr_task="translate")
    # As before: an English Whisper transcribes whatever it is.
    service(store, "base.en", asr_task="translate")


def test_languages_have_to_be_known(store: ModelStore, folder: Path) -> None:
    config = folder / "config.json"
    config.write_text(json.dumps({"model_type": "nemo-conformer-tdt", "features_size": 128}))
    with pytest.raises(ModelCorrupt, match=r"languages of the model .* config\.json, such as"):
        service(store, f"onnx-asr:{folder}")
    named = folder.rename(folder.with_name("parakeet-tdt-0.6b-v2-mine"))
    [model] = service(store, f"onnx-asr:{named}").models
    assert model.languages == ("en",)


def test_a_whisper_export_before_it_is_there(store: ModelStore) -> None:
    [model] = service(store, "onnx-asr:onnx-community/whisper-small").models
    assert {"de", "ja"} < set(model.languages)
    assert "yue" not in model.languages


@pytest.mark.parametrize("name", ["onnx-asr:org/x", "onnx-asr:/nowhere", "onnx-asr:./x"])
def test_what_cannot_be_had(store: ModelStore, name: str) -> None:
    with pytest.raises(ModelNotFound):
        service(store, name)


def test_a_package_that_is_missing(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = ("no_such_package", "onnx-asr")
    monkeypatch.setitem(model_references._REQUIRED_PACKAGES, "onnx-asr", missing)
    with pytest.raises(ModelNotFound, match=r"pip install '\.\[onnx-asr\]'"):
        require_installed(weights_of(V3, store, environ={}))


async def test_a_download_that_is_forbidden_is_the_state_of_the_server(store: ModelStore) -> None:
    running = service(store, V3)
    await running.start()
    try:
        await eventually(lambda: running.status().state == "failed")
        assert "istupakov/parakeet-tdt-0.6b-v3-onnx is not in" in running.status().detail
    finally:
        assert await running.stop(20)


def test_files_that_were_downloaded_are_used(store: ModelStore) -> None:
    model = known_model(V3[9:])
    assert model is not None
    downloaded = store.root / model.hub.directory
    weights = weights_of(V3, store, environ={})
    assert weights.find() is None
    write_tiny_parakeet(downloaded)
    assert weights.locate() == downloaded
    assert len(source(weights).languages) == 25


def source(weights: model_references.Weights) -> RecognizerSource:
    found = OnnxSource(weights.reference, weights.find, weights.locate, device="cuda", threads=1)
    assert found.smaller == "base"
    return found


def test_a_graphics_card_is_not_used(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("onnx_asr", reason="the extra onnx-asr is not installed")
    pytest.importorskip("faster_whisper")
    weights = weights_of(f"onnx-asr:{folder}", ModelStore(folder.parent), environ={})
    with caplog.at_level(logging.WARNING):
        loaded = source(weights).load()
    assert loaded.device == "cpu"
    assert "runs on the CPU, whatever ASR_DEVICE is" in caplog.text
    loaded.close()


@pytest.mark.parametrize(
    ("languages", "cores", "selected"),
    [
        (("de-AT", "en"), 4, V3),
        (("en",), 4, "onnx-asr:nemo-parakeet-tdt-0.6b-v2"),
        (("ja",), 4, "base"),
        ((), 4, "base"),
        (("en",), 2, "base.en"),
    ],
)
def test_automatic_choice(
    languages: tuple[str, ...], cores: int, selected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = Processor("x86_64", "fast", frozenset({"avx2"}))
    monkeypatch.setattr(asr, "read_processor", lambda: fast)
    monkeypatch.setattr(asr, "available_cores", lambda: cores)
    monkeypatch.setattr(asr, "available_memory_bytes", lambda: 8 * 1024**3)
    settings = Settings(service_mode="asr", asr_device="cpu", asr_languages=languages)
    assert selected_model(AUTO, settings) == selected
    assert selected_model("auto", settings) == ("base.en" if languages == ("en",) else "base")


def test_on_the_page(store: ModelStore, folder: Path) -> None:
    copied = store.root / "org--mine"
    copied.parent.mkdir()
    folder.rename(copied)
    listed = {model.id: model for model in DiskShelf(store, "asr", {V3: "x"}, {}).models()}
    offered = listed[V3]
    assert (offered.state, offered.size_bytes, offered.licence) == (
        "remote",
        670_480_000,
        "CC-BY-4.0",
    )
    assert len(offered.languages) == 25
    assert listed["org--mine"].name == "org/mine"
    assert "onnx-asr:whisper-base" in listed
    # It is no voice.
    assert "org--mine" not in {model.id for model in DiskShelf(store, "tts", {}, {}).models()}


@pytest.mark.parametrize("reference", ["onnx-asr:{}", "{}"])
def test_a_model_in_use_is_not_deleted(store: ModelStore, folder: Path, reference: str) -> None:
    copied = store.root / "org--mine"
    copied.parent.mkdir()
    folder.rename(copied)
    shelf = DiskShelf(store, "asr", {reference.format(copied): "mine"}, {})
    [mine] = [model for model in shelf.models() if model.active]
    assert (mine.id, mine.can_delete) == ("org--mine", False)


def test_a_model_in_use_elsewhere(store: ModelStore, folder: Path) -> None:
    shelf = DiskShelf(store, "asr", {f"onnx-asr:{folder}": "mine"}, {})
    [mine] = [model for model in shelf.models() if model.active]
    assert (mine.name, mine.state, mine.can_delete) == ("mine", "on-disk", False)
    assert mine.size_bytes == size_on_disk(folder)


def test_a_folder_that_is_named_alone_is_in_use() -> None:
    assert "mine" in model_folders(["onnx-asr:mine"])
