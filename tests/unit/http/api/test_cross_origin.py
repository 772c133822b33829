"""Which pages of a browser have caused a request, and whether they may."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from wyoming_voice_stack.errors import NotAllowed
from wyoming_voice_stack.http.api.cross_origin import CrossOrigin

RULES = CrossOrigin(origins=["https://Chat.example.com"], hosts=["Voice.example.com"])


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://voice.local:10300", "voice.local:10300"),
        ("http://Voice.local:10300", "voice.LOCAL:10300"),
        # A proxy in front may pass on another Host than the browser's.
        ("https://voice.example.com", "10.0.0.2:10300"),
        ("https://VOICE.example.com:8443", "10.0.0.2:10300"),
        ("https://chat.example.COM", "10.0.0.2:10300"),
        (None, "10.0.0.2:10300"),
    ],
)
def test_own_pages_and_allowed_ones(origin: str | None, host: str) -> None:
    headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
    RULES.check(make_mocked_request("POST", "/v1/audio/speech", headers=headers))


@pytest.mark.parametrize(
    "origin",
    [
        "http://voice.local",
        "http://voice.local:10200",
        "http://chat.example.com",
        "https://evil.example",
        "http://[",
        "null",
        "",
    ],
)
def test_others(origin: str) -> None:
    headers = {"Host": "voice.local:10300", "Origin": origin}
    with pytest.raises(NotAllowed, match="may not use this API; add the origin to API_ORIGINS"):
        RULES.check(make_mocked_request("POST", "/v1/audio/speech", headers=headers))
    # Reading changes nothing, and a page of another origin cannot see the answer.
    RULES.check(make_mocked_request("GET", "/v1/models", headers=headers))
