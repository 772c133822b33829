"""Runs the Wyoming authors' own benchmark."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.support.speech import say, silence
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli.audio_files import write_recording
from wyoming_voice_stack.cli.client import AudioClip

SENTENCES = ["Turn on the kitchen lights.", "What is the temperature in the living room?"]
BENCH_SECONDS = 300.0


def bench(task: str, port: int, *options: str) -> str:
    """Run one task against the server on this port; return its report."""
    done = subprocess.run(
        [sys.executable, "-m", "wyoming_bench.cli", task, f"127.0.0.1:{port}", *options],
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


def write_corpus(folder: Path) -> Path:
    """Write two recordings with their texts; return the folder."""
    for number, sentence in enumerate(SENTENCES):
        samples = np.concatenate((silence(0.3), say(sentence), silence(0.3)))
        write_recording(str(folder / f"{number}.wav"), AudioClip(16000, 2, 1, to_pcm16(samples)))
        (folder / f"{number}.txt").write_text(sentence)
    return folder
