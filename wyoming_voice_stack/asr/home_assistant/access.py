"""Where the names of the house are read, and what may go wrong there."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from wyoming_voice_stack.errors import ConfigError, VoiceStackError

SUPERVISOR_URL = "ws://supervisor/core/websocket"
"""Home Assistant as an add-on reaches it, if its configuration says `homeassistant_api: true`."""
WEBSOCKET_PATH = "/api/websocket"
MAX_URL_CHARACTERS = 2048

_WEBSOCKET_SCHEMES = {"http": "ws", "https": "wss"}
_ALLOWED = "name an address such as http://homeassistant.local:8123"


@dataclass(frozen=True)
class HomeAssistantAccess:
    """Home Assistant's websocket API, and the key to it."""

    url: str
    """Of the API itself: `ws://` or `wss://`, without user, password or query."""
    token: str = field(repr=False)


class HomeAssistantUnavailable(VoiceStackError):
    """The names cannot be read now. The text says what happened and what to do, not where."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        """The same word for the same trouble, however its text may differ."""


def home_assistant_access(
    *, url: str | None, token: str | None, supervisor_token: str | None
) -> HomeAssistantAccess | None:
    """Choose the way to Home Assistant: `HASS_URL` with `HASS_TOKEN`, else the add-on's own.

    Returns:
        None when nothing is configured: then there are no names of the house.

    Raises:
        ConfigError: one of `HASS_URL` and `HASS_TOKEN` is missing, or the URL is none. A token
            and what a URL holds beside its address are never in the message.
    """
    url, token = (url or "").strip(), (token or "").strip()
    supervisor_token = (supervisor_token or "").strip()
    if url and token:
        return HomeAssistantAccess(_websocket_url(url), token)
    if url:
        raise ConfigError(
            "HASS_URL is set and HASS_TOKEN is not; set HASS_TOKEN to a long-lived access token of"
            " that Home Assistant (your profile, Security), or unset HASS_URL."
        )
    if token:
        raise ConfigError(
            f"HASS_TOKEN is set and HASS_URL is not; {_ALLOWED} in HASS_URL, or unset HASS_TOKEN."
        )
    return HomeAssistantAccess(SUPERVISOR_URL, supervisor_token) if supervisor_token else None


def _websocket_url(url: str) -> str:
    parts = _split(url)
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ConfigError(
            f"HASS_URL holds more than an address (user, password, ? or #); {_ALLOWED}, and give"
            " the key to it in HASS_TOKEN."
        )
    scheme = _WEBSOCKET_SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ConfigError(f"HASS_URL={url!r:.200} is not usable; {_ALLOWED}, with http or https.")
    path = parts.path.rstrip("/").removesuffix(WEBSOCKET_PATH)
    return f"{scheme}://{parts.netloc}{path}{WEBSOCKET_PATH}"


def _split(url: str) -> SplitResult:
    unreadable = ConfigError(
        # Not the value itself: what cannot be taken apart may hold a password.
        f"HASS_URL is no URL that can be read; {_ALLOWED}."
    )
    if len(url) > MAX_URL_CHARACTERS or not url.isprintable() or " " in url:
        raise unreadable
    try:
        parts = urlsplit(url)
        # Reading the port is what checks it; the host must be a name that can be looked up.
        _ = parts.port, (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise unreadable from error
    return parts
