"""The models that the page lists, with a folder of models on disk and downloads that the test controls."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.model_folders import Downloads, by_id, ended, shelf, whisper
from tests.support.page_client import CHANGE, STRANGER, error_of, page
from wyoming_voice_stack.errors import (
    RequestError,
    StorageError,
    UnknownModel,
)
from wyoming_voice_stack.http.page.sections.model_routes import ModelRoutes, ShownModel
from wyoming_voice_stack.models.store import ModelStore, shown_name
from wyoming_voice_stack.server.assembly.model_shelf import DiskShelf
from wyoming_voice_stack.tts.engines.piper.engine import piper_hub_model

XTTS = "tts_models/multilingual/multi-dataset/xtts_v2"
VOICE = "piper:de_DE-thorsten-medium"
ACCEPTED = {"COQUI_TOS_AGREED": "1"}


def test_models_on_disk_and_models_to_fetch(tmp_path: Path) -> None:
    whisper(tmp_path)
    whisper(tmp_path, "small", missing="model.bin")
    (tmp_path / "org--own").mkdir()
    (tmp_path / "org--own" / "model.bin").write_bytes(b"12345")
    (tmp_path / "a-voice").mkdir()
    (tmp_path / "a-voice" / "voice.onnx").write_bytes(b"1")
    models = by_id(shelf(tmp_path, "asr", "base"))
    assert models["base"] == ShownModel(
        id="base",
        name="base",
        size_bytes=30,
        languages=models["base"].languages,
        licence="MIT",
        state="on-disk",
        active=True,
        can_delete=False,
        needs=None,
    )
    assert {"en", "de"} <= set(models["base"].languages)
    assert models["tiny.en"].languages == ("en",)
    # An incomplete model has to be fetched, and a model under two names is one.
    assert (models["small"].state, models["small"].can_delete) == ("remote", False)
    assert models["large-v3-turbo"].size_bytes == 1_618_000_000
    assert "turbo" not in models
    own = models["org--own"]
    assert (own.name, own.size_bytes, own.state, own.can_delete) == ("org/own", 5, "on-disk", True)
    # The other server may use it.
    assert "a-voice" not in models
    assert [model.id for model in shelf(tmp_path, "asr").models()][:2] == ["org--own", "base"]


def test_voices_and_their_licences(tmp_path: Path) -> None:
    folder = tmp_path / piper_hub_model("de_DE-thorsten-medium").directory
    for file in piper_hub_model("de_DE-thorsten-medium").required:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(b"1")
    whisper(tmp_path)
    models = by_id(shelf(tmp_path, "tts", VOICE))
    assert (models[VOICE].active, models[VOICE].state) == (True, "on-disk")
    assert models[VOICE].languages == ("de-DE",)
    assert "base" not in models
    assert "COQUI_TOS_AGREED=1" in (models[XTTS].needs or "")
    assert "non-commercial" in models[XTTS].licence
    with pytest.raises(RequestError, match="COQUI_TOS_AGREED"):
        shelf(tmp_path, "tts").fetch(XTTS)
    assert by_id(shelf(tmp_path, "tts", VOICE, **ACCEPTED))[XTTS].needs is None


@pytest.mark.parametrize("kind", ["path", "package", "piper", "link"])
def test_a_model_in_use_outside_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    package = tmp_path / "own_package"
    (package / "base").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "base" / "model.bin").write_bytes(b"12345")
    (package / "anna.onnx").write_bytes(b"123")
    monkeypatch.syspath_prepend(str(tmp_path))
    root = tmp_path / "models"
    if kind == "link":
        root.symlink_to(package)
    reference, name, size = {
        "path": (str(package / "base"), "base", 5),
        "package": ("pkg:own_package/base", "own_package/base", 5),
        "piper": (f"piper:{package / 'anna.onnx'}", "anna", 3),
        # Directly in the folder of models, where nothing else is listed.
        "link": (str(root / "anna.onnx"), "anna", 3),
    }[kind]
    mode = "asr" if kind in {"path", "package"} else "tts"
    found = DiskShelf(ModelStore(root), mode, {reference: name}, {})
    shown = {model.name: model for model in found.models() if model.active}
    model = shown[name]
    assert (model.size_bytes, model.state, model.can_delete) == (size, "on-disk", False)
    assert str(tmp_path) not in model.id
    # Offered models of the same name are others.
    assert model.id not in {each.id for each in found.models() if not each.active}
    with pytest.raises(RequestError, match="The server uses"):
        found.remove(model.id)
    with pytest.raises(UnknownModel):
        found.fetch(model.id)
    assert (package / "base" / "model.bin").is_file()


def test_a_model_in_use_is_listed_once(tmp_path: Path) -> None:
    base = whisper(tmp_path)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "model.bin").write_bytes(b"12345")
    coqui = "tts_models/de/thorsten/vits"
    folder = tmp_path / "tts_models--de--thorsten--vits"
    folder.mkdir()
    (folder / "model_file.pth").write_bytes(b"1")
    for mode, reference, listed in (
        ("asr", "base", "base"),
        ("asr", str(base), "base"),
        ("asr", str(tmp_path / "own"), "own"),
        ("tts", coqui, folder.name),
    ):
        active = [model for model in shelf(tmp_path, mode, reference).models() if model.active]
        assert [(model.id, model.can_delete) for model in active] == [(listed, False)]
    # Nothing is there yet.
    missing = shelf(tmp_path, "asr", str(tmp_path / "none"), "organisation/none")
    assert not any(model.active for model in missing.models())


def test_no_folder_and_no_right_to_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {model.state for model in shelf(tmp_path / "none").models()} == {"remote"}

    def refuse(_: Path) -> Iterator[Path]:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert {model.state for model in shelf(tmp_path).models()} == {"remote"}


@pytest.mark.parametrize(
    "name", ["nothing", "../secret", "..", "/etc", "org/other", "piper:x", "", ".partial"]
)
def test_only_listed_models_are_touched(tmp_path: Path, name: str) -> None:
    root = tmp_path / "models"
    (root / ".partial").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    found = shelf(root)
    with pytest.raises(UnknownModel):
        found.fetch(name)
    with pytest.raises(UnknownModel):
        found.remove(name)
    assert (tmp_path / "secret").is_dir()
    assert (root / ".partial").is_dir()


def test_two_visitors_delete_the_same_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whisper(tmp_path)
    found = shelf(tmp_path)
    deleting = threading.Lock()
    monkeypatch.setattr(found, "_deleting", deleting)
    rename = Path.rename

    def rename_alone(folder: Path, target: Path) -> Path:
        assert deleting.locked()
        return rename(folder, target)

    monkeypatch.setattr(Path, "rename", rename_alone)
    found.remove("base")
    with pytest.raises(UnknownModel):
        found.remove("base")


def test_delete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, small = whisper(tmp_path), whisper(tmp_path, "small")
    found = shelf(tmp_path, "asr", "base")
    with pytest.raises(RequestError, match="The server uses base"):
        found.remove("base")

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", refuse)
        with pytest.raises(StorageError, match="MODELS_DIR"):
            found.remove("small")
    assert small.is_dir()
    found.remove("small")
    assert [path.name for path in tmp_path.iterdir()] == [base.name]
    assert by_id(found)["small"].state == "remote"


@pytest.mark.parametrize(
    "reference", ["base", "Systran/faster-whisper-base", "a path", "a path that was loaded"]
)
def test_the_model_in_use_has_many_names(tmp_path: Path, reference: str) -> None:
    folder = whisper(tmp_path)
    store = ModelStore(tmp_path)
    if reference == "a path":
        reference = str(folder)
    elif reference == "a path that was loaded":
        store.resolve(str(folder))
    found = DiskShelf(store, "asr", {reference: shown_name(reference)}, {})
    [shown] = [model for model in found.models() if model.state == "on-disk"]
    assert (shown.active, shown.can_delete) == (True, False)


async def test_models_over_http(tmp_path: Path, downloads: Downloads) -> None:
    whisper(tmp_path)
    found = shelf(tmp_path, "asr", "base")
    async with page(ModelRoutes(found)) as client:
        async with client.get("/ui/api/models", headers=STRANGER) as answer:
            models = {model["id"]: model for model in (await answer.json())["models"]}
        assert models["base"]["active"]
        for name in ("tiny", "small"):
            answer = await client.post(f"/ui/api/models/{name}", headers=CHANGE)
            assert (answer.status, await answer.json()) == (202, {"id": name})
        assert await error_of(await client.post("/ui/api/models/medium", headers=CHANGE)) == (
            429,
            "busy",
        )
        assert (await client.delete("/ui/api/models/tiny", headers=CHANGE)).status == 200
        answer = await client.delete("/ui/api/models/base", headers=CHANGE)
        assert await error_of(answer) == (400, "bad_request")
        for refused in ("..%2F..%2Fetc", "tts_models%2Fx", "nothing"):
            answer = await client.post(f"/ui/api/models/{refused}", headers=CHANGE)
            assert (await error_of(answer))[0] == 404
        for answer in (
            await client.post("/ui/api/models/base"),
            await client.delete("/ui/api/models/base"),
            await client.post("/ui/api/models/base", headers=STRANGER | CHANGE),
        ):
            assert await error_of(answer) == (403, "change_not_allowed")
    downloads.go_on.set()
    ended(found)
