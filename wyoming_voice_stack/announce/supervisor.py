"""What an add-on asks of Home Assistant's Supervisor: to be found, and which language the house speaks.

The API is that of https://developers.home-assistant.io/docs/api/supervisor/endpoints.
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
"""One call, from looking up the name to its answer."""
READY_POLL_S = 0.5
"""How often the announcer looks whether the server can do its work."""
FIRST_RETRY_S = 5.0
"""After the first call that failed; twice as long after each further one."""
MAX_RETRY_S = 300.0
MAX_TRIES = 12
"""Of announcing: half an hour in all. A Supervisor that updates itself is away for a minute."""
LANGUAGE_TRIES = 6
"""Of asking for the language of the house; until then the port is closed."""
MAX_TAG_CHARACTERS = 35
"""Longest language tag, as RFC 5646 recommends to bear."""
MAX_ANSWER_BYTES = 1024 * 1024
MAX_QUOTED_CHARACTERS = 200

_OK = 200
_REFUSALS = {401, 403}
"""The configuration does not allow it. With 400 the Supervisor also answers while it starts."""


@dataclass(frozen=True)
class Supervisor:
    """Where the Supervisor is, and the key that it gave to this add-on."""

    url: str
    token: str = field(repr=False)


class SupervisorUnavailable(VoiceStackError):
    """The Supervisor did not do what it was asked for."""

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final
        """Asking again will not help."""


async def home_language(
    supervisor: Supervisor, *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> str | None:
    """Ask for the language that Home Assistant is set to, as a BCP 47 tag; None if it is not told.

    An add-on needs `homeassistant_api: true` for that. Asks `LANGUAGE_TRIES` times.
    """
    for tries_left in reversed(range(LANGUAGE_TRIES)):
        try:
            answer = await _call(supervisor, "GET", "core/api/config")
        except SupervisorUnavailable as error:
            if error.final or not tries_left:
                _LOGGER.warning("Home Assistant does not tell its language: %s", error)
                return None
            await pause(FIRST_RETRY_S)
        else:
            language = answer.get("language")
            usable = isinstance(language, str) and len(language) <= MAX_TAG_CHARACTERS
            return language if usable else None
    return None


class SupervisorAnnouncer:
    """Tells the Supervisor where this server is, once it can do its work.

    The Supervisor keeps what it was told over restarts of the add-on, knows the same message
    again, and takes it back itself when the add-on is uninstalled. So nothing is taken back here:
    Home Assistant would delete the entry that the user has made, at each restart.
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
        """Begin, in the background. Does not wait and does not fail."""
        self._task.start()

    async def stop(self) -> None:
        """Leave nothing behind here; the Supervisor keeps what it was told. May be called twice."""
        await self._task.stop()

    async def _announce(self) -> None:
        while not self._is_ready():
            await self._pause(READY_POLL_S)
        retry_s = FIRST_RETRY_S
        for tries_left in reversed(range(MAX_TRIES)):
            try:
                await self._tell()
            except SupervisorUnavailable as error:
                if error.final or not tries_left:
                    _LOGGER.error(  # noqa: TRY400 - no defect of ours, and the text says it all
                        "Home Assistant is not told of this server: %s Add the integration Wyoming"
                        " Protocol by hand, with %s.",
                        error,
                        self._uri.removeprefix("tcp://"),
                    )
                    return
                _LOGGER.warning("%s Asked again in %g s.", error, retry_s)
                await self._pause(retry_s)
                retry_s = min(2 * retry_s, MAX_RETRY_S)
            else:
                return

    async def _tell(self) -> None:
        message = {"service": "wyoming", "config": {"uri": self._uri}}
        answer = await _call(self._supervisor, "POST", "discovery", message)
        data = answer.get("data")
        uuid = data.get("uuid") if isinstance(data, dict) else None
        _LOGGER.info("Home Assistant is told of %s by the Supervisor (%s)", self._uri, uuid)


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
                # Whoever answers may send us anywhere, and the token would be told there.
                allow_redirects=False,
            ) as response,
        ):
            body = await _body(response)
            status = response.status
    except TimeoutError as error:
        raise SupervisorUnavailable(
            f"{where} gave no answer in {CALL_S:g} s.", final=False
        ) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        quoted = f"{type(error).__name__}: {error}"[:MAX_QUOTED_CHARACTERS]
        raise SupervisorUnavailable(
            f"{where} cannot be reached ({quoted}).", final=False
        ) from error
    if status != _OK:
        raise SupervisorUnavailable(
            f"{where} answers {method} /{path} with HTTP status {status}{_reason(body)}.",
            final=status in _REFUSALS,
        )
    answer = _parsed(body)
    if answer is None:
        raise SupervisorUnavailable(f"{where} answers with what is no JSON object.", final=True)
    return answer


async def _body(response: ClientResponse) -> bytes:
    body = b""
    async for part in response.content.iter_any():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            response.close()
            raise SupervisorUnavailable(
                f"The answer is longer than {MAX_ANSWER_BYTES} bytes.", final=True
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
