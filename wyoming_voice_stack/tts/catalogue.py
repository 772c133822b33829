"""What a client may choose: the engine's voices and the cloned ones, by language.

Home Assistant never sends the language of a text. So a voice with several languages is
advertised once for each, as `anna [de]`, and the name tells the language. A name from a
client is looked up here and nowhere else; it never becomes a path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from wyoming_voice_stack.errors import UnknownLanguage, UnknownVoice
from wyoming_voice_stack.languages import (
    MAX_TAG_CHARACTERS,
    closest_language,
    household_languages,
)
from wyoming_voice_stack.tts.engine import CloneSource, EngineCard, Voice
from wyoming_voice_stack.tts.text.language.tags import regional

DEFAULT_VOICE = "default"
"""Stands for the server's own choice; advertised while no other voice is known yet."""
NAMES_IN_A_MESSAGE = 20


@dataclass(frozen=True)
class ListedVoice:
    """One entry of the advertised list: one voice in one language."""

    name: str
    description: str
    language: str
    speakers: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """What a request asks for, found. `languages` has more than one entry if it left it open."""

    voice: str | None
    clone: CloneSource | None
    speaker: str | None
    languages: tuple[str, ...]
    regions: tuple[str, ...] = ()
    """Tags that tell in which region's way a text is read, the first one first."""


@dataclass(frozen=True)
class _Speaking:
    voice: Voice
    clone: CloneSource | None


@dataclass(frozen=True)
class VoiceCatalogue:
    """Everything that can be chosen at one moment."""

    card: EngineCard
    clones: Mapping[str, CloneSource]
    household: tuple[str, ...] = ()
    """`TTS_LANGUAGES`; empty stands for all."""
    default_voice: str | None = None
    """`TTS_VOICE`."""
    default_language: str | None = None
    """`TTS_LANGUAGE`, for requests that name none and voices that speak it."""

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Languages that are advertised."""
        return household_languages(self.household, self.card.languages)

    @cached_property
    def listed(self) -> tuple[ListedVoice, ...]:
        """The advertised list; never empty, because Home Assistant cannot add an empty one."""
        return tuple(self._list(self._speaking or self._nameable))

    def choose(self, name: str | None, language: str | None, speaker: str | None) -> Choice:
        """Find what a request names.

        Raises:
            UnknownVoice: no such voice or speaker; the message lists what there is.
            UnknownLanguage: the voice does not speak the language.
        """
        if name or not self.default_voice:
            found, languages = self._find(name or DEFAULT_VOICE)
        else:
            found, languages = self._find(self.default_voice, ", which TTS_VOICE names")
        if not languages:
            languages = self._spoken(found, language)
        unnamed = found.clone is not None or found is self._unknown_yet
        return Choice(
            voice=None if unnamed else found.voice.name,
            clone=found.clone,
            speaker=self._speaker(found.voice, speaker),
            languages=languages,
            regions=(*_short_enough(language), *self._regions),
        )

    @cached_property
    def readings(self) -> tuple[str, ...]:
        """The advertised languages, with the region in whose way they are read."""
        return tuple(regional(language, self._regions) for language in self.languages)

    @cached_property
    def _regions(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.default_language, *self.household)))

    @cached_property
    def _speaking(self) -> dict[str, _Speaking]:
        own = {voice.name: _Speaking(voice, None) for voice in self.card.voices}
        if not self.card.clones:
            return own
        cloned = {
            name: _Speaking(Voice(name, self.card.languages), source)
            for name, source in self.clones.items()
        }
        return cloned | {name: entry for name, entry in own.items() if name not in cloned}

    @cached_property
    def _unknown_yet(self) -> _Speaking:
        return _Speaking(Voice(DEFAULT_VOICE, self.card.languages), None)

    @cached_property
    def _nameable(self) -> dict[str, _Speaking]:
        first = next(iter(self._speaking.values()), self._unknown_yet)
        return {DEFAULT_VOICE: first} | self._speaking

    @cached_property
    def _by_listed_name(self) -> dict[str, tuple[_Speaking, str]]:
        return {
            _listed_name(name, language, entry.voice): (entry, language)
            for name, entry in self._nameable.items()
            for language in entry.voice.languages
        }

    def _list(self, voices: Mapping[str, _Speaking]) -> Iterator[ListedVoice]:
        for name, entry in voices.items():
            description = f"{name} (cloned)" if entry.clone else name
            for language in household_languages(self.household, entry.voice.languages):
                listed = _listed_name(name, language, entry.voice)
                yield ListedVoice(listed, description, language, entry.voice.speakers)

    def _find(self, name: str, whence: str = "") -> tuple[_Speaking, tuple[str, ...]]:
        if name in self._nameable:
            return self._nameable[name], ()
        if name in self._by_listed_name:
            entry, language = self._by_listed_name[name]
            return entry, (language,)
        there = _some(self._speaking)
        raise UnknownVoice(f"There is no voice {name!r:.80}{whence}; there is: {there}.")

    def _spoken(self, found: _Speaking, language: str | None) -> tuple[str, ...]:
        if language is None:
            usual = closest_language(self.default_language or "und", found.voice.languages)
            return (usual,) if usual else household_languages(self.household, found.voice.languages)
        match = closest_language(language, found.voice.languages)
        if match is None:
            raise UnknownLanguage(
                f"The voice {found.voice.name} does not speak {language!r:.80}; it speaks:"
                f" {_some(found.voice.languages)}."
            )
        return (match,)

    def _speaker(self, voice: Voice, speaker: str | None) -> str | None:
        if speaker is None or speaker in voice.speakers:
            return speaker
        there = _some(voice.speakers) if voice.speakers else "no choice of speakers"
        raise UnknownVoice(f"{voice.name} has no speaker {speaker!r:.80}; there is: {there}.")


def _short_enough(language: str | None) -> tuple[str, ...]:
    return (language,) if language and len(language) <= MAX_TAG_CHARACTERS else ()


def _listed_name(name: str, language: str, voice: Voice) -> str:
    return f"{name} [{language}]" if len(voice.languages) > 1 else name


def _some(names: Mapping[str, object] | tuple[str, ...]) -> str:
    shown = list(names)[:NAMES_IN_A_MESSAGE]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
