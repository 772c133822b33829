"""Downloads that fail: the message, and what is left on the disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.fake_servers.fake_hub import FakeHub, sha256
from tests.support.fetching import WHISPER, WHISPER_FILES, contents, fetch, finish, start
from wyoming_voice_stack.models.store import HubModel, ModelStore


class TestFailures:
    def test_hub_goes_away_after_the_description(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        repository = hub.repositories["org/whisper"]
        repository.breaks_off.add("model.bin")
        fetch(WHISPER, tmp_path, environ)
        repository.breaks_off.clear()
        repository.commit = "2" * 40
        repository.files_are_hidden = True
        answer = fetch(WHISPER, tmp_path, environ)
        assert "and cannot be fetched (" in answer
        assert "403" in answer
        assert ModelStore(tmp_path).installed() == []
        repository.files_are_hidden = False
        assert fetch(WHISPER, tmp_path, environ).startswith("OK")
        assert contents(tmp_path / "org--whisper") == WHISPER_FILES

    def test_a_file_of_another_size_than_described(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        hub.repositories["org/whisper"].claimed_size_bytes["config.json"] = 1000
        answer = fetch(WHISPER, tmp_path, environ)
        assert f"1 of {len(WHISPER_FILES)} files did not arrive, such as config.json" in answer
        assert ModelStore(tmp_path).installed() == []

    def test_a_hub_that_tells_no_sizes(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        hub.repositories["org/whisper"].tells_sizes = False
        hub.repositories["org/whisper"].breaks_off.add("model.bin")
        assert "cannot be fetched" in fetch(WHISPER, tmp_path, environ)
        hub.repositories["org/whisper"].breaks_off.clear()
        assert fetch(WHISPER, tmp_path, environ).startswith("OK")
        assert contents(tmp_path / "org--whisper") == WHISPER_FILES

    def test_a_hub_that_does_not_answer(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        hub.repositories["org/whisper"].silent = True
        answer = finish(start(WHISPER, tmp_path, environ, hub_answer_s=0.2))
        assert "and cannot be fetched (ReadTimeout: timed out)" in answer
        hub.repositories["org/whisper"].silent = False
        assert fetch(WHISPER, tmp_path, environ).startswith("OK")

    def test_offline_by_the_environment(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        answer = fetch(WHISPER, tmp_path, environ | {"HF_HUB_OFFLINE": "1"})
        assert answer.startswith("ModelNotFound model org/whisper is not in")
        assert "HF_HUB_OFFLINE forbids downloads" in answer
        assert f"start once with access to {hub.url}, or copy the folder" in answer
        assert not hub.requests

    def test_the_address_of_the_hub_is_shown_without_its_password(
        self, environ: dict[str, str], tmp_path: Path
    ) -> None:
        answer = fetch(WHISPER, tmp_path, environ | {"HF_ENDPOINT": "http://me:pw@127.0.0.1:9"})
        assert "start once with access to http://127.0.0.1:9, or" in answer
        assert "pw" not in answer

    def test_no_network(self, environ: dict[str, str], tmp_path: Path) -> None:
        answer = fetch(WHISPER, tmp_path, environ | {"HF_ENDPOINT": "http://127.0.0.1:9"})
        assert answer.startswith("ModelNotFound model org/whisper is not in")
        assert "refused" in answer

    @pytest.mark.parametrize(
        ("model", "said"),
        [
            (HubModel("org/none"), "the hub has no org/none at revision main"),
            (HubModel("org/whisper", revision="v9"), "the hub has no org/whisper at revision v9"),
            (HubModel("org/gated"), "set HF_TOKEN"),
            (HubModel("org/whisper", required=("no.bin",)), "does not have no.bin on the hub"),
            (HubModel("org/whisper", include=("*.onnx",)), "does not have *.onnx on the hub"),
            (HubModel("not a/repository/name"), "and cannot be fetched (HFValidationError"),
        ],
    )
    def test_hub_does_not_have_it(
        self, model: HubModel, said: str, environ: dict[str, str], tmp_path: Path
    ) -> None:
        answer = fetch(model, tmp_path, environ)
        assert answer.startswith("ModelNotFound")
        assert said in answer
        assert "\n" not in answer
        assert ModelStore(tmp_path).installed() == []

    def test_pinned_digest_is_another(self, environ: dict[str, str], tmp_path: Path) -> None:
        pinned = replace(WHISPER, sha256={"config.json": "0" * 64})
        answer = fetch(pinned, tmp_path, environ)
        assert answer.startswith("ModelCorrupt config.json of org/whisper")
        assert ModelStore(tmp_path).find("whisper", pinned) is None
        right = replace(WHISPER, sha256={"config.json": sha256(WHISPER_FILES["config.json"])})
        assert fetch(right, tmp_path, environ).startswith("OK")

    def test_damaged_on_the_way(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        hub.repositories["org/whisper"].damaged.add("model.bin")
        assert fetch(WHISPER, tmp_path, environ).startswith("ModelCorrupt model.bin of org/whisper")
        assert ModelStore(tmp_path).find("whisper", WHISPER) is None
        hub.repositories["org/whisper"].damaged.clear()
        assert fetch(WHISPER, tmp_path, environ).startswith("OK")
        assert contents(tmp_path / "org--whisper") == WHISPER_FILES

    def test_folder_that_cannot_be_written(self, environ: dict[str, str], tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        root = tmp_path / "file" / "models"
        answer = fetch(WHISPER, root, environ)
        assert answer.startswith(f"ModelError cannot write org/whisper to {root}")
        assert "MODELS_DIR" in answer

    def test_too_large_for_the_disk(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        hub.repositories["org/whisper"].claimed_size_bytes["model.bin"] = 10**18
        answer = fetch(WHISPER, tmp_path, environ)
        assert answer.startswith("DiskFull org/whisper needs 1,000,000,000,000.0 MB")
        assert not hub.requests["GET model.bin"]

    def test_disk_takes_no_more(self, environ: dict[str, str], tmp_path: Path) -> None:
        answer = fetch(WHISPER, tmp_path, environ, file_size_limit=100_000)
        assert answer.startswith("ModelError cannot write org/whisper")
        assert "File too large" in answer
