"""Requests that come through the ingress of Home Assistant, which has checked who the user is."""

from __future__ import annotations

from aiohttp import web

from wyoming_voice_stack.http.peer_address import plain_address

INGRESS_ADDRESS = "172.30.32.2"
"""Where the Supervisor's ingress comes from. Other add-ons, which reach the port too, have others."""
INGRESS_HEADER = "X-Ingress-Path"
IS_ADDON = web.AppKey("is_addon", bool)
"""True if the Supervisor runs the server. Elsewhere, any machine may have the address."""


def is_ingress(request: web.Request) -> bool:
    """Return whether Home Assistant passes on the request of one of its users."""
    if not request.app.get(IS_ADDON, False):
        return False
    address = plain_address(request.remote or "")
    return address == INGRESS_ADDRESS and INGRESS_HEADER in request.headers
