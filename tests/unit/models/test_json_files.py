"""JSON files of models that are damaged or hostile."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wyoming_voice_stack.models import json_files
from wyoming_voice_stack.models.json_files import read_json


def test_content(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{"a": [1]}')
    assert read_json(tmp_path / "a.json") == {"a": [1]}


def test_nesting(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"[" * 100_000)
    with pytest.raises(ValueError, match="nested too deeply"):
        read_json(tmp_path / "a.json")


def test_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_files, "MAX_JSON_BYTES", 3)
    (tmp_path / "a.json").write_bytes(b"1234")
    with pytest.raises(ValueError, match="too large"):
        read_json(tmp_path / "a.json")


def test_a_pipe_does_not_keep_the_reader_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(OSError, match="a pipe or a device"):
        read_json(tmp_path / "a.json")
