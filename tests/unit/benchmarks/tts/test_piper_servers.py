"""wyoming-piper gets the same settings as our server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.common import servers
from benchmarks.common.errors import BenchmarkError
from benchmarks.tts.piper_servers import JOE, SENTENCE_PAUSE_MS, PiperOptions, peer_piper


@pytest.mark.model
def test_the_peer_gets_the_same_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "environment_with", lambda *_: tmp_path / "venv")
    monkeypatch.setattr(servers, "versions_in", lambda *_: "piper-tts 1")
    monkeypatch.setenv("WYOMING_PIPER_ARGS", "--debug")
    commands: list[list[str]] = []
    variables: dict[str, str] = {}

    @contextmanager
    def answering(
        command: list[str], inherited: dict[str, str], port: int, folder: Path
    ) -> Iterator[SimpleNamespace]:
        commands.append(command)
        variables.update(inherited)
        yield SimpleNamespace(pid=7)

    monkeypatch.setattr(servers, "answering", answering)
    with peer_piper(PiperOptions(JOE, 0), tmp_path, tmp_path, "--noise-scale 0.5") as target:
        assert (target.name, target.pid) == ("peer", 7)
    (command,) = commands
    arguments = dict(pairwise(command))
    assert arguments["--voice"] == "en_US-joe-medium"
    assert (Path(arguments["--data-dir"]) / "en_US-joe-medium.onnx").is_file()
    assert float(arguments["--sentence-silence"]) * 1000 == SENTENCE_PAUSE_MS
    assert command[-2:] == ["--noise-scale", "0.5"]
    assert "WYOMING_PIPER_ARGS" not in variables
    with (
        pytest.raises(BenchmarkError, match="piper:VOICE"),
        peer_piper(PiperOptions("tts_models/x", 0), tmp_path, tmp_path, ""),
    ):
        pass
