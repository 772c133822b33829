"""Recorded human speech with known texts: telephone prompts from Debian packages.

The packages are `asterisk-core-sounds-LANGUAGE` (texts) and `asterisk-core-sounds-LANGUAGE-g722`
(audio, 16 kHz), by Digium and others, CC-BY-SA 3.0. They are downloaded and unpacked into the
cache, but not installed.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from benchmarks.common.cache import cached_folder, run_command
from benchmarks.common.errors import BenchmarkError
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples

Half: TypeAlias = Literal["tune", "unseen", "all"]

LANGUAGES = ("en", "fr", "it", "es", "ru")
HALVES: tuple[Half, ...] = ("tune", "unseen", "all")
FEWEST_WORDS = 4

_DOWNLOAD_SECONDS = 600
_FULL_SCALE = 32_768
_PROMPT = re.compile(r"(?P<name>[\w./-]+):\s*(?P<text>\S.*)")
_NOT_PLAIN = (
    re.compile(r"[][(){}<>]"),  # a remark in brackets
    re.compile(r"[*#]"),  # a symbol whose name is spoken
    re.compile(r"\b[A-Z] [A-Z]\b"),  # a spelled word
    re.compile(r"[a-z]-[\w-]+:"),  # the name of a second prompt
)
_AFTER_QUESTION = re.compile(r"\?\s*([^\W\d_]|[,.])")
_SILENCES = "silence/"
_TONES = {
    "ascending-2tone",
    "beep",
    "beeperr",
    "confbridge-join",
    "confbridge-leave",
    "descending-2tone",
    "tt-monkeys",
}


@dataclass(frozen=True)
class Utterance:
    """One recorded prompt."""

    name: str
    language: str
    text: str
    samples: Samples = field(compare=False, repr=False)
    """float32, mono, 16 kHz, within [-1, 1]; read-only."""

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.samples) / SAMPLE_RATE


def load(language: str, half: Half, cache: Path) -> list[Utterance]:
    """Return the prompts of a language that have four words or more, downloaded if need be.

    They are ordered by a hash of their names, so that any part of the list is a mixture.

    Raises:
        BenchmarkError: they cannot be downloaded or read.
    """
    root = _package_folder(language, cache)
    texts = sorted(_read_texts(root, language).items(), key=lambda text: _digest(text[0]))
    folders = sorted((root / "usr/share/asterisk/sounds").glob("*/"))
    chosen = [
        Utterance(name, language, text, read_sound(sound))
        for name, text in texts
        if half in {"all", half_of(name)}
        for sound in (folder / f"{name}.g722" for folder in folders)
        if sound.is_file()
    ]
    if not chosen:
        raise BenchmarkError(f"No recordings in {root}. Delete the folder to download them again.")
    return chosen


def sounds_folder(language: str, cache: Path) -> Path:
    """Return the folder with the recordings of a language's speaker, downloaded if need be.

    Raises:
        BenchmarkError: they cannot be downloaded.
    """
    folders = sorted((_package_folder(language, cache) / "usr/share/asterisk/sounds").glob("*/"))
    if not folders:
        raise BenchmarkError(
            f"No recordings of {language}. Delete the cache to download them again."
        )
    return folders[0]


def half_of(name: str) -> Half:
    """The half that a prompt belongs to: `tune` to choose constants, `unseen` to report figures.

    A prompt is in the same half in every language.
    """
    return "tune" if _digest(name)[-1] & 1 else "unseen"


def prompts(listing: str) -> Iterator[tuple[str, str]]:
    """Read names and texts from a package's list, without those that are not plain speech.

    Left out are texts of fewer than four words, texts with remarks in brackets, with spoken
    symbols or with spelled words, lines with two prompts, and texts whose accented letters were
    lost.
    """
    for line in listing.splitlines():
        found = _PROMPT.fullmatch(line.strip())
        if found and _is_speech(found["name"]) and _is_plain(found["text"]):
            yield found["name"], found["text"]


def _is_speech(name: str) -> bool:
    return name not in _TONES and not name.startswith(_SILENCES)


def _is_plain(text: str) -> bool:
    words = [part for part in text.split() if re.search(r"\w", part)]
    if len(words) < FEWEST_WORDS or _lost_letters(text):
        return False
    return not any(pattern.search(text) for pattern in _NOT_PLAIN)


def _lost_letters(text: str) -> bool:
    """True if a question mark stands for a letter: one that does not end a sentence."""
    return any(not after[1].isupper() for after in _AFTER_QUESTION.finditer(text))


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _read_texts(root: Path, language: str) -> dict[str, str]:
    listing = root / f"usr/share/doc/asterisk-core-sounds-{language}/core-sounds-{language}.txt.gz"
    try:
        return dict(prompts(gzip.decompress(listing.read_bytes()).decode("utf-8-sig")))
    except OSError as error:
        raise BenchmarkError(
            f"Cannot read {listing}: {error}. Delete {root} to download it again."
        ) from error


def read_sound(path: Path) -> Samples:
    """Decode one recording of the packages."""
    import av

    with av.open(str(path), format="g722") as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    samples: Samples = np.concatenate(frames).astype(np.float32) / np.float32(_FULL_SCALE)
    samples.flags.writeable = False
    return samples


def _package_folder(language: str, cache: Path) -> Path:
    return cached_folder(
        cache / "recordings" / language, lambda folder: _unpacked(language, folder)
    )


def _unpacked(language: str, folder: Path) -> Path:
    # apt drops its privileges for the download; it then writes only where others may.
    folder.chmod(0o755)
    name = f"asterisk-core-sounds-{language}"
    if shutil.which("apt-get") is None:
        raise BenchmarkError(
            f"The recordings come from Debian's packages {name} and {name}-g722, and this machine"
            f" has no apt-get. Unpack both packages into {folder.parent / language}."
        )
    _run(["apt-get", "download", name, f"{name}-g722"], folder)
    content = folder / "content"
    for package in sorted(folder.glob("*.deb")):
        _run(["dpkg-deb", "-x", str(package), str(content)], folder)
    return content


def _run(command: list[str], folder: Path) -> None:
    hint = "If the package is not found, run 'apt-get update' first."
    run_command(command, timeout_s=_DOWNLOAD_SECONDS, hint=hint, cwd=folder)
