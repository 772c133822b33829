"""Makes the log line about a voice whose recordings have been assessed."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wyoming_voice_stack.tts.voices.cloning.assessment import Assessment, fault_of_duration

PROBLEMS_IN_A_MESSAGE = 3


@dataclass(frozen=True)
class Message:
    """One line for the log."""

    level: int
    text: str


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


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _some(texts: Sequence[str], separator: str) -> str:
    more = len(texts) - PROBLEMS_IN_A_MESSAGE
    rest = (f"and {more} more",) if more > 0 else ()
    return separator.join((*texts[:PROBLEMS_IN_A_MESSAGE], *rest))
