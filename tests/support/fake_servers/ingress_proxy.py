"""The ingress of Home Assistant: passes a browser's requests on, without the prefix and with headers of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    TCPConnector,
    web,
)

from tests.support.fake_servers.loopback import LoopbackServer

PREFIX = "/api/hassio_ingress/5f0c2a"
INGRESS_ADDRESS = "172.30.32.2"
NOT_PASSED_ON = {"connection", "host", "transfer-encoding", "content-length", "upgrade"}
USER = {"X-Remote-User-Id": "1", "X-Remote-User-Name": "anna", "X-Hass-Source": "core.ingress"}


class IngressProxy(LoopbackServer):
    """In front of the server at `target`, which it reaches from the address of the Supervisor."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self._target = target

    def handlers(self) -> dict[str, Any]:
        return {PREFIX + "/{path:.*}": self._pass_on}

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        address = f"{self._target}/{request.match_info['path']}"
        kept = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in NOT_PASSED_ON and not name.lower().startswith("sec-websocket")
        }
        headers = kept | USER | {"X-Ingress-Path": PREFIX, "Host": request.host}
        async with _session() as session:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await _join(request, session, address, headers)
            async with session.request(
                request.method,
                address,
                params=request.query,
                headers=headers,
                data=request.content if request.can_read_body else None,
                # Neither does the Supervisor follow them.
                allow_redirects=False,
            ) as answer:
                given = {n: v for n, v in answer.headers.items() if n.lower() not in NOT_PASSED_ON}
                response = web.StreamResponse(status=answer.status, headers=given)
                await response.prepare(request)
                # Either side may leave.
                with suppress(ConnectionError, ClientError):
                    async for part in answer.content.iter_any():
                        await response.write(part)
                return response


@asynccontextmanager
async def _session() -> AsyncIterator[ClientSession]:
    connector = TCPConnector(local_addr=(INGRESS_ADDRESS, 0))
    async with ClientSession(connector=connector, timeout=ClientTimeout(None)) as session:
        yield session


async def _join(
    request: web.Request, session: ClientSession, address: str, headers: dict[str, str]
) -> web.WebSocketResponse:
    asked = request.headers.get("Sec-WebSocket-Protocol", "")
    protocols = [name.strip() for name in asked.split(",") if name.strip()]
    async with session.ws_connect(
        address, params=request.query, headers=headers, protocols=protocols
    ) as server:
        browser = web.WebSocketResponse(protocols=[server.protocol] if server.protocol else ())
        await browser.prepare(request)
        ways = [
            asyncio.ensure_future(_copy(browser, server)),
            asyncio.ensure_future(_copy(server, browser)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        await browser.close()
        return browser


Socket = web.WebSocketResponse | ClientWebSocketResponse


async def _copy(source: Socket, target: Socket) -> None:
    async for message in source:
        await target.send_str(message.data)
