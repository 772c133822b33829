from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.support.fake_servers.fake_hub import sha256
from wyoming_voice_stack.errors import ModelCorrupt
from wyoming_voice_stack.models import digests
from wyoming_voice_stack.models.digests import (
    DIGESTS_FILE,
    check_digests,
    read_digests,
    write_digests,
)
from wyoming_voice_stack.models.hub_model import HubModel

FILES = {"model.bin": b"weights" * 1000, "en/voice name.json": b"{}"}
HUB = HubModel("org/whisper", required=("model.bin",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / HUB.directory
    for path, data in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    write_digests(folder, {path: sha256(data) for path, data in FILES.items()})
    return folder


def check(folder: Path) -> None:
    check_digests(folder, threading.Event())


def test_they_are_read_as_written(folder: Path) -> None:
    assert read_digests(folder) == {path: sha256(data) for path, data in FILES.items()}
    check(folder)


def test_flipped_bit(folder: Path) -> None:
    damaged = bytearray(FILES["model.bin"])
    damaged[3500] ^= 4
    (folder / "model.bin").write_bytes(damaged)
    with pytest.raises(
        ModelCorrupt, match=r"whisper is damaged: model.bin has changed.*Delete the"
    ):
        check(folder)


def test_missing_file(folder: Path) -> None:
    (folder / "en/voice name.json").unlink()
    with pytest.raises(ModelCorrupt, match=r"voice name\.json cannot be read"):
        check(folder)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"no digest\n", b"x" * (1 << 20 | 1)])
def test_nothing_is_checked_without_digests(folder: Path, content: bytes) -> None:
    (folder / "model.bin").write_bytes(b"anything")
    (folder / DIGESTS_FILE).write_bytes(content)
    check(folder)
    (folder / DIGESTS_FILE).unlink()
    check(folder)


def test_reading_is_slow_and_can_be_cancelled(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "model.bin").write_bytes(b"damaged" * 1000)
    monkeypatch.setattr(digests, "READ_BYTES_PER_SECOND", 1)
    cancelled = threading.Event()
    checking = threading.Thread(target=check_digests, args=(folder, cancelled))
    checking.start()
    cancelled.set()
    checking.join(20)
    assert not checking.is_alive()


def test_pause_keeps_the_rate(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    class Cancelled(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            pauses.append(timeout or 0.0)
            return False

    monkeypatch.setattr(digests, "READ_BYTES_PER_SECOND", 700)
    check_digests(folder, Cancelled())
    assert max(pauses) == pytest.approx(10.0, abs=1.0)


def test_model_without_a_file_that_it_had_is_fetched_again(folder: Path, tmp_path: Path) -> None:
    assert HUB.stored(tmp_path) == folder
    (folder / "en/voice name.json").unlink()
    assert HUB.stored(tmp_path) is None
