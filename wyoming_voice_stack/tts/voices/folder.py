"""Reads the voices folder: assesses new recordings and lists the usable voices."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.tts.engine import CloneSource
from wyoming_voice_stack.tts.voices.cloning.assessment import Assessment, assess
from wyoming_voice_stack.tts.voices.cloning.listing import Listing, VoiceFile, list_recordings
from wyoming_voice_stack.tts.voices.cloning.report import (
    Message,
    VoiceReport,
    message_about,
    report_about,
)
from wyoming_voice_stack.tts.voices.cloning.speech_detector import SpeechDetector

_LOGGER = logging.getLogger(__name__)

SETTLE_SECONDS = 2.0
"""A recording modified more recently than this may still be being written."""
ASSESSING_SECONDS = 5.0
"""Time that one reading of the folder spends on assessment; the rest is listed and assessed next time."""


@dataclass(frozen=True)
class _SeenRecording:
    """A recording as it was last seen."""

    recording: VoiceFile
    unchanged_since: float
    """When it was first seen with this size and time."""
    is_new: bool
    """True if it has not changed since it was first seen."""


class VoicesFolder:
    """The folder of recordings to clone. Blocking; may be read from several threads.

    A recording is assessed when it is new and whenever it has changed. Then one line about its voice
    is logged; a voice without a usable recording is not listed. Without `detector`, speech and noise
    are not assessed.
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
        self._seen: dict[Path, _SeenRecording] = {}
        self._assessed: dict[VoiceFile, Assessment] = {}
        self._listed: dict[str, CloneSource] = {}
        self._logged: dict[str, Message] = {}
        self._reports: Mapping[str, VoiceReport] = {}

    @property
    def name(self) -> str:
        """Path of the folder, for the log."""
        return str(self._folder)

    @property
    def path(self) -> Path:
        """The folder."""
        return self._folder

    @property
    def detector(self) -> SpeechDetector | None:
        """What finds speech in recordings; None if that is not possible."""
        return self._detector

    @property
    def reports(self) -> Mapping[str, VoiceReport]:
        """What is known of the recordings of each voice, as of the last reading."""
        return self._reports

    def read(self, *, assessing: bool = True) -> Mapping[str, CloneSource]:
        """Read the folder and return the voices by name.

        Recordings that are not assessed yet are listed: without `assessing`, or if time runs out. A
        recording that is being written is left out; a listed voice keeps its earlier state meanwhile.
        """
        with self._lock:
            listing = self._list()
            self._update_seen(listing)
            deadline = self._clock() + (ASSESSING_SECONDS if assessing else 0)
            self._assess(listing, deadline)
            messages = {
                f"remark on {name}": Message(logging.WARNING, f"In {self._folder}, {remark}.")
                for name, remark in listing.remarks.items()
            }
            voices: dict[str, CloneSource] = {}
            for name, recordings in listing.voices.items():
                source, message = self._evaluate(name, recordings)
                if source is not None:
                    voices[name] = source
                if message is not None:
                    messages[name] = message
            self._log_changes(messages)
            self._reports = {
                name: report for name in voices if (report := self._report(listing.voices[name]))
            }
            self._listed = voices
            return dict(voices)

    def _list(self) -> Listing:
        try:
            return list_recordings(self._folder)
        except OSError as error:
            remark = f"files cannot be listed ({error.strerror}); give the server's user access"
            return Listing({}, {"": remark})

    def _update_seen(self, listing: Listing) -> None:
        now = self._clock()
        seen = {}
        for recording in chain.from_iterable(listing.voices.values()):
            before = self._seen.get(recording.path)
            if before is None or before.recording != recording:
                seen[recording.path] = _SeenRecording(recording, now, is_new=before is None)
            else:
                seen[recording.path] = before
        self._seen = seen
        present = {each.recording for each in seen.values()}
        self._assessed = {
            recording: assessment
            for recording, assessment in self._assessed.items()
            if recording in present and assessment.is_final
        }

    def _is_settled(self, recording: VoiceFile) -> bool:
        seen = self._seen[recording.path]
        if self._clock() - seen.unchanged_since >= SETTLE_SECONDS:
            return True
        # The clocks of other machines may be ahead: then the age is negative, and the file has to wait.
        age_s = time.time() - recording.modified_ns / 1e9
        return seen.is_new and age_s >= SETTLE_SECONDS

    def _assess(self, listing: Listing, deadline: float) -> None:
        for recording in chain.from_iterable(listing.voices.values()):
            if self._clock() >= deadline:
                return
            if recording not in self._assessed and self._is_settled(recording):
                self._assessed[recording] = self._assess_one(recording.path)

    def _assess_one(self, path: Path) -> Assessment:
        try:
            return assess(path, self._detector)
        except VoiceStackError as error:
            _LOGGER.warning("Speech detection in recordings is off: %s", error)
            self._detector = None
            return assess(path, None)

    def _evaluate(
        self, name: str, recordings: Sequence[VoiceFile]
    ) -> tuple[CloneSource | None, Message | None]:
        """Return the voice to list, if any, and the message about it."""
        settled = [recording for recording in recordings if self._is_settled(recording)]
        before = self._listed.get(name)
        if before is not None and self._is_changing(before, recordings, settled):
            return before, self._logged.get(name)
        known = {each: self._assessed[each] for each in settled if each in self._assessed}
        usable = [each for each in settled if each not in known or not known[each].refusal]
        source = clone_source(name, usable) if usable else None
        if not known or len(known) < len(settled):
            return source, None
        by_file = {recording.path.name: assessment for recording, assessment in known.items()}
        return source, message_about(name, by_file)

    def _report(self, recordings: Sequence[VoiceFile]) -> VoiceReport | None:
        known = {
            each.path.name: self._assessed[each] for each in recordings if each in self._assessed
        }
        return report_about(known) if known else None

    @staticmethod
    def _is_changing(
        before: CloneSource, recordings: Sequence[VoiceFile], settled: Sequence[VoiceFile]
    ) -> bool:
        present_paths = {recording.path for recording in recordings}
        settled_paths = {recording.path for recording in settled}
        return present_paths.issuperset(before.paths) and not settled_paths.issuperset(before.paths)

    def _log_changes(self, messages: dict[str, Message]) -> None:
        for subject, message in messages.items():
            if self._logged.get(subject) != message:
                _LOGGER.log(message.level, "%s", message.text)
        self._logged = messages


def clone_source(name: str, recordings: Iterable[VoiceFile]) -> CloneSource:
    """Combine these recordings into one voice."""
    recordings = tuple(recordings)
    digest = hashlib.sha256()
    for each in recordings:
        facts = f"\0{each.size_bytes}\0{each.modified_ns}\0"
        digest.update(os.fsencode(each.path) + facts.encode())
    return CloneSource(name, tuple(each.path for each in recordings), digest.hexdigest())
