"""What the commands say and leave behind when there is no room for their output."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wyoming_voice_stack.cli.audio_files import write_recording
from wyoming_voice_stack.cli.client import AudioClip
from wyoming_voice_stack.errors import ConfigError

LONG = AudioClip(16000, 2, 1, bytes(32_000))
SHORT = AudioClip(16000, 2, 1, bytes(320))
ROOM_BYTES = 8_000


@contextmanager
def little_room() -> Iterator[None]:
    """Let no file grow beyond `ROOM_BYTES`."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_nothing_is_left_of_a_recording_that_does_not_fit(tmp_path: Path) -> None:
    with little_room(), pytest.raises(ConfigError, match=r"new\.wav cannot be written: File too"):
        write_recording(str(tmp_path / "new.wav"), LONG)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_recording_is_kept(tmp_path: Path) -> None:
    old = tmp_path / "old.wav"
    old.write_bytes(b"an earlier recording")
    with little_room(), pytest.raises(ConfigError):
        write_recording(str(old), LONG)
    assert old.read_bytes() == b"an earlier recording"
    assert list(tmp_path.iterdir()) == [old]


def test_a_file_that_is_replaced_stays_what_it_was(tmp_path: Path) -> None:
    kept, link = tmp_path / "kept.wav", tmp_path / "link.wav"
    kept.write_bytes(b"")
    kept.chmod(0o640)
    link.symlink_to(kept)
    write_recording(str(link), SHORT)
    assert link.is_symlink()
    assert kept.read_bytes().startswith(b"RIFF")
    assert kept.stat().st_mode & 0o777 == 0o640


def test_what_an_earlier_process_left_does_not_matter(tmp_path: Path) -> None:
    left = tmp_path / f".wyoming-voice-stack-{os.getpid()}.part"
    left.write_bytes(b"half a recording")
    write_recording(str(tmp_path / "new.wav"), SHORT)
    assert (tmp_path / "new.wav").read_bytes().startswith(b"RIFF")
    assert left.read_bytes() == b"half a recording"


def test_a_file_that_may_not_be_written_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept.wav"
    kept.write_bytes(b"a recording")
    inode = kept.stat().st_ino
    # Root may write any file.
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != kept)
    write_recording(str(kept), SHORT)
    assert kept.stat().st_ino == inode


def test_a_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    with pytest.raises(ConfigError, match="Too many levels of symbolic links"):
        write_recording(str(tmp_path / "loop.wav"), SHORT)


def test_a_device_is_written_to(tmp_path: Path) -> None:
    full = tmp_path / "full.wav"
    full.symlink_to("/dev/full")
    with pytest.raises(ConfigError, match="No space left on device"):
        write_recording(str(full), SHORT)
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize("unbuffered", [False, True])
def test_what_is_printed_does_not_fit(unbuffered: bool) -> None:
    options = ["-u"] if unbuffered else []
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, *options, "-m", "wyoming_voice_stack", "--version"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == (
        "wyoming-voice-stack: The output cannot be written: No space left on device.\n"
    )
