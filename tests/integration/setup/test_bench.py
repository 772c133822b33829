"""The Wyoming authors' own benchmark accepts both servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.integration.servers import Server
from tests.support.integration.wyoming_bench import bench, runs, write_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


def test_info(asr_server: Server, tts_server: Server) -> None:
    assert "Voice Stack STT" in bench("info", asr_server.port)
    assert "en_US-joe-medium" in bench("info", tts_server.port)


def test_stt(asr_server: Server, corpus: Path) -> None:
    report = bench(
        *("stt", asr_server.port, "--corpus", str(corpus), "--mode", "both"),
        *("--rounds", "2", "--warmup", "0"),
    )
    assert runs(report) == {"non_streaming": (4, 0), "streaming": (4, 0)}
    assert "SAR=100.0%" in report


def test_tts(tts_server: Server) -> None:
    report = bench(
        *("tts", tts_server.port, "--mode", "both", "--rounds", "2", "--warmup", "0"),
        *("--texts", "Dinner is ready. Come to the table."),
    )
    assert runs(report) == {"non_streaming": (2, 0), "streaming": (2, 0)}
