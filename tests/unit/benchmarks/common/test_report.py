"""Failures are printed with their reason."""

from __future__ import annotations

from rich.console import Console

from benchmarks.common.measurement import Measured
from benchmarks.common.report import print_failures
from benchmarks.stt.transcription_plan import StreamCase
from benchmarks.stt.utterance_client import Answer
from benchmarks.tts.synthesis_client import Reply
from benchmarks.tts.synthesis_plan import ClientCase


def test_a_failure_is_printed_with_its_case_and_its_reason() -> None:
    console = Console(width=120, record=True, quiet=False)
    answers = (Answer("vm-intro", 1.0, "fine", 0.1), Answer("vm-[x]", 1.0, failure="error [busy]"))
    print_failures([Measured(StreamCase("real-time", 4), "ours", answers)], console)
    reply = Reply("Hello.", failure="timed out")
    print_failures([Measured(ClientCase("plain", "short", 2), "peer", (reply,))], console)
    assert console.export_text().splitlines() == [
        "failed: ours, real-time, 4 streams, vm-[x]: error [busy]",
        "failed: peer, plain, short, 2 clients, Hello.: timed out",
    ]
