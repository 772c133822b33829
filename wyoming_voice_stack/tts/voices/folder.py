"""The voices folder as it is followed: new recordings are assessed, unusable ones not listed."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.tts.engine import CloneSource
from wyoming_voice_stack.tts.voices.cloning.assessment import Assessment, assess
from wyoming_voice_stack.tts.voices.cloning.listing import Listing, VoiceFile, list_recordings
from wyoming_voice_stack.tts.voices.cloning.report import Message, message_about
from wyoming_voice_stack.tts.voices.cloning.speech_detector import SpeechDetector

_LOGGER = logging.getLogger(__name__)

SETTLE_SECONDS = 2.0
"""A recording that was written so short a time ago may still be written."""
ASSESSING_SECONDS = 5.0
"""How long one reading of the folder may assess; what is left is listed, and assessed next time."""


@dataclass(frozen=True)
class _Sighting:
    """A recording as it was last seen."""

    take: VoiceFile
    since: float
    """When it was first seen so."""
    is_new: bool
    """True if it was never seen otherwise."""


class VoicesFolder:
    """Recordings to clone. Plain and blocking; threads may read at the same time.

    A recording is assessed once, when it comes and whenever it is written again. What is wrong
    with a voice is logged then, in one line; a voice without a usable recording is not listed.
    `detector` tells speech from other sound; without it, speech and noise are not judged.
    """

    def __init__(
        self,
        folder: Path,
        detector: SpeechDetector | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._detector = detector
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[Path, _Sighting] = {}
        self._assessed: dict[VoiceFile, Assessment] = {}
        self._listed: dict[str, CloneSource] = {}
        self._told: dict[str, Message] = {}

    def read(self, *, assessing: bool = True) -> Mapping[str, CloneSource]:
        """List the voices by name, read afresh.

        Without `assessing`, or when there is no time for it, what is not known yet is listed.
        A recording that is just being written is left out, or stays what it was.
        """
        with self._lock:
            listing = self._list()
            self._notice(listing)
            time_is_up = self._clock() + (ASSESSING_SECONDS if assessing else 0)
            self._assess(listing, time_is_up)
            told = {
                f"remark on {name}": Message(logging.WARNING, f"In {self._folder}, {remark}.")
                for name, remark in listing.remarks.items()
            }
            voices: dict[str, CloneSource] = {}
            for name, takes in listing.voices.items():
                source, message = self._judge(name, takes)
                if source is not None:
                    voices[name] = source
                if message is not None:
                    told[name] = message
            self._tell(told)
            self._listed = voices
            return dict(voices)

    def _list(self) -> Listing:
        try:
            return list_recordings(self._folder)
        except OSError as error:
            remark = f"the folder cannot be read ({error.strerror}); give the server's user access"
            return Listing({}, {"": remark})

    def _notice(self, listing: Listing) -> None:
        now = self._clock()
        seen = {}
        for take in (take for takes in listing.voices.values() for take in takes):
            before = self._seen.get(take.path)
            same = before is not None and before.take == take
            seen[take.path] = (
                before if before and same else _Sighting(take, now, is_new=before is None)
            )
        self._seen = seen
        there = {sighting.take for sighting in seen.values()}
        self._assessed = {
            take: assessment
            for take, assessment in self._assessed.items()
            if take in there and assessment.is_final
        }

    def _is_settled(self, take: VoiceFile) -> bool:
        sighting = self._seen[take.path]
        if self._clock() - sighting.since >= SETTLE_SECONDS:
            return True
        # Other machines' clocks may be ahead, so what was written in the future is waited for.
        age = time.time() - take.written_ns / 1e9
        return sighting.is_new and age >= SETTLE_SECONDS

    def _assess(self, listing: Listing, time_is_up: float) -> None:
        for take in (take for takes in listing.voices.values() for take in takes):
            if self._clock() >= time_is_up:
                return
            if take not in self._assessed and self._is_settled(take):
                self._assessed[take] = self._assess_one(take.path)

    def _assess_one(self, path: Path) -> Assessment:
        try:
            return assess(path, self._detector)
        except VoiceStackError as error:
            _LOGGER.warning("Recordings are not searched for speech: %s", error)
            self._detector = None
            return assess(path, None)

    def _judge(
        self, name: str, takes: Sequence[VoiceFile]
    ) -> tuple[CloneSource | None, Message | None]:
        """What to list of a voice, and what to say of it."""
        settled = [take for take in takes if self._is_settled(take)]
        before = self._listed.get(name)
        if before is not None and self._is_changing(before, takes, settled):
            return before, self._told.get(name)
        known = {take: self._assessed[take] for take in settled if take in self._assessed}
        usable = [take for take in settled if take not in known or not known[take].refusal]
        source = clone_source(name, usable) if usable else None
        if not known or len(known) < len(settled):
            return source, None
        by_file = {take.path.name: assessment for take, assessment in known.items()}
        return source, message_about(name, by_file)

    @staticmethod
    def _is_changing(
        before: CloneSource, takes: Sequence[VoiceFile], settled: Sequence[VoiceFile]
    ) -> bool:
        there = {take.path for take in takes}
        at_rest = {take.path for take in settled}
        return there.issuperset(before.paths) and not at_rest.issuperset(before.paths)

    def _tell(self, told: dict[str, Message]) -> None:
        for subject, message in told.items():
            if self._told.get(subject) != message:
                _LOGGER.log(message.level, "%s", message.text)
        self._told = told


def clone_source(name: str, takes: Iterable[VoiceFile]) -> CloneSource:
    """Name these takes as one voice."""
    takes = tuple(takes)
    digest = hashlib.sha256()
    for take in takes:
        digest.update(os.fsencode(take.path) + f"\0{take.size_bytes}\0{take.written_ns}\0".encode())
    return CloneSource(name, tuple(take.path for take in takes), digest.hexdigest())
