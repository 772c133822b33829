"""How the values of settings are read: lists, languages, networks, and text with quotes around it."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import chain
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

_QUOTES = ('"', "'")
_DETECTED = "auto"
"""Stands for a language that is detected, and so for none in a setting."""


def unquoted(value: str) -> str:
    """Return the text without blanks and the pair of quotes around it.

    `docker run --env-file` and YAML lists keep the quotes that a shell removes.
    """
    text = value.strip()
    quote = text[:1]
    if quote in _QUOTES and len(text) > 1 and text.endswith(quote) and quote not in text[1:-1]:
        return text[1:-1].strip()
    return text


def comma_separated(value: Any) -> Any:
    """Split text, or each text of a list, at commas; anything else is returned as it is."""
    if isinstance(value, str):
        return tuple(filter(None, map(unquoted, value.split(","))))
    if isinstance(value, list):
        parts = (comma_separated(each) if isinstance(each, str) else (each,) for each in value)
        return tuple(chain.from_iterable(parts))
    return value


def lower(value: Any) -> Any:
    """Lower-case text, without blanks around it."""
    return value.strip().lower() if isinstance(value, str) else value


def upper(value: Any) -> Any:
    """Upper-case text, without blanks around it."""
    return value.strip().upper() if isinstance(value, str) else value


def exactly_one(value: Any) -> Any:
    """Accept only `1`, as coqui-tts does for its licence."""
    return value is True or value == "1"


def networks(value: Any) -> Any:
    """Read networks, also addresses with a network's prefix."""
    parts = comma_separated(value)
    if not isinstance(parts, tuple):
        return value
    return tuple(ip_network(str(part), strict=False) for part in parts)


def _empty_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and value.strip() in {"", _DETECTED} else value


def _detected_is_none(value: Any) -> Any:
    names = comma_separated(value)
    return () if names == (_DETECTED,) else names


def _existing_language(tag: str) -> str:
    # Imports langcodes, which a health check does not need.
    from wyoming_voice_stack.languages import is_language

    if not is_language(tag):
        raise PydanticCustomError(
            "language", "no such language; use a language code such as en, de or pt-BR"
        )
    return tag


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(comma_separated)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(networks)]
Optional = Annotated[str | None, BeforeValidator(_empty_is_none)]
LanguageTag = Annotated[str, AfterValidator(_existing_language)]
OptionalLanguage = Annotated[LanguageTag | None, BeforeValidator(_empty_is_none)]
Languages = Annotated[tuple[LanguageTag, ...], NoDecode, BeforeValidator(_detected_is_none)]
Device = Annotated[str, BeforeValidator(lower), Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")]
ComputeType = Annotated[
    Literal[
        "auto",
        "default",
        "int8",
        "int8_float32",
        "int8_float16",
        "int8_bfloat16",
        "int16",
        "float16",
        "bfloat16",
        "float32",
    ],
    BeforeValidator(lower),
]
