"""How the values of settings are read: lists, languages, networks, and text with quotes around it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

from wyoming_voice_stack.config.networks import NAMED_NETWORKS, is_host

_HOST_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", re.IGNORECASE | re.ASCII)
_ORIGIN = re.compile(r"https?://(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?", re.ASCII)
_SERVER = re.compile(r"(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?", re.ASCII)
_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?", re.ASCII)
_QUOTES = ('"', "'")
_DETECTED = "auto"
"""Stands for a language that is detected, and so for none in a setting."""


MAX_QUOTED_CHARACTERS = 200
"""Characters of a wrong value that a message quotes."""
_BYTE_ORDER_MARK = "\ufeff"
"""Editors on Windows write it in front of a text; Python does not count it as a blank."""


def quoted(value: Any) -> str:
    """Return a wrong value as a message shows it: in one line, and not longer than a line or two."""
    text = repr(value)
    if len(text) <= MAX_QUOTED_CHARACTERS:
        return text
    return f"{text[:MAX_QUOTED_CHARACTERS]}… ({len(text)} characters)"


def unquoted(value: str) -> str:
    """Return the text without blanks and the pair of quotes around it.

    `docker run --env-file` and YAML lists keep the quotes that a shell removes.
    """
    text = value.strip().removeprefix(_BYTE_ORDER_MARK).strip()
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
    """Read networks, also addresses with a network's prefix, `private` and `any`; none is `private`."""
    parts = comma_separated(value)
    if not isinstance(parts, tuple):
        return value
    return tuple(chain.from_iterable(_networks(str(part)) for part in parts or ("private",)))


def _networks(part: str) -> tuple[IPv4Network | IPv6Network, ...]:
    named = NAMED_NETWORKS.get(part.strip().lower())
    if named is not None:
        return named
    try:
        return (ip_network(part, strict=False),)
    except ValueError as error:
        raise PydanticCustomError(
            "network",
            "{part} is neither an IP address nor a network; use addresses such as 192.168.1.20 or"
            " 192.168.1.0/24, separated by commas, or private or any",
            {"part": quoted(part)},
        ) from error


def _empty_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and value.strip() in {"", _DETECTED} else value


def _detected_is_none(value: Any) -> Any:
    names = comma_separated(value)
    return () if names == (_DETECTED,) else names


def _existing_language(tag: str) -> str:
    # Imports langcodes, which a health check does not need.
    from wyoming_voice_stack.languages import is_language, language_code

    if is_language(tag):
        return tag
    code = language_code(tag)
    advice = f"the code {code}" if code else "a language code such as en, de or pt-BR"
    raise PydanticCustomError("language", "no such language; use {advice}", {"advice": advice})


def _at_least_one(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise PydanticCustomError("names", "it names no model; name one, or leave it unset")
    return names


def _host_names(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _HOST_NAME.fullmatch(name):
            raise PydanticCustomError(
                "host_name",
                "{name} is not a host name; use names such as voice.example.com, without http:// and"
                " without a port, separated by commas",
                {"name": quoted(name)},
            )
    return names


def _origins(names: tuple[str, ...]) -> tuple[str, ...]:
    origins = tuple(name.lower().rstrip("/") for name in names)
    for name, origin in zip(names, origins, strict=True):
        if not _ORIGIN.fullmatch(origin):
            raise PydanticCustomError(
                "origin",
                "{name} is not a web origin; use origins such as https://chat.example.com or"
                " http://192.168.1.20:3000, without a path, separated by commas",
                {"name": quoted(name)},
            )
    return origins


def _server_address(text: str) -> str:
    address = text.strip().lower()
    if not _is_server(address):
        raise PydanticCustomError(
            "server",
            "{text} is not the address of a server; use HOST or HOST:PORT, such as tts:5002 or"
            " 192.168.1.20:5002, without http://",
            {"text": quoted(text)},
        )
    return address


def _is_server(address: str) -> bool:
    try:
        parts = urlsplit(f"//{address}")
        return (
            bool(_SERVER.fullmatch(address)) and is_host(parts.hostname or "") and parts.port != 0
        )
    except ValueError:
        # The port is too large, or what is in brackets is not an IPv6 address.
        return False


def _host(value: str | None) -> str | None:
    if value is not None and not is_host(value):
        raise PydanticCustomError(
            "host",
            "it is neither an IP address nor a host name; set it to an address of this machine, or"
            " leave it unset",
        )
    return value


def _voice_aliases(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(value.items())
    parts = comma_separated(value)
    if not isinstance(parts, tuple):
        return value
    return tuple(_voice_alias(part) if isinstance(part, str) else part for part in parts)


def _voice_alias(part: str) -> tuple[str, str]:
    alias, _, voice = (unquoted(text) for text in part.partition("="))
    if not alias or not voice:
        raise PydanticCustomError(
            "voice_alias",
            "{part} does not give a voice a name; use alloy=anna [de] or nova=bert, separated by commas",
            {"part": quoted(part)},
        )
    return alias, voice


def _device(value: str) -> str:
    if not _DEVICE.fullmatch(value):
        raise PydanticCustomError("device", "no such device; use auto, cpu, cuda or cuda:N")
    return value


def _folder(value: Path) -> Path:
    try:
        path = value.expanduser()
        nearest = next((each for each in (path, *path.parents) if each.exists()), path)
        is_folder = nearest.is_dir() or not nearest.exists()
    except PermissionError:
        # What reads or writes there says whose folder it is.
        return value
    except (OSError, RuntimeError, ValueError) as error:
        # A name that is too long, an unknown user after `~`, a NUL character.
        reason = getattr(error, "strerror", None) or str(error)
        raise PydanticCustomError(
            "folder", "{reason}; set it to a folder", {"reason": reason}
        ) from error
    if not is_folder:
        raise PydanticCustomError(
            "folder", "{path} is a file; set it to a folder", {"path": str(nearest)}
        )
    return path


Folder = Annotated[Path, AfterValidator(_folder)]
Names = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(comma_separated), AfterValidator(_at_least_one)
]
HostNames = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(comma_separated), AfterValidator(_host_names)
]
Origins = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(comma_separated), AfterValidator(_origins)
]
ServerAddress = Annotated[str, AfterValidator(_server_address)]
"""`HOST` or `HOST:PORT`; an IPv6 address has brackets."""
VoiceAliases = Annotated[tuple[tuple[str, str], ...], NoDecode, BeforeValidator(_voice_aliases)]
"""Pairs of the name that a client sends and the name of a voice."""
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(networks)]
Optional = Annotated[str | None, BeforeValidator(_empty_is_none)]
LanguageTag = Annotated[str, AfterValidator(_existing_language)]
OptionalHost = Annotated[str | None, BeforeValidator(_empty_is_none), AfterValidator(_host)]
OptionalLanguage = Annotated[LanguageTag | None, BeforeValidator(_empty_is_none)]
Languages = Annotated[tuple[LanguageTag, ...], NoDecode, BeforeValidator(_detected_is_none)]
Device = Annotated[str, BeforeValidator(lower), AfterValidator(_device)]
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
