from __future__ import annotations

from benchmarks.common.measurement import Measured
from benchmarks.stt.repeated_utterances import RepeatedUtterances, repeated_utterances
from benchmarks.stt.transcription_plan import MeasuredTranscription, Scenario, StreamCase
from benchmarks.stt.utterance_client import Answer


def case(server: str, scenario: Scenario, **texts: str) -> MeasuredTranscription:
    answers = tuple(Answer(name, 2.0, text, 0.1) for name, text in texts.items())
    return Measured(StreamCase(scenario, 1), server, answers, cpu_s=None)


def test_transcripts_of_the_same_utterance_are_compared_on_each_server() -> None:
    measured = [
        case("ours", "real-time", a="One.", b="Two."),
        case("peer", "real-time", a="One!", b="Too."),
        case("ours", "at-once", a=" One.", b="Two.", c="Three."),
        case("peer", "at-once", a="One.", b="Too."),
    ]
    assert repeated_utterances(measured) == [
        RepeatedUtterances("ours", 2, ()),
        RepeatedUtterances("peer", 2, ("a",)),
    ]


def test_failures_and_single_transcripts_are_not_compared() -> None:
    failed = Measured(StreamCase("at-once", 1), "ours", (Answer("a", 2.0, failure="busy"),), 0.0)
    assert repeated_utterances([case("ours", "real-time", a="One."), failed]) == []


def test_utterances_that_differ_are_named() -> None:
    assert str(RepeatedUtterances("ours", 40, ("vm-a", "vm-b"))) == (
        "ours: 2 of 40 utterances have more than one transcript: vm-a, vm-b"
    )
    assert str(RepeatedUtterances("ours", 40, ())) == (
        "ours: 0 of 40 utterances have more than one transcript"
    )
