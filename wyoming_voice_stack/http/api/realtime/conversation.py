"""The messages of a client: which text a response speaks."""

from __future__ import annotations

from collections import deque
from typing import Any

from wyoming_voice_stack.http.api.api_errors import InvalidField
from wyoming_voice_stack.http.api.realtime.client_events import MAX_ID_CHARACTERS, Fields
from wyoming_voice_stack.http.api.realtime.event_socket import new_id

MAX_WAITING_MESSAGES = 64
"""Messages that no response has spoken yet."""
MAX_PARTS = 64
"""Items of one response, and parts of one item."""
MAX_TEXT_CHARACTERS = 1_000_000
"""All texts of a session that wait. One event is not longer; TTS_MAX_TEXT_CHARACTERS decides what is
spoken."""
_SPOKEN_ROLES = {"user", None}
_TEXT_PARTS = {"input_text", "text"}


class Conversation:
    """Keeps the user's messages until a response speaks them."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, str]] = deque()
        self._last_id: str | None = None

    def add(self, item: Fields) -> dict[str, Any]:
        """Add the item of a `conversation.item.create`, and return what its event says.

        Raises:
            InvalidField: the item is wrong, or too many wait.
        """
        text = spoken_text([item])
        characters = sum(len(waiting) for _, waiting in self._waiting) + len(text)
        if len(self._waiting) >= MAX_WAITING_MESSAGES or characters > MAX_TEXT_CHARACTERS:
            raise InvalidField(
                "Too many messages wait to be spoken; send response.create.",
                param=item.path,
                code="too_many_items",
            )
        item_id = item.text("id", limit=MAX_ID_CHARACTERS) or new_id("item")
        if text:
            self._waiting.append((item_id, text))
        previous, self._last_id = self._last_id, item_id
        shown = {
            "id": item_id,
            "object": "realtime.item",
            "type": item.name("type") or "message",
            "status": "completed",
            "role": item.name("role") or "user",
            "content": [{"type": "input_text", "text": text}] if text else [],
        }
        return {"previous_item_id": previous, "item": shown}

    def delete(self, item_id: str | None) -> None:
        """Forget a message that was not spoken yet; others are no longer known."""
        self._waiting = deque(entry for entry in self._waiting if entry[0] != item_id)

    def take(self) -> str:
        """Return the text of all waiting messages, which then no longer wait."""
        text = "\n".join(text for _, text in self._waiting)
        self._waiting.clear()
        return text


def spoken_text(items: list[Fields]) -> str:
    """Return the text of the user's messages among some items.

    Raises:
        InvalidField: an item is wrong.
    """
    texts: list[str] = []
    for item in items:
        kind, role = item.name("type"), item.name("role")
        if kind not in {"message", None} or role not in _SPOKEN_ROLES:
            continue
        parts = item.objects("content", limit=MAX_PARTS) or []
        texts += [
            part.text("text", limit=MAX_TEXT_CHARACTERS) or ""
            for part in parts
            if part.name("type") in _TEXT_PARTS
        ]
    return "\n".join(text for text in texts if text)
