"""The voices a client may choose from, the engine's own and the cloned ones, by language.

Home Assistant never sends the language of a text. So a voice with several languages is advertised
once for each, as `anna [de]`, and the name selects the language. A name from a client is only
looked up here; it never becomes a path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from wyoming_voice_stack.errors import UnknownLanguage, UnknownVoice
from wyoming_voice_stack.languages import (
    DETECTED,
    MAX_TAG_CHARACTERS,
    closest_language,
    household_languages,
)
from wyoming_voice_stack.tts.engine import CloneSource, EngineCard, Voice
from wyoming_voice_stack.tts.text.language.tags import regional

DEFAULT_VOICE = "default"
"""Selects the server's default voice; advertised while no other voice is known yet."""
NAMES_IN_A_MESSAGE = 20


@dataclass(frozen=True)
class VoiceRequest:
    """The voice that a client asks for; None leaves the choice to the server."""

    name: str | None = None
    language: str | None = None
    speaker: str | None = None
    alias: str | None = None
    """What the client wrote instead of `name`; for messages."""


@dataclass(frozen=True)
class VoiceSelection:
    """The voice found for a request."""

    voice: str | None
    clone: CloneSource | None
    speaker: str | None
    languages: tuple[str, ...]
    """More than one if the language has to be detected from the text."""
    regions: tuple[str, ...] = ()
    """Language tags whose region decides how numbers and dates are read, the first one first."""


@dataclass(frozen=True)
class ListedVoice:
    """One entry of the advertised list: one voice in one language."""

    name: str
    description: str
    language: str
    speakers: tuple[str, ...]


@dataclass(frozen=True)
class _VoiceEntry:
    voice: Voice
    clone: CloneSource | None


