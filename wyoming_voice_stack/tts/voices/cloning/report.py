"""Makes the log line about a voice whose recordings have been assessed."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wyoming_voice_stack.tts.voices.cloning.assessment import (
    Assessment,
    Fault,
    fault_of_duration,
)

PROBLEMS_IN_A_MESSAGE = 3


@dataclass(frozen=True)
class Message:
    """One line for the log."""

    level: int
    text: str


@dataclass(frozen=True)
class VoiceReport:
    """What the recordings of a voice are like."""

    seconds: float
    """Duration of the speech in all of them."""
    problems: tuple[str, ...] = ()
    """What makes the voice worse and what to do, one sentence each."""


def report_about(recordings: Mapping[str, Assessment]) -> VoiceReport:
    """Report on a voice by the assessments of its recordings, given by file name."""
    subject = "The recording" if len(recordings) == 1 else ""
    problems = []
    for file, found in recordings.items():
        if found.refusal:
            problems.append(found.refusal)
        problems += [_sentence(subject or file, fault) for fault in found.faults]
    seconds = sum(found.seconds for found in recordings.values() if not found.refusal)
    if (short := fault_of_duration(seconds)) is not None:
        problems.append(_sentence("The recording", short))
    return VoiceReport(seconds, tuple(problems))


def message_about(name: str, recordings: Mapping[str, Assessment]) -> Message:
    """Summarize the assessments of a voice's recordings, given by file name."""
    refusals = [found.refusal for found in recordings.values() if found.refusal]
    used = {file: found for file, found in recordings.items() if not found.refusal}
    if not used:
        return Message(logging.WARNING, f"The voice {name!r} is not listed: {_some(refusals, ' ')}")
    faults = [(file, fault) for file, found in used.items() for fault in found.faults]
    seconds = sum(found.seconds for found in used.values())
    if (short := fault_of_duration(seconds)) is not None:
        faults.insert(0, (_some(list(used), " and "), short))
    if not faults and not refusals:
        return Message(
            logging.INFO,
            f"The voice {name!r} can be cloned: {seconds:.1f} s in {_files(len(used))}",
        )
    parts = []
    if faults:
        problems = _some([f"{file} {fault.problem}" for file, fault in faults], ", ")
        remedies = _some(list(dict.fromkeys(fault.remedy for _, fault in faults)), ", ")
        parts.append(f"{problems}. To fix this, {remedies}.")
    if refusals:
        parts.append(f"Not used: {_some(refusals, ' ')}")
    return Message(logging.WARNING, f"The voice {name!r} may sound poor: {' '.join(parts)}")


def _sentence(subject: str, fault: Fault) -> str:
    return f"{subject} {fault.problem}. To fix this, {fault.remedy}."


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _some(texts: Sequence[str], separator: str) -> str:
    more = len(texts) - PROBLEMS_IN_A_MESSAGE
    rest = (f"and {more} more",) if more > 0 else ()
    return separator.join((*texts[:PROBLEMS_IN_A_MESSAGE], *rest))
