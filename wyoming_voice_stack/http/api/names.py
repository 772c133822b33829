"""The names of models and voices in requests: this server's own ones, and those that clients send unasked.

A client written for OpenAI names a model and a voice that this server does not have. The name of one of
OpenAI's families stands for the default, unless something here has that name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from wyoming_voice_stack.errors import UnknownModel

if TYPE_CHECKING:
    # Each server imports this module, and neither needs the modules of the other.
    from wyoming_voice_stack.asr.service import AsrModelCard
    from wyoming_voice_stack.tts.voices.catalogue import VoiceCatalogue, VoiceRequest

OPENAI_VOICES = (
    "alloy",
    "ash",
    "ballad",
    "cedar",
    "coral",
    "echo",
    "fable",
    "marin",
    "nova",
    "onyx",
    "sage",
    "shimmer",
    "verse",
)
"""Voices of OpenAI; each stands for the default voice, or for what `API_VOICES` says."""
ASR_ALIASES = ("whisper-1", "gpt-4o-mini-transcribe", "gpt-4o-transcribe", "gpt-transcribe")
TTS_ALIASES = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""Names of OpenAI that are listed beside the model they stand for; other ones of their families work too."""

SPEAKER_MARK = "#"
"""Between the name of a voice and that of its speaker."""

_ASR_FAMILIES = re.compile(r"whisper-1|gpt-[\w.-]*(transcribe|whisper|realtime)[\w.-]*")
_TTS_FAMILIES = re.compile(r"tts-1[\w.-]*|gpt-[\w.-]*(tts|realtime)[\w.-]*")


def asr_model(name: str | None, cards: Sequence[AsrModelCard]) -> str | None:
    """Return the model that a request for speech to text names; None is the default.

    A name that is neither a card's nor OpenAI's is returned as it is: the service knows further names
    of its models, and refuses the rest.
    """
    asked = (name or "").strip()
    if any(card.name == asked for card in cards):
        return asked
    return None if not asked or _ASR_FAMILIES.fullmatch(asked.lower()) else asked


def tts_model(name: str | None, served: str) -> None:
    """Accept the name of the one text-to-speech model, and those that stand for it.

    Raises:
        UnknownModel: the name is another one; the message has the right one.
    """
    asked = (name or "").strip()
    if asked and asked != served and not _TTS_FAMILIES.fullmatch(asked.lower()):
        raise UnknownModel(f"Unknown model {asked!r:.80}. Available: {served}.")


class VoiceNames:
    """Finds the voice that a request names: one of this server, an alias, or one of OpenAI's."""

    def __init__(
        self,
        catalogue: Callable[[], VoiceCatalogue],
        aliases: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """`catalogue` returns the current voices, and `aliases` the voice of each alias."""
        self._catalogue = catalogue
        self._aliases = aliases

    def resolve(self, name: str | None) -> VoiceRequest:
        """Return the voice to ask the service for, which refuses unknown ones.

        `NAME#SPEAKER` is one speaker of a voice that has several.
        """
        asked = (name or "").strip()
        own = self._own(asked)
        if own is not None:
            return own
        aliases = {alias.lower(): voice for alias, voice in self._aliases().items()}
        stands_for = aliases.get(asked.lower())
        if stands_for is not None:
            request = self._own(stands_for) or _request(stands_for)
            return replace(request, alias=asked)
        return _request("" if asked.lower() in OPENAI_VOICES else asked)

    def _own(self, name: str) -> VoiceRequest | None:
        has = self._catalogue().has
        if not name or has(name):
            return _request(name)
        voice, _, speaker = name.rpartition(SPEAKER_MARK)
        return _request(voice, speaker) if has(voice) else None


def _request(name: str, speaker: str | None = None) -> VoiceRequest:
    from wyoming_voice_stack.tts.voices.catalogue import VoiceRequest

    return VoiceRequest(name or None, speaker=speaker)
