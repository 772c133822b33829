"""The address and token for Home Assistant's API, and the error for when it is not available."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from wyoming_voice_stack.errors import ConfigError, VoiceStackError

SUPERVISOR_URL = "ws://supervisor/core/websocket"
"""Home Assistant's address for add-ons with `homeassistant_api: true` in their configuration."""
WEBSOCKET_PATH = "/api/websocket"
MAX_URL_CHARACTERS = 2048

_WEBSOCKET_SCHEMES = {"http": "ws", "https": "wss"}
_EXAMPLE = "an address such as http://homeassistant.local:8123"


@dataclass(frozen=True)
class HomeAssistantAccess:
    """Address and token of Home Assistant's WebSocket API."""

    url: str
    """URL of the API: `ws://` or `wss://`, without user, password or query."""
    token: str = field(repr=False)


class HomeAssistantUnavailable(VoiceStackError):
    """The names cannot be read now. The message states the cause and the fix, without the address."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        """Identifies the cause, so that each one is logged once."""


def home_assistant_access(
    *, url: str | None, token: str | None, supervisor_token: str | None
) -> HomeAssistantAccess | None:
    """Return the access given by `HASS_URL` and `HASS_TOKEN`, or else by the Supervisor.

    Returns:
        None if nothing is configured.

    Raises:
        ConfigError: only one of `HASS_URL` and `HASS_TOKEN` is set, or one is invalid. The
            message never contains the token or credentials in the URL.
    """
    url, token = (url or "").strip(), (token or "").strip()
    supervisor_token = (supervisor_token or "").strip()
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ConfigError(
            "HASS_TOKEN (not shown) is not valid: a token has only ASCII letters, digits and punctuation;"
            " copy it from Home Assistant again, in one line."
        )
    if url and token:
        return HomeAssistantAccess(_websocket_url(url), token)
    if url:
        raise ConfigError(
            "HASS_URL is set but HASS_TOKEN is not; set HASS_TOKEN to a long-lived access token of"
            " that Home Assistant (your profile, Security), or unset HASS_URL."
        )
    if token:
        raise ConfigError(
            f"HASS_TOKEN is set but HASS_URL is not; set HASS_URL to {_EXAMPLE}, or unset HASS_TOKEN."
        )
    return HomeAssistantAccess(SUPERVISOR_URL, supervisor_token) if supervisor_token else None


def _websocket_url(url: str) -> str:
    parts = _split(url)
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ConfigError(
            f"HASS_URL must not contain a user, a password, ? or #; set it to {_EXAMPLE}, and set"
            " HASS_TOKEN to the access token."
        )
    scheme = _WEBSOCKET_SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ConfigError(
            f"HASS_URL={url!r:.200} is invalid; set it to {_EXAMPLE}, with http or https."
        )
    path = parts.path.rstrip("/").removesuffix(WEBSOCKET_PATH)
    return f"{scheme}://{parts.netloc}{path}{WEBSOCKET_PATH}"


def _split(url: str) -> SplitResult:
    # The message leaves out the value: an invalid URL may contain a password.
    invalid = ConfigError(f"HASS_URL is not a valid URL; set it to {_EXAMPLE}.")
    if len(url) > MAX_URL_CHARACTERS or not url.isprintable() or " " in url:
        raise invalid
    try:
        parts = urlsplit(url)
        # Reading the port validates it; the encoding validates the host name.
        _ = parts.port, (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise invalid from error
    return parts