@dataclass(frozen=True)
class VoiceCatalogue:
    """All voices that can be chosen at one moment."""

    card: EngineCard
    clones: Mapping[str, CloneSource]
    household: tuple[str, ...] = ()
    """`TTS_LANGUAGES`; empty means all languages."""
    default_voice: str | None = None
    """`TTS_VOICE`."""
    default_language: str | None = None
    """`TTS_LANGUAGE`: used if a request names no language and the voice supports it."""

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Languages that are advertised."""
        return household_languages(self.household, self.card.languages)

    @cached_property
    def listed(self) -> tuple[ListedVoice, ...]:
        """The advertised list; never empty, because Home Assistant cannot add a server without voices."""
        return tuple(self._list(self._own_and_cloned or self._by_name))

    def select(self, request: VoiceRequest) -> VoiceSelection:
        """Find the voice that a request names.

        Raises:
            UnknownVoice: there is no such voice or speaker; the message lists the available ones.
            UnknownLanguage: the voice does not support the language.
        """
        if request.name or not self.default_voice:
            origin = f", which the alias {request.alias!r:.80} stands for" if request.alias else ""
            found, languages = self._find(request.name or DEFAULT_VOICE, origin)
        else:
            found, languages = self._find(self.default_voice, " in TTS_VOICE")
        if not request.name and request.language:
            found, languages = self._speaking(request.language, found, languages)
        if not languages:
            languages = self._languages_of(found.voice, request.language)
        unnamed = found.clone is not None or found is self._placeholder
        return VoiceSelection(
            voice=None if unnamed else found.voice.name,
            clone=found.clone,
            speaker=_speaker(found.voice, request.speaker),
            languages=languages,
            regions=(*_short_enough(request.language), *self._regions),
        )

    def has(self, name: str) -> bool:
        """Whether a voice has this name, with or without a language, as in `anna [de]`."""
        return name in self._by_name or name in self._by_listed_name

    @cached_property
    def default(self) -> tuple[str, str]:
        """Voice and language of a request that names neither; the language is `auto` if detected."""
        name = self.default_voice or DEFAULT_VOICE
        try:
            found, languages = self._find(name)
        except UnknownVoice:
            # The recording that TTS_VOICE names may still be added.
            return name, self.default_language or DETECTED
        languages = languages or self._languages_of(found.voice, None)
        return found.voice.name, languages[0] if len(languages) == 1 else DETECTED

    @cached_property
    def sources(self) -> Mapping[str, CloneSource | None]:
        """The recordings of each voice; None for one of the engine's own."""
        return {name: entry.clone for name, entry in self._own_and_cloned.items()}

    def languages_of(self, name: str) -> tuple[str, ...]:
        """Return the languages in which a voice of `sources` is advertised."""
        return household_languages(self.household, self._own_and_cloned[name].voice.languages)

    def require(self, name: str) -> None:
        """Check that a voice, or a voice in a language, exists.

        Raises:
            UnknownVoice: it does not; the message lists the available ones.
        """
        self._find(name)

    @cached_property
    def regional_languages(self) -> tuple[str, ...]:
        """The advertised languages, each with the region whose formats are read."""
        return tuple(regional(language, self._regions) for language in self.languages)

    @cached_property
    def _regions(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.default_language, *self.household)))

    @cached_property
    def _own_and_cloned(self) -> dict[str, _VoiceEntry]:
        own = {voice.name: _VoiceEntry(voice, None) for voice in self.card.voices}
        if not self.card.clones:
            return own
        cloned = {
            name: _VoiceEntry(Voice(name, self.card.languages), source)
            for name, source in self.clones.items()
        }
        return cloned | {name: entry for name, entry in own.items() if name not in cloned}

    @cached_property
    def _placeholder(self) -> _VoiceEntry:
        """Stands for the engine's first voice until the engine is loaded and has named it."""
        return _VoiceEntry(Voice(DEFAULT_VOICE, self.card.languages), None)

    @cached_property
    def _by_name(self) -> dict[str, _VoiceEntry]:
        return {DEFAULT_VOICE: self._first} | self._own_and_cloned

    @cached_property
    def _first(self) -> _VoiceEntry:
        """The first voice that speaks a language of the household, or else the first of all."""
        wanted = filter(None, (self.default_language, *self.household))
        found = filter(None, map(self._first_in, wanted))
        return next(found, next(iter(self._own_and_cloned.values()), self._placeholder))

    def _first_in(self, language: str) -> _VoiceEntry | None:
        tag = closest_language(language, self.card.languages)
        entries = self._own_and_cloned.values()
        return next((entry for entry in entries if tag in entry.voice.languages), None)

    def _speaking(
        self, language: str, default: _VoiceEntry, languages: tuple[str, ...]
    ) -> tuple[_VoiceEntry, tuple[str, ...]]:
        """The default voice, or one that speaks the language of the request where it does not."""
        if closest_language(language, default.voice.languages):
            return default, languages
        other = self._first_in(language)
        return (default, languages) if other is None else (other, ())

    @cached_property
    def _by_listed_name(self) -> dict[str, tuple[_VoiceEntry, str]]:
        return {
            _listed_name(name, language, entry.voice): (entry, language)
            for name, entry in self._by_name.items()
            for language in entry.voice.languages
        }

    def _list(self, voices: Mapping[str, _VoiceEntry]) -> Iterator[ListedVoice]:
        for name, entry in voices.items():
            description = f"{name} (cloned)" if entry.clone else name
            for language in household_languages(self.household, entry.voice.languages):
                listed = _listed_name(name, language, entry.voice)
                yield ListedVoice(listed, description, language, entry.voice.speakers)

    def _find(self, name: str, origin: str = "") -> tuple[_VoiceEntry, tuple[str, ...]]:
        if name in self._by_name:
            return self._by_name[name], ()
        if name in self._by_listed_name:
            entry, language = self._by_listed_name[name]
            return entry, (language,)
        available = _some(self._own_and_cloned) or "none yet"
        raise UnknownVoice(
            f"Unknown voice {name!r:.80}{origin}. Available voices: {available}. {self.card.left_out}".strip()
        )

    def _languages_of(self, voice: Voice, language: str | None) -> tuple[str, ...]:
        if language is None:
            default = closest_language(self.default_language or "und", voice.languages)
            return (default,) if default else household_languages(self.household, voice.languages)
        match = closest_language(language, voice.languages)
        if match is None:
            raise UnknownLanguage(
                f"Voice {voice.name!r} does not support language {language!r:.80}."
                f" Supported: {_some(voice.languages)}."
            )
        return (match,)


def _speaker(voice: Voice, speaker: str | None) -> str | None:
    """Find a speaker by its name or by its number; a voice with one speaker needs no choice."""
    if speaker is None or not voice.speakers:
        return None
    if speaker in voice.speakers:
        return speaker
    ids = voice.speaker_ids or range(len(voice.speakers))
    by_id = dict(zip(map(str, ids), voice.speakers, strict=False))
    if speaker in by_id:
        return by_id[speaker]
    raise UnknownVoice(
        f"Unknown speaker {speaker!r:.80} of voice {voice.name!r}."
        f" Available speakers: {_some(voice.speakers)}."
    )


def _short_enough(language: str | None) -> tuple[str, ...]:
    return (language,) if language and len(language) <= MAX_TAG_CHARACTERS else ()


def _listed_name(name: str, language: str, voice: Voice) -> str:
    return f"{name} [{language}]" if len(voice.languages) > 1 else name


def _some(names: Mapping[str, object] | tuple[str, ...]) -> str:
    shown = list(names)[:NAMES_IN_A_MESSAGE]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
