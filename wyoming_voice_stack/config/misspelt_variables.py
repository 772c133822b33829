"""Finds misspelt settings in the environment."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from difflib import get_close_matches

from wyoming_voice_stack.config.options_file import OPTIONS_VARIABLE
from wyoming_voice_stack.config.settings import Settings

_LOGGER = logging.getLogger(__name__)

SIMILARITY = 0.8
"""Lowest ratio of `difflib`, from 0 to 1: `ASR_MODLE` has 0.89, `ASR_MEMORY` 0.63."""
MIN_CHARACTERS = 6
"""Shorter names, such as `HOST`, are like too many variables of other programs."""

_OTHERS = ("LANGUAGE",)
"""Variables of the system that are spelt like a setting."""


def misspelt_variables(environ: Iterable[str]) -> dict[str, str]:
    """Return each variable that is not a setting but is spelt much like one, and that setting."""
    settings = [name.upper() for name in Settings.model_fields]
    known = [*settings, *(f"{name}_FILE" for name in settings), OPTIONS_VARIABLE]
    likely = [name for name in known if len(name) >= MIN_CHARACTERS]
    unknown = sorted(name for name in environ if name.upper() not in {*known, *_OTHERS})
    found = {name: get_close_matches(name.upper(), likely, 1, SIMILARITY) for name in unknown}
    return {name: matches[0] for name, matches in found.items() if matches}


def warn_of_misspelt_variables(environ: Iterable[str]) -> None:
    """Log a warning for each."""
    for variable, setting in misspelt_variables(environ).items():
        _LOGGER.warning("%s is not a setting and is ignored; did you mean %s?", variable, setting)
