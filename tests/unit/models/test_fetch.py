from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.fake_servers.fake_hub import FakeHub, Repository, sha256
from wyoming_voice_stack.models.digests import DIGESTS_FILE, read_digests
from wyoming_voice_stack.models.fetch import HUB_ANSWER_S
from wyoming_voice_stack.models.hub_model import PARTIAL
from wyoming_voice_stack.models.partial_downloads import STALE_S
from wyoming_voice_stack.models.store import HubModel, ModelStore

WHISPER = HubModel("org/whisper", required=("config.json", "model.bin"))
WHISPER_FILES = {"config.json": b'{"layers": 1}', "model.bin": bytes(range(256)) * 4096}
VOICE_FILES = {
    f"en/{name}.onnx{suffix}": f"{name}{suffix}".encode()
    for name in ("amy", "joe")
    for suffix in ("", ".json")
}

HALF = len(WHISPER_FILES["model.bin"]) // 2

FETCH = """
import logging, resource, sys
from pathlib import Path
from wyoming_voice_stack.models import fetch, transfer
from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.models.store import HubModel, ModelStore
fetch.HUB_ANSWER_S = float(sys.argv.pop())
transfer.RETRY_PAUSES_S = ()
logging.basicConfig(level=logging.INFO, stream=sys.stderr)
root, model, file_size_limit = sys.argv[1:]
if int(file_size_limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(file_size_limit), int(file_size_limit)))
try:
    print("OK", ModelStore(Path(root)).resolve("name", eval(model)))
except VoiceStackError as error:
    print(type(error).__name__, error)
"""


def voice(name: str) -> HubModel:
    files = (f"en/{name}.onnx", f"en/{name}.onnx.json")
    return HubModel("org/voices", include=files, required=files)


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    repositories = {
        "org/whisper": Repository(dict(WHISPER_FILES)),
        "org/voices": Repository(dict(VOICE_FILES)),
        "org/gated": Repository({"model.bin": b"x"}, gated=True),
    }
    with FakeHub(repositories) as running:
        yield running


@pytest.fixture
def environ(hub: FakeHub, tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    kept.pop("HF_HUB_OFFLINE", None)
    mine = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_XET": "1"}
    return kept | mine


def start(
    model: HubModel,
    root: Path,
    environ: Mapping[str, str],
    file_size_limit: int = 0,
    hub_answer_s: float = HUB_ANSWER_S,
) -> subprocess.Popen[str]:
    """The hub's library reads its environment once, when imported: so in a process of its own."""
    return subprocess.Popen(
        [
            # Started in the background, the tests would pass on that this signal is ignored.
            *("env", "--default-signal=INT", sys.executable, "-c", FETCH, str(root), repr(model)),
            *(str(file_size_limit), str(hub_answer_s)),
        ],
        env=dict(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start_and_stall(hub: FakeHub, root: Path, environ: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start fetching the model, and wait until the hub has sent half of its largest file."""
    hub.repositories["org/whisper"].stalls.add("model.bin")
    process = start(WHISPER, root, environ)
    assert hub.halfway.wait(60)
    return process


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate()
    assert "Traceback" not in err, err
    assert process.returncode == 0, err
    assert "%|" not in err, "a progress bar without a terminal"
    return out.strip()


def fetch(model: HubModel, root: Path, environ: Mapping[str, str], file_size_limit: int = 0) -> str:
    return finish(start(model, root, environ, file_size_limit))


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a fetched model, whose digests are beside them."""
    files = (path for path in folder.rglob("*") if path.is_file())
    found = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    assert found.pop(DIGESTS_FILE)
    digests = read_digests(folder)
    assert digests == {path: sha256(found[path]) for path in digests}
    return found


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
        assert "copy the folder" in answer
        assert not hub.requests

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
