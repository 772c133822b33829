"""Speeds that are remembered for each machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from wyoming_voice_stack.machine.measured_speeds import MAX_MACHINES, MeasuredSpeeds


def test_each_machine_has_a_speed_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "not there yet" / "speeds.json"
    assert MeasuredSpeeds(file).of("fast") is None
    MeasuredSpeeds(file).remember("fast", 4.5)
    MeasuredSpeeds(file).remember("slow", 1.5)
    MeasuredSpeeds(file).remember("slow", 1.0)
    assert (MeasuredSpeeds(file).of("fast"), MeasuredSpeeds(file).of("slow")) == (4.5, 1.0)
    assert [path.name for path in file.parent.iterdir()] == ["speeds.json"]


def test_the_machine_measured_first_is_forgotten_first(tmp_path: Path) -> None:
    speeds = MeasuredSpeeds(tmp_path / "speeds.json")
    for number in range(MAX_MACHINES + 1):
        speeds.remember(f"machine {number}", number)
    assert (speeds.of("machine 0"), speeds.of("machine 1")) == (None, 1.0)


def test_long_names_of_machines(tmp_path: Path) -> None:
    speeds = MeasuredSpeeds(tmp_path / "speeds.json")
    for number in range(MAX_MACHINES):
        speeds.remember(f"{number:02} " + 10_000 * "x", 2.0)
    assert speeds.of("31 " + 10_000 * "x") == 2.0


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b'{"here": "fast"}', b'{"here": NaN}', b"[" * 10_000, b"\xff\xfe"],
)
def test_a_damaged_file_is_replaced(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "speeds.json"
    file.write_bytes(content)
    assert MeasuredSpeeds(file).of("here") is None
    MeasuredSpeeds(file).remember("here", 3.0)
    assert MeasuredSpeeds(file).of("here") == 3.0


def test_a_folder_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    MeasuredSpeeds(tmp_path / "file" / "speeds.json").remember("here", 3.0)
    assert "measured again at the next start" in caplog.text
