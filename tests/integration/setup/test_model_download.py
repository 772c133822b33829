"""`models pull` from a hub: its progress, and what is left when it is interrupted."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_servers.fake_hub import FakeHub, Repository
from tests.support.integration.commands import COMMAND, command, complaint
from tests.support.integration.servers import clean_environment
from wyoming_voice_stack.errors import EXIT_INTERRUPTED, EXIT_UNAVAILABLE

REPOSITORY = "Systran/faster-whisper-base"
FILES = {
    "config.json": b"{}",
    "model.bin": bytes(range(256)) * 8000,
    "tokenizer.json": b"{}",
    "vocabulary.txt": b"a",
}
TOTAL = "2.0 MB"


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with FakeHub({REPOSITORY: Repository(dict(FILES))}) as running:
        yield running


def reaching(hub: FakeHub, folder: Path) -> dict[str, str]:
    return {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "0"}


def test_in_a_pipe(hub: FakeHub, tmp_path: Path) -> None:
    done = command("models", "pull", "base", cwd=tmp_path, settings=reaching(hub, tmp_path))
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.decode().splitlines()
    name, folder = line.split("  ")
    assert name == "base"
    assert (tmp_path / folder / "model.bin").read_bytes() == FILES["model.bin"]
    said = done.stderr.decode()
    assert said == f"base: 0.0 MB of {TOTAL}\n"


def test_interrupted_and_continued(hub: FakeHub, tmp_path: Path) -> None:
    hub.repositories[REPOSITORY].stalls.add("model.bin")
    pulling = subprocess.Popen(
        # Started in the background, the tests would pass on that the signal is ignored.
        ["env", "--default-signal=INT", *COMMAND, "models", "pull", "base"],
        env=clean_environment(**reaching(hub, tmp_path)),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert hub.halfway.wait(60)
    half = len(FILES["model.bin"]) // 2
    while not any(part.stat().st_size == half for part in tmp_path.rglob("*.part")):
        assert pulling.poll() is None
    pulling.send_signal(signal.SIGINT)
    out, err = pulling.communicate(timeout=300)
    assert (pulling.returncode, out) == (EXIT_INTERRUPTED, "")
    assert err.splitlines()[-1] == (
        "wyoming-voice-stack: interrupted; to continue the download of base, run the command again."
    )
    assert "Traceback" not in err
    hub.repositories[REPOSITORY].stalls.clear()
    hub.go_on.set()
    done = command("models", "pull", "base", cwd=tmp_path, settings=reaching(hub, tmp_path))
    assert done.returncode == 0, done.stderr
    assert hub.continued_at == [half]
    assert done.stderr.decode() == f"base: 1.0 MB of {TOTAL}\n"


def test_on_a_terminal_there_is_one_bar(hub: FakeHub, tmp_path: Path) -> None:
    terminal, other_end = pty.openpty()
    environ = clean_environment(**reaching(hub, tmp_path), TERM="xterm", COLUMNS="100")
    try:
        done = subprocess.run(
            [*COMMAND, "models", "pull", "base"],
            env=environ,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=other_end,
            check=True,
            timeout=300,
        )
        os.close(other_end)
        shown = b""
        # At its end, a terminal reports an error.
        try:
            while part := os.read(terminal, 65536):
                shown += part
        except OSError:
            pass
    finally:
        os.close(terminal)
    assert done.stdout.startswith(b"base  ")
    text = shown.decode()
    assert "base" in text
    assert f"{TOTAL} of {TOTAL}" in text
    assert "model.bin" not in text


def test_a_model_that_the_hub_does_not_have(hub: FakeHub, tmp_path: Path) -> None:
    settings = reaching(hub, tmp_path) | {"ASR_MODEL": "org/none", "ASR_PORT": "0"}
    done = command("serve", "--mode", "asr", cwd=tmp_path, settings=settings)
    assert "the hub has no org/none at revision main" in complaint(done, EXIT_UNAVAILABLE)
