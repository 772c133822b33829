"""The page for browsers without JavaScript: the state, the addresses, and a form to try the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from aiohttp import web

from wyoming_voice_stack.http.page.page_routes import PageRoute
from wyoming_voice_stack.http.page.page_state import PageState
from wyoming_voice_stack.http.page.page_visitors import Visitor

PLAIN_PATH = "plain"
SPEECH_PATH = "plain/speech"

_FACTS = (
    ("version", "Version"),
    ("model", "Model"),
    ("device", "Device"),
    ("state", "State"),
    ("detail", "Reason"),
    ("wyoming", "Address for Home Assistant"),
    ("base_url", "Base URL of the OpenAI-compatible API"),
    ("health", "Health"),
    ("metrics", "Metrics"),
)
_TRANSCRIPTION_FORM = """
<form action="../v1/audio/transcriptions" method="post" enctype="multipart/form-data">
<input type="hidden" name="response_format" value="text">
<p><label for="file">Recording</label> <input id="file" type="file" name="file" accept="audio/*" required></p>
<p><button>Get the text</button></p>
</form>"""
_KEY_FIELD = """
<p><label for="key">API key</label> <input id="key" type="password" name="key" required></p>"""


class PlainPage:
    """Makes the page in HTML."""

    def __init__(self, state: PageState, voices: Callable[[], Sequence[str]] | None) -> None:
        """`voices` returns the names of the voices of a text-to-speech server."""
        self._state = state
        self._voices = voices

    def routes(self) -> list[PageRoute]:
        """Return its address."""
        return [PageRoute("GET", PLAIN_PATH, self._show)]

    async def _show(self, request: web.Request, visitor: Visitor) -> web.Response:
        state = self._state.of_visitor(request, visitor)
        rows = "\n".join(
            f"<dt>{label}</dt><dd>{escape(str(state[name]))}</dd>"
            for name, label in _FACTS
            if state[name]
        )
        name = escape(state["name"])
        body = (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width"><meta name="color-scheme"'
            f' content="light dark"><title>{name}</title></head>\n<body><main><h1>{name}</h1>\n'
            f"<dl>\n{rows}\n</dl>{self._form(state)}\n</main></body></html>\n"
        )
        return web.Response(text=body, content_type="text/html", charset="utf-8")

    def _form(self, state: dict[str, Any]) -> str:
        if self._voices is not None:
            return _speech_form(self._voices(), key_required=state["key_required"])
        if state["key_required"]:
            return "\n<p>A browser without JavaScript cannot send the API key with a recording.</p>"
        return _TRANSCRIPTION_FORM


def _speech_form(voices: Sequence[str], *, key_required: bool) -> str:
    options = "".join(f"<option>{escape(voice)}</option>" for voice in voices)
    return f"""
<form action="{SPEECH_PATH}" method="post">
<p><label for="text">Text</label><br><textarea id="text" name="text" rows="4" cols="40" required></textarea></p>
<p><label for="voice">Voice</label> <select id="voice" name="voice"><option value="">Default</option>{options}\
</select></p>{_KEY_FIELD if key_required else ""}
<p><button>Speak</button></p>
</form>"""
