"""Recorded human speech with known texts: telephone prompts that Debian packages.

The packages are `asterisk-core-sounds-LANGUAGE` (texts) and `asterisk-core-sounds-LANGUAGE-g722`
(sound, 16 kHz), by Digium and others, CC-BY-SA 3.0. They are fetched, unpacked into the cache and
never installed.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples

Half: TypeAlias = Literal["tune", "unseen", "all"]

LANGUAGES = ("en", "fr", "it", "es", "ru")
HALVES: tuple[Half, ...] = ("tune", "unseen", "all")
FEWEST_WORDS = 4

_FETCH_SECONDS = 600
_FULL_SCALE = 32_768
_PROMPT = re.compile(r"(?P<name>[\w./-]+):\s*(?P<text>\S.*)")
_REMARK = re.compile(r"[][(){}<>]")
_SPOKEN_SYMBOL = re.compile(r"[*#]")
_SPELLED = re.compile(r"\b[A-Z] [A-Z]\b")
_SECOND_PROMPT = re.compile(r"[a-z]-[\w-]+:")
_FAULTS = (_REMARK, _SPOKEN_SYMBOL, _SPELLED, _SECOND_PROMPT)
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


class NoRecordings(Exception):
    """The recordings are not there and cannot be fetched; the message says what to do."""


@dataclass(frozen=True)
class Utterance:
    """One recorded prompt."""

    name: str
    language: str
    text: str
    samples: Samples = field(compare=False, repr=False)
    """float32, mono, 16 kHz, within [-1, 1]; read only."""

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / SAMPLE_RATE


def default_cache() -> Path:
    """Folder for what benchmarks fetch: below the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "wyoming-voice-stack-benchmarks"


def load(language: str, half: Half, cache: Path) -> list[Utterance]:
    """Give the prompts of a language that have four words or more, fetched first if need be.

    Their order is that of a hash of their names, so that any part of the list is a mixture.

    Raises:
        NoRecordings: they cannot be fetched or read.
    """
    root = _unpacked(language, cache)
    texts = sorted(_read_texts(root, language).items(), key=lambda text: _digest(text[0]))
    folders = sorted((root / "usr/share/asterisk/sounds").glob("*/"))
    chosen = [
        Utterance(name, language, text, _decode(sound))
        for name, text in texts
        if half in {"all", half_of(name)}
        for sound in (folder / f"{name}.g722" for folder in folders)
        if sound.is_file()
    ]
    if not chosen:
        raise NoRecordings(f"{root} holds no recordings; delete it, it is then fetched again")
    return chosen


def half_of(name: str) -> Half:
    """Half of the prompts that one belongs to: `tune` to choose constants on, `unseen` to report.

    A prompt is in the same half in every language.
    """
    return "tune" if _digest(name)[-1] & 1 else "unseen"


def prompts(listing: str) -> Iterator[tuple[str, str]]:
    """Read names and texts out of a package's list, but for those that are no plain speech.

    Left out are texts of fewer than four words, those with remarks in brackets, with symbols whose
    name is spoken or with spelled words, lines that hold two prompts, and texts whose accented
    letters were lost.
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
    return not any(fault.search(text) for fault in _FAULTS)


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
        raise NoRecordings(
            f"{listing} cannot be read ({error}); delete {root}, it is then fetched again"
        ) from error


def _decode(path: Path) -> Samples:
    import av

    with av.open(str(path), format="g722") as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    samples: Samples = np.concatenate(frames).astype(np.float32) / np.float32(_FULL_SCALE)
    samples.flags.writeable = False
    return samples


def _unpacked(language: str, cache: Path) -> Path:
    target = cache / "recordings" / language
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetching-") as temporary:
        folder = Path(temporary)
        # apt gives up its rights for the download; it then writes only where others may.
        folder.chmod(0o755)
        _fetch(language, folder)
        content = folder / "content"
        for package in sorted(folder.glob("*.deb")):
            _run(["dpkg-deb", "-x", str(package), str(content)], folder)
        if not target.exists():
            content.rename(target)
    return target


def _fetch(language: str, folder: Path) -> None:
    name = f"asterisk-core-sounds-{language}"
    if shutil.which("apt-get") is None:
        raise NoRecordings(
            f"the recordings come from Debian's packages {name} and {name}-g722, and this machine"
            f" has no apt-get; unpack both into {folder.parent / language}"
        )
    _run(["apt-get", "download", name, f"{name}-g722"], folder)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=_FETCH_SECONDS
    )
    if done.returncode:
        raise NoRecordings(
            f"'{' '.join(command)}' failed: {done.stderr.strip()}; if the package is not found,"
            " run 'apt-get update' first"
        )
