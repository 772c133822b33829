"""Kokoro's voices: their names and languages, their files, and mixtures of several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.errors import ModelCorrupt, UnknownVoice
from wyoming_voice_stack.tts.engine import EngineCard, Voice

LANGUAGES: Mapping[str, str] = {
    "a": "en-US",
    "b": "en-GB",
    "e": "es",
    "f": "fr",
    "h": "hi",
    "i": "it",
    "p": "pt-BR",
}
"""The language of a voice, by the first letter of its name."""
LEFT_OUT = (
    "Kokoro's Japanese (j) and Chinese (z) voices are not supported, because espeak-ng does not make"
    " their phonemes."
)
_PUBLISHED = """
af_heart af_bella af_nicole af_alloy af_aoede af_jessica af_kore af_nova af_river af_sarah af_sky
am_michael am_fenrir am_puck am_adam am_echo am_eric am_liam am_onyx am_santa
bf_emma bf_isabella bf_alice bf_lily bm_george bm_fable bm_lewis bm_daniel
ef_dora em_alex em_santa ff_siwis hf_alpha hf_beta hm_omega hm_psi if_sara im_nicola
pf_dora pm_alex pm_santa
"""
PUBLISHED_VOICES = tuple(_PUBLISHED.split())
"""The voices that Kokoro's author publishes, the ones with the best grades of a language first."""

STYLES, STYLE_SIZE = 510, 256
"""A voice file has one style for each number of tokens: float32 [510, 256] without a header."""
FILE_BYTES = STYLES * STYLE_SIZE * 4
SHORT_CHARACTERS = 12
"""A sentence of fewer characters, one or two words, has an odd melody where it is spoken alone."""
MIX = "+"
MAX_MIXED = 8
"""Names in a mixture."""
SPEED_SHARE = 0.8
"""Share of the speed that replies in progress may need. At five times real time on two cores, four replies have no
gaps, where the usual share admits three."""
MAX_VOICES = 256
"""Voice files that are offered."""
TABLES_IN_MEMORY = 16
"""Voices and mixtures that are kept, 522 kB each."""

Styles = npt.NDArray[np.float32]
_SUFFIX = ".bin"
_NAME = re.compile(r"([abefhip])[fm]_[a-z0-9_]{1,60}")


class VoiceFolder:
    """The voice files in a folder, `NAME.bin`. Thread-safe; files are read when a voice is first used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._table = lru_cache(maxsize=TABLES_IN_MEMORY)(self._read)

    @property
    def names(self) -> tuple[str, ...]:
        """The voices that can be spoken, the published ones first; not Japanese and Chinese ones."""
        try:
            found = {file.stem for file in self._folder.glob(f"*{_SUFFIX}")}
        except OSError:
            return ()
        own = sorted(filter(_NAME.fullmatch, found - set(PUBLISHED_VOICES)))
        return (*(name for name in PUBLISHED_VOICES if name in found), *own)[:MAX_VOICES]

    def style(self, name: str, count: int) -> Styles:
        """Return the style [1, 256] of a voice or a mixture for a text of `count` tokens.

        Raises:
            UnknownVoice: there is no such voice.
            ModelCorrupt: a voice file is damaged.
        """
        row = min(max(count, 1), STYLES) - 1
        return self._table(name)[row : row + 1]

    def check(self) -> None:
        """Check the size of every voice file.

        Raises:
            ModelCorrupt: a file is not a voice of Kokoro.
        """
        for name in self.names:
            _require_size(self._path(name))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_SUFFIX}"

    def _read(self, name: str) -> Styles:
        names = mixed_voices(name, self.names)
        mean = np.mean([_read_styles(self._path(each)) for each in names], axis=0, dtype=np.float32)
        mean.setflags(write=False)
        return np.asarray(mean, np.float32)


def mixed_voices(name: str, available: Iterable[str]) -> tuple[str, ...]:
    """Return the voices that a name such as `af_heart` or `af_heart+af_bella` consists of.

    Raises:
        UnknownVoice: one does not exist, or they do not speak the same language.
    """
    names = tuple(part.strip() for part in name.split(MIX, MAX_MIXED))
    if len(names) > MAX_MIXED:
        raise UnknownVoice(f"The mixture {name!r:.80} has more than {MAX_MIXED} voices.")
    known = set(available)
    for each in names:
        if each not in known:
            raise UnknownVoice(_unknown(each, name, known))
    if len({each[0] for each in names}) > 1:
        raise UnknownVoice(
            f"The voices of the mixture {name!r:.80} speak different languages. Mix voices whose names"
            " begin with the same letter, such as af_heart+af_bella."
        )
    return names


def kokoro_card(names: Iterable[str], mixture: str | None = None) -> EngineCard:
    """Return the facts about Kokoro with these voices, and with a mixture as one voice more.

    Raises:
        UnknownVoice: the mixture is not valid.
    """
    found = tuple(names)
    if mixture is not None and MIX in mixture:
        mixed_voices(mixture, found)
        found = (*found, voice_name(mixture))
    voices = tuple(Voice(name, (LANGUAGES[name[0]],)) for name in found)
    spoken = {voice.languages[0] for voice in voices}
    return EngineCard(
        name="kokoro",
        description="Kokoro-82M",
        attribution_name="hexgrad",
        attribution_url="https://github.com/hexgrad/kokoro",
        languages=tuple(tag for tag in LANGUAGES.values() if tag in spoken),
        voices=voices,
        clones=False,
        left_out=LEFT_OUT,
        speed_share=SPEED_SHARE,
    )


def voice_name(name: str) -> str:
    """Return the name as the card has it: a mixture without spaces."""
    return MIX.join(part.strip() for part in name.split(MIX))


def _unknown(each: str, name: str, known: set[str]) -> str:
    if each[:2] in {"jf", "jm", "zf", "zm"}:
        return f"Unknown voice {each!r:.80}. {LEFT_OUT}"
    of = "" if each == name else f" in the mixture {name!r:.80}"
    fitting = sorted(other for other in known if other[:1] == each[:1]) or sorted(known)
    return f"Unknown voice {each!r:.80}{of}. Available: {', '.join(fitting[:20]) or 'none'}."


def _require_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ModelCorrupt(f"{path} cannot be read ({error.strerror}); check the disk") from error
    if size != FILE_BYTES:
        raise ModelCorrupt(
            f"{path} has {size} bytes, but a voice of Kokoro has {FILE_BYTES}; download the file again"
        )


def _read_styles(path: Path) -> Styles:
    _require_size(path)
    try:
        styles = np.fromfile(path, "<f4")
    except OSError as error:
        raise ModelCorrupt(f"{path} cannot be read ({error.strerror}); check the disk") from error
    if styles.size != STYLES * STYLE_SIZE or not np.isfinite(styles).all():
        raise ModelCorrupt(f"{path} contains invalid numbers (NaN or Inf); download the file again")
    return styles.astype(np.float32).reshape(STYLES, STYLE_SIZE)
