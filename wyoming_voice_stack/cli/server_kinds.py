"""The two kinds of servers, and the message for the address of the wrong one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from wyoming.event import Event

from wyoming_voice_stack.errors import WrongServer


@dataclass(frozen=True)
class ServerKind:
    """A kind of server that a command needs."""

    name: str
    mode: Literal["asr", "tts"]
    """Also the key of its programs in the `info` event."""

    def check(self, uri: str, info: Event) -> None:
        """Check by its `info` event that the server at `uri` is of this kind.

        Raises:
            WrongServer: it is not; the message names the port and the settings of one that is.
        """
        if info.data.get(self.mode):
            return
        found = [kind.name for kind in _KINDS if info.data.get(kind.mode)]
        serves = f"serves {found[0]}, not {self.name}" if found else f"does not serve {self.name}"
        raise WrongServer(f"{uri} {serves}. {self._advice(uri)}")

    def _advice(self, uri: str) -> str:
        from wyoming_voice_stack.config.settings import load_settings

        settings, asked, mode = load_settings(), urlsplit(uri), self.mode.upper()
        port = settings.asr_port if self.mode == "asr" else settings.tts_port
        if port in {0, asked.port}:
            return f"Set --uri or {mode}_URI to the address of a server that does."
        host = asked.netloc.rpartition(":")[0]
        return (
            f"{self.name.capitalize()} is served on port {port} ({mode}_PORT); use --uri"
            f" tcp://{host}:{port}, or set {mode}_URI."
        )


SPEECH_TO_TEXT = ServerKind("speech to text", "asr")
TEXT_TO_SPEECH = ServerKind("text to speech", "tts")
_KINDS = (SPEECH_TO_TEXT, TEXT_TO_SPEECH)
