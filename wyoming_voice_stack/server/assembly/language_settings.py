"""Checks the languages in the settings against those of the models, before the port is opened."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from wyoming_voice_stack.errors import ConfigError
from wyoming_voice_stack.languages import closest_language


def require_languages(
    variable: str, wanted: Iterable[str], supported: Collection[str], models: str, advice: str = ""
) -> None:
    """Check that the models support every language that a setting names.

    `models` names them in the message, and `advice` says how to add a language.

    Raises:
        ConfigError: a language is not among `supported`.
    """
    for language in wanted:
        if closest_language(language, supported) is None:
            raise ConfigError(
                f"{variable}={language!r} is not valid: {models} does not support this language."
                f" Supported: {', '.join(supported)}.{advice}"
            )
