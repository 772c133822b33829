"""The Wyoming authors' own benchmark accepts both servers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.integration.servers import Server
from tests.support.speech import say, silence
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli.audio_files import write_recording
from wyoming_voice_stack.cli.client import AudioClip

SENTENCES = ["Turn on the kitchen lights.", "What is the temperature in the living room?"]
BENCH_SECONDS = 300.0


def bench(task: str, server: Server, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "wyoming_bench.cli", task, f"127.0.0.1:{server.port}", *options],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=BENCH_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def runs(report: str) -> dict[str, tuple[int, int]]:
    """Successful and failed runs of each mode."""
    assert "skip" not in report
    counts = re.findall(r"^\[(\w+)\] ok=(\d+) fail=(\d+)$", report, re.MULTILINE)
    return {mode: (int(good), int(bad)) for mode, good, bad in counts}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for number, sentence in enumerate(SENTENCES):
        samples = np.concatenate((silence(0.3), say(sentence), silence(0.3)))
        write_recording(str(folder / f"{number}.wav"), AudioClip(16000, 2, 1, to_pcm16(samples)))
        (folder / f"{number}.txt").write_text(sentence)
    return folder


def test_info(asr_server: Server, tts_server: Server) -> None:
    assert "Voice Stack STT" in bench("info", asr_server)
    assert "en_US-joe-medium" in bench("info", tts_server)


def test_stt(asr_server: Server, corpus: Path) -> None:
    report = bench(
        *("stt", asr_server, "--corpus", str(corpus), "--mode", "both"),
        *("--rounds", "2", "--warmup", "0"),
    )
    assert runs(report) == {"non_streaming": (4, 0), "streaming": (4, 0)}
    assert "SAR=100.0%" in report


def test_tts(tts_server: Server) -> None:
    report = bench(
        *("tts", tts_server, "--mode", "both", "--rounds", "2", "--warmup", "0"),
        *("--texts", "Dinner is ready. Come to the table."),
    )
    assert runs(report) == {"non_streaming": (2, 0), "streaming": (2, 0)}
