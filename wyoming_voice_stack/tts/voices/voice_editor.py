"""Adds, renames and removes recordings in the voices folder, for a front end that lets users do that.

The name of an uploaded file is never used. The name of a voice becomes a file's name, so only letters,
digits and a few other characters are allowed in it. What is kept is not the upload, but the samples that
were decoded from it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import unicodedata
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from wyoming_voice_stack.audio import PcmFormat
from wyoming_voice_stack.codecs.decoding import decode_file
from wyoming_voice_stack.errors import (
    RequestError,
    StorageError,
    UnknownVoice,
    UnsupportedAudio,
)
from wyoming_voice_stack.machine.hardware import disk_is_full
from wyoming_voice_stack.tts.engine import CloneSource
from wyoming_voice_stack.tts.voices.cloning.assessment import assess
from wyoming_voice_stack.tts.voices.cloning.recording_reader import decode_recording
from wyoming_voice_stack.tts.voices.cloning.report import report_about
from wyoming_voice_stack.tts.voices.cloning.speech_detector import SpeechDetector

MAX_NAME_CHARACTERS = 60
MAX_NAME_BYTES = 200
"""File systems allow 255 bytes, with the ending."""
MAX_NEW_SECONDS = 120.0
"""Longest recording that is added; models use only the first 30 seconds."""
MAX_KEPT_RATE = 48_000
"""Recordings with a higher sample rate are kept at this one."""
MAX_DECODED_BYTES = 32 * 1024 * 1024
"""Of a recording in another format, as 16-bit samples: 120 seconds of stereo at 48 kHz take 23 MB."""
KEPT_SUFFIX = ".wav"

_ALLOWED_BESIDE_LETTERS = frozenset(" -_.'()")
_INCOMING = ".incoming-"
_AGE_SECONDS = 10.0
"""A recording that is moved into place is complete: with this age, it is listed without delay."""


class VoiceEditor:
    """Changes the voices folder. Blocking; one change at a time."""

    def __init__(self, folder: Path, detector: SpeechDetector | None = None) -> None:
        """Without `detector`, fewer problems of a recording are found."""
        self._folder = folder
        self._detector = detector

    def why_read_only(self) -> str:
        """Return why the folder cannot be changed; empty if it can."""
        folder = self._folder
        existing = next(
            (each for each in (folder, *folder.absolute().parents) if each.exists()), folder
        )
        if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
            return ""
        return (
            f"The voices folder cannot be changed: the server may not write to {existing.name!r}."
        )

    def add(self, name: str, upload: bytes) -> tuple[str, tuple[str, ...]]:
        """Keep a recording as a new voice; return its name and what can be said about it.

        Raises:
            RequestError: the name cannot be used.
            UnsupportedAudio: the recording cannot be decoded, or no voice can be cloned from it.
            StorageError: the folder cannot be written.
        """
        name = usable_name(name)
        target = self._folder / f"{name}{KEPT_SUFFIX}"
        kept = _as_wav(upload)
        with self._writing(), self._incoming() as incoming:
            path = incoming / target.name
            _write(path, kept)
            found = assess(path, self._detector)
            if found.refusal:
                raise UnsupportedAudio(found.refusal)
            _move(path, target)
        report = report_about({target.name: found})
        good = f"{report.seconds:.1f} seconds of speech, and no problem found."
        return name, report.problems or (good,)

    def rename(self, source: CloneSource, name: str) -> str:
        """Give a voice another name, and return it as it is listed.

        Raises:
            RequestError: the name cannot be used.
            StorageError: the folder cannot be written.
        """
        name = usable_name(name)
        entry = self._entry(source)
        target = self._folder / (name if entry.is_dir() else f"{name}{entry.suffix}")
        with self._writing():
            _move(entry, target)
        return name

    def delete(self, source: CloneSource) -> None:
        """Remove the recordings of a voice.

        Raises:
            StorageError: the folder cannot be written.
        """
        entry = self._entry(source)
        with self._writing():
            for path in source.paths:
                path.unlink(missing_ok=True)
            if entry.is_dir() and not entry.is_symlink() and not any(entry.iterdir()):
                entry.rmdir()

    def _entry(self, source: CloneSource) -> Path:
        """Return the file or folder that stands for a voice in the voices folder."""
        path = source.paths[0]
        entry = path if path.parent == self._folder else path.parent
        if entry.parent != self._folder:
            raise UnknownVoice(f"Unknown voice {source.name!r:.80}.")
        return entry

    @contextmanager
    def _incoming(self) -> Iterator[Path]:
        self._folder.mkdir(parents=True, exist_ok=True)
        # Hidden, so that nothing is listed before it is complete.
        folder = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=self._folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if disk_is_full(error):
                raise StorageError(
                    "The disk of the voices folder is full. Free some space, then try again."
                ) from error
            raise StorageError(
                f"The voices folder cannot be changed ({error.strerror}). Give the server's user write"
                " access to VOICES_DIR."
            ) from error


def usable_name(name: str) -> str:
    """Return the name of a new voice as it is listed.

    Raises:
        RequestError: it has characters that are not allowed, or is too long.
    """
    name = unicodedata.normalize("NFC", name.strip())
    allowed = all(
        character in _ALLOWED_BESIDE_LETTERS or unicodedata.category(character)[0] in "LMN"
        for character in name
    )
    if not name or not allowed or unicodedata.category(name[0])[0] not in "LN":
        raise RequestError(
            "A voice's name consists of letters, digits, spaces and - _ . ' ( ), and begins with a"
            " letter or a digit."
        )
    if len(name) > MAX_NAME_CHARACTERS or len(name.encode()) > MAX_NAME_BYTES:
        raise RequestError(f"A voice's name has at most {MAX_NAME_CHARACTERS} characters.")
    return name


def _as_wav(upload: bytes) -> bytes:
    """Decode an upload, and return it as a wav file with 16 bits and one channel.

    libsndfile reads what `VOICES_DIR` may contain; browsers record other formats, which PyAV reads.
    """
    try:
        return _kept_wav(upload)
    except UnsupportedAudio as refusal:
        try:
            decoded = _decoded_by_pyav(upload)
        except UnsupportedAudio:
            raise refusal from None
    return _kept_wav(decoded)


def _decoded_by_pyav(upload: bytes) -> bytes:
    """Return a file of any format as a wav file."""
    parts: list[bytes] = []
    form: PcmFormat | None = None
    count = 0
    for piece in decode_file(upload):
        if form is not None and piece.pcm != form:
            raise UnsupportedAudio("The recording changes its format. Record it again.")
        form = piece.pcm
        count += len(piece.data)
        if count > MAX_DECODED_BYTES:
            raise UnsupportedAudio("The recording is too long. Record 6 to 30 seconds.")
        parts.append(piece.data)
    wav = BytesIO()
    with wave.open(wav, "wb") as file:
        file.setnchannels(form.channels if form else 1)
        file.setsampwidth(form.width if form else 2)
        file.setframerate(form.rate if form else 1)
        file.writeframes(b"".join(parts))
    return wav.getvalue()


def _kept_wav(upload: bytes) -> bytes:
    import soundfile

    rates = []

    def rate_of(recorded: int) -> int:
        rates.append(min(recorded, MAX_KEPT_RATE))
        return rates[-1]

    try:
        recording = decode_recording(BytesIO(upload), "you sent", rate_of, MAX_NEW_SECONDS)
    except UnknownVoice as error:
        raise UnsupportedAudio(str(error)) from error
    kept = BytesIO()
    soundfile.write(kept, recording.samples, rates[-1], format="WAV", subtype="PCM_16")
    return kept.getvalue()


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    then = time.time() - _AGE_SECONDS
    os.utime(path, (then, then))


def _move(path: Path, target: Path) -> None:
    """Move a file or a folder to a name that is free."""
    if target.exists():
        raise RequestError(f"A voice named {target.stem!r} exists already. Choose another name.")
    path.rename(target)
