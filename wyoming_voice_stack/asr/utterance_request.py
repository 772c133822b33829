"""What a client asks of the speech-to-text service, and how much of it is used."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from wyoming_voice_stack.asr.engine import Task

_LOGGER = logging.getLogger(__name__)

MAX_REQUEST_NAMES = 4000
"""Names, and terms, of one request: a household with 2000 entities, each with an alias. Comparing them
with a text takes a twentieth of a second."""
MAX_NAME_CHARACTERS = 128
"""Longer names are left out: no engine uses them."""

MAX_PROMPT_CHARACTERS = 4000
"""Of a longer prompt of a request, the end is used; an engine takes less than that."""


@dataclass(frozen=True)
class UtteranceRequest:
    """What a client asks for; the defaults are those of the settings."""

    model: str | None = None
    language: str | None = None
    """A BCP 47 tag, or `auto`."""
    names: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    """BCP 47 tags to choose from when detecting; the household's if there are none."""
    task: Task | None = None
    prompt: str | None = None
    """Text before the speech, or in its style."""
    word_times: bool = False
    """Find out when each word was spoken."""
    household_names: bool = True
    """Expect the names of the household's areas and entities."""
    sensitivity: str | None = None
    """`aggressive` or `relaxed` endpoint detection; anything else is the default."""


def bounded(kind: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first names or terms, without those that are too long."""
    kept = tuple(word for word in words if len(word) <= MAX_NAME_CHARACTERS)[:MAX_REQUEST_NAMES]
    if len(kept) < len(words):
        _LOGGER.debug("%d of %d %s of a request are used", len(kept), len(words), kind)
    return kept
