"""Calls of Home Assistant's Supervisor: registers this add-on's server, and reads the household's language.

The API is documented at https://developers.home-assistant.io/docs/api/supervisor/endpoints.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wyoming_voice_stack.background import BackgroundTask
from wyoming_voice_stack.errors import VoiceStackError

if TYPE_CHECKING:
    from aiohttp import ClientResponse

_LOGGER = logging.getLogger(__name__)

CALL_S = 10.0
"""Time limit of one call, name resolution included."""
READY_POLL_S = 0.5
"""How often the announcer checks whether the server is ready."""
FIRST_RETRY_S = 5.0
"""Delay after the first failed call; doubled after each further one."""
MAX_RETRY_S = 300.0
MAX_TRIES = 12
"""Attempts to register, within half an hour. A Supervisor that updates itself is away for a minute."""
LANGUAGE_TRIES = 6
"""Attempts to read the household's language; until then the port is closed."""
MAX_TAG_CHARACTERS = 35
"""Longest language tag that RFC 5646 recommends to support."""
MAX_ANSWER_BYTES = 1024 * 1024
MAX_QUOTED_CHARACTERS = 200

_OK = 200
_REFUSALS = {401, 403}
"""The add-on's configuration does not allow the call. 400 is not one: the Supervisor also answers it at its start."""


@dataclass(frozen=True)
class Supervisor:
    """Address of the Supervisor, and the token that it gave to this add-on."""

    url: str
    token: str = field(repr=False)


class SupervisorUnavailable(VoiceStackError):
    """The Supervisor could not be reached, or refused a call."""

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final
        """True if another attempt will not help."""


async def home_language(
    supervisor: Supervisor, *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> str | None:
    """Return the language that Home Assistant is set to, as a BCP 47 tag; None if it cannot be read.

    An add-on needs `homeassistant_api: true` for that. Makes up to `LANGUAGE_TRIES` attempts.
    """
    for tries_left in reversed(range(LANGUAGE_TRIES)):
        try:
            answer = await _call(supervisor, "GET", "core/api/config")
        except SupervisorUnavailable as error:
            if error.final or not tries_left:
                _LOGGER.warning("The language of Home Assistant cannot be read: %s", error)
                return None
            await pause(FIRST_RETRY_S)
        else:
            language = answer.get("language")
            usable = isinstance(language, str) and len(language) <= MAX_TAG_CHARACTERS
            return language if usable else None
    return None


class SupervisorAnnouncer:
    """Registers this server's address with the Supervisor, once the server is ready.

    The Supervisor keeps the registration over restarts of the add-on, recognizes the same message
    again, and removes it when the add-on is uninstalled. So it is not removed here: Home Assistant
    would delete the user's entry at each restart.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        *,
        uri: str,
        is_ready: Callable[[], bool],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._supervisor = supervisor
        self._uri = uri
        self._is_ready = is_ready
        self._pause = pause
        self._task = BackgroundTask(
            self._announce,
            name="supervisor announcer",
            on_failure="Registration with the Supervisor failed",
        )

    async def start(self) -> None:
        """Start in the background. Does not wait and does not fail."""
        self._task.start()

    async def stop(self) -> None:
        """Stop the task; the Supervisor keeps the registration. May be called twice."""
        await self._task.stop()

    async def _announce(self) -> None:
        while not self._is_ready():
            await self._pause(READY_POLL_S)
        retry_s = FIRST_RETRY_S
        for tries_left in reversed(range(MAX_TRIES)):
            try:
                await self._register()
            except SupervisorUnavailable as error:
                if error.final or not tries_left:
                    _LOGGER.error(  # noqa: TRY400 - not a defect here, and the text says it all
                        "Home Assistant does not discover this server: %s Add the integration Wyoming"
                        " Protocol by hand, with %s.",
                        error,
                        self._uri.removeprefix("tcp://"),
                    )
                    return
                _LOGGER.warning("%s Retrying in %g s.", error, retry_s)
                await self._pause(retry_s)
                retry_s = min(2 * retry_s, MAX_RETRY_S)
            else:
                return

    async def _register(self) -> None:
        message = {"service": "wyoming", "config": {"uri": self._uri}}
        answer = await _call(self._supervisor, "POST", "discovery", message)
        data = answer.get("data")
        uuid = data.get("uuid") if isinstance(data, dict) else None
        _LOGGER.info("Registered %s with the Supervisor (%s)", self._uri, uuid)


async def _call(
    supervisor: Supervisor, method: str, path: str, message: dict[str, Any] | None = None
) -> dict[str, Any]:
    import aiohttp

    where = f"The Supervisor at {supervisor.url}"
    try:
        async with (
            asyncio.timeout(CALL_S),
            aiohttp.ClientSession() as session,
            session.request(
                method,
                f"{supervisor.url.rstrip('/')}/{path}",
                json=message,
                headers={"Authorization": f"Bearer {supervisor.token}"},
                # A redirect could send the message, and with it the token, to another server.
                allow_redirects=False,
            ) as response,
        ):
            body = await _body(response)
            status = response.status
    except TimeoutError as error:
        raise SupervisorUnavailable(
            f"{where} did not answer within {CALL_S:g} s.", final=False
        ) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        quoted = f"{type(error).__name__}: {error}"[:MAX_QUOTED_CHARACTERS]
        raise SupervisorUnavailable(
            f"{where} cannot be reached ({quoted}).", final=False
        ) from error
    if status != _OK:
        raise SupervisorUnavailable(
            f"{where} answered {method} /{path} with HTTP status {status}{_reason(body)}.",
            final=status in _REFUSALS,
        )
    answer = _parsed(body)
    if answer is None:
        raise SupervisorUnavailable(
            f"{where} answered with something that is not a JSON object.", final=True
        )
    return answer


async def _body(response: ClientResponse) -> bytes:
    body = b""
    async for part in response.content.iter_any():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            response.close()
            raise SupervisorUnavailable(
                f"The Supervisor's answer is longer than {MAX_ANSWER_BYTES} bytes.", final=True
            )
    return body


def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _reason(body: bytes) -> str:
    answer = _parsed(body) or {}
    reason = answer.get("message")
    return f" ({reason!r:.{MAX_QUOTED_CHARACTERS}})" if reason else ""
