from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.fake_servers.fake_hub import FakeHub
from tests.support.fetching import (
    VOICE_FILES,
    WHISPER,
    WHISPER_FILES,
    contents,
    fetch,
    finish,
    start,
)
from wyoming_voice_stack.models.hub_model import PARTIAL
from wyoming_voice_stack.models.partial_downloads import STALE_S
from wyoming_voice_stack.models.store import HubModel, ModelStore

HALF = len(WHISPER_FILES["model.bin"]) // 2


def voice(name: str) -> HubModel:
    files = (f"en/{name}.onnx", f"en/{name}.onnx.json")
    return HubModel("org/voices", include=files, required=files)


def start_and_stall(hub: FakeHub, root: Path, environ: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start fetching the model, and wait until the hub has sent half of its largest file."""
    hub.repositories["org/whisper"].stalls.add("model.bin")
    process = start(WHISPER, root, environ)
    assert hub.halfway.wait(60)
    return process


def unfinished(root: Path) -> list[Path]:
    return list((root / PARTIAL).rglob("*.part"))


def once_it_has_half(root: Path) -> Path:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        for path in unfinished(root):
            if path.stat().st_size == HALF:
                return path
    raise AssertionError("half of the file did not arrive")


class TestFetching:
    def test_whole_repository_then_never_again(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        root = tmp_path / "models"
        folder = root / "org--whisper"
        assert fetch(WHISPER, root, environ) == f"OK {folder}"
        assert contents(folder) == WHISPER_FILES
        # Whatever else the hub's library asks, it waits for without end.
        assert set(hub.requests) == {
            "GET revision",
            *(f"{verb} {path}" for path in WHISPER_FILES for verb in ("HEAD", "GET")),
        }
        hub.requests.clear()
        assert fetch(WHISPER, root, environ) == f"OK {folder}"
        assert ModelStore(root).resolve("whisper", WHISPER) == folder
        assert not hub.requests
        assert [model.name for model in ModelStore(root).installed()] == ["org/whisper"]

    def test_two_parts_of_one_repository(self, environ: dict[str, str], tmp_path: Path) -> None:
        for name in ("joe", "amy"):
            folder = tmp_path / voice(name).directory
            assert fetch(voice(name), tmp_path, environ) == f"OK {folder}"
            assert contents(folder) == {
                path: data for path, data in VOICE_FILES.items() if name in path
            }
        assert len(ModelStore(tmp_path).installed()) == 2

    def test_broken_off_leaves_nothing_and_the_next_try_completes(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        hub.repositories["org/whisper"].breaks_off.add("model.bin")
        answer = fetch(WHISPER, tmp_path, environ)
        assert answer.startswith(f"ModelNotFound model org/whisper is not in {tmp_path}")
        assert "Connection reset by peer" in answer
        assert ModelStore(tmp_path).find("whisper", WHISPER) is None
        assert ModelStore(tmp_path).installed() == []
        hub.repositories["org/whisper"].breaks_off.clear()
        assert fetch(WHISPER, tmp_path, environ).startswith("OK")
        assert contents(tmp_path / "org--whisper") == WHISPER_FILES
        assert hub.requests["GET config.json"] == 1, "a whole file is not fetched twice"

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
    def test_continued_after_the_process_was_stopped(
        self, number: signal.Signals, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        process = start_and_stall(hub, tmp_path, environ)
        part = once_it_has_half(tmp_path)
        process.send_signal(number)
        process.communicate()
        assert ModelStore(tmp_path).find("whisper", WHISPER) is None
        assert part.stat().st_size == HALF
        hub.repositories["org/whisper"].stalls.clear()
        hub.go_on.set()
        assert fetch(WHISPER, tmp_path, environ).startswith("OK")
        assert hub.continued_at == [HALF]
        assert contents(tmp_path / "org--whisper") == WHISPER_FILES
        assert list((tmp_path / PARTIAL).iterdir()) == [tmp_path / PARTIAL / "org--whisper.lock"]

    def test_continued_after_the_hub_failed(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        hub.repositories["org/whisper"].ends_early.add("model.bin")
        answer = fetch(WHISPER, tmp_path, environ)
        assert f"cannot be fetched (ConnectionError: the connection ended after {HALF} of" in answer
        hub.repositories["org/whisper"].ends_early.clear()
        assert fetch(WHISPER, tmp_path, environ).startswith("OK")
        assert hub.continued_at == [HALF]
        assert contents(tmp_path / "org--whisper") == WHISPER_FILES

    def test_from_the_start_if_the_hub_cannot_continue(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        repository = hub.repositories["org/whisper"]
        repository.ends_early.add("model.bin")
        fetch(WHISPER, tmp_path, environ)
        repository.ends_early.clear()
        repository.continues = False
        assert fetch(WHISPER, tmp_path, environ).startswith("OK")
        assert hub.continued_at == []
        assert contents(tmp_path / "org--whisper") == WHISPER_FILES

    def test_a_file_that_changed_is_not_continued(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        repository = hub.repositories["org/whisper"]
        repository.ends_early.add("model.bin")
        fetch(WHISPER, tmp_path, environ)
        [before] = unfinished(tmp_path)
        repository.files["model.bin"] = bytes(reversed(WHISPER_FILES["model.bin"]))
        fetch(WHISPER, tmp_path, environ)
        [after] = unfinished(tmp_path)
        assert after != before, "only one is kept"
        repository.ends_early.clear()
        assert fetch(WHISPER, tmp_path, environ).startswith("OK")
        assert contents(tmp_path / "org--whisper") == repository.files

    def test_an_unfinished_file_that_is_damaged(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        hub.repositories["org/whisper"].ends_early.add("model.bin")
        fetch(WHISPER, tmp_path, environ)
        hub.repositories["org/whisper"].ends_early.clear()
        [part] = unfinished(tmp_path)
        part.write_bytes(bytes(HALF))
        assert fetch(WHISPER, tmp_path, environ).startswith("ModelCorrupt model.bin of org/whisper")
        assert fetch(WHISPER, tmp_path, environ).startswith("OK")
        assert contents(tmp_path / "org--whisper") == WHISPER_FILES

    def test_abandoned_downloads_are_removed_in_the_end(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        hub.repositories["org/whisper"].ends_early.add("model.bin")
        fetch(WHISPER, tmp_path, environ)
        fetch(voice("joe"), tmp_path, environ)
        assert unfinished(tmp_path)
        long_ago = time.time() - STALE_S - 1
        for path in (tmp_path / PARTIAL / "org--whisper").rglob("*"):
            os.utime(path, (long_ago, long_ago))
        os.utime(tmp_path / PARTIAL / "org--whisper", (long_ago, long_ago))
        fetch(voice("amy"), tmp_path, environ)
        assert not (tmp_path / PARTIAL / "org--whisper").exists()

    def test_two_processes_at_once(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        first = start_and_stall(hub, tmp_path, environ)
        second = start(WHISPER, tmp_path, environ)
        assert second.stderr is not None
        assert any("Another process is fetching" in line for line in second.stderr)
        hub.go_on.set()
        answer = f"OK {tmp_path / 'org--whisper'}"
        assert (finish(first), finish(second)) == (answer, answer)
        assert hub.requests["GET revision"] == 1
        assert hub.requests["GET model.bin"] == 1
        assert contents(tmp_path / "org--whisper") == WHISPER_FILES

    def test_model_that_lost_a_file_is_made_whole(
        self, hub: FakeHub, environ: dict[str, str], tmp_path: Path
    ) -> None:
        fetch(WHISPER, tmp_path, environ)
        folder = tmp_path / "org--whisper"
        (folder / "config.json").unlink()
        (folder / "of-the-user.txt").write_bytes(b"kept")
        assert fetch(WHISPER, tmp_path, environ) == f"OK {folder}"
        assert contents(folder) == WHISPER_FILES | {"of-the-user.txt": b"kept"}
        assert hub.requests["GET model.bin"] == 1
