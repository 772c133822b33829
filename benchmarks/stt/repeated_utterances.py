"""Compares the transcripts of the same utterance: sent in real time and at once, alone and in a crowd."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.stt.transcription_plan import MeasuredTranscription


@dataclass(frozen=True)
class RepeatedUtterances:
    """The utterances that one server transcribed more than once."""

    server: str
    utterances: int
    unequal: tuple[str, ...]
    """Names of those with more than one transcript."""

    def __str__(self) -> str:
        named = f": {', '.join(self.unequal)}" if self.unequal else ""
        return (
            f"{self.server}: {len(self.unequal)} of {self.utterances} utterances have more than one"
            f" transcript{named}"
        )


def repeated_utterances(measured: Sequence[MeasuredTranscription]) -> list[RepeatedUtterances]:
    """Compare the transcripts of each server across all cases; failures are left out."""
    texts: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for one in measured:
        for answer in one.answers:
            if not answer.failure:
                texts[one.server][answer.request].append(answer.text.strip())
    found = []
    for server, of_server in texts.items():
        repeated = {name: given for name, given in of_server.items() if len(given) > 1}
        unequal = tuple(name for name, given in repeated.items() if len(set(given)) > 1)
        found += [RepeatedUtterances(server, len(repeated), unequal)] if repeated else []
    return found
