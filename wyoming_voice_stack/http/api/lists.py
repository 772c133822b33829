"""The models and voices of this server, and the probe by which clients recognise such a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from wyoming_voice_stack.errors import UnknownModel
from wyoming_voice_stack.http.api.names import ASR_ALIASES, TTS_ALIASES, asr_model, tts_model

if TYPE_CHECKING:
    # Each server imports this module, and neither needs the modules of the other.
    from wyoming_voice_stack.asr.service import AsrService
    from wyoming_voice_stack.tts.service import TtsService

OWNER = "wyoming-voice-stack"


@dataclass(frozen=True)
class Lists:
    """The routes of both servers that list something; one of `asr` and `tts` is set."""

    asr: AsrService | None = None
    tts: TtsService | None = None

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/v1/models", self._models),
            web.get("/v1/models/{id:.+}", self._model),
            web.get("/v1/audio/models", self._audio_models),
            web.get("/v1/audio/voices", self._voices),
            web.get("/v1/test", self._test),
        ]

    async def _models(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"object": "list", "data": list(self._listed())})

    async def _model(self, request: web.Request) -> web.Response:
        """One model, also under any further name that stands for it."""
        return web.json_response(self._find(request.match_info["id"]))

    async def _audio_models(self, request: web.Request) -> web.Response:
        del request
        models = [{"id": entry["id"]} for entry in self._listed()]
        return web.json_response({"object": "list", "models": models})

    async def _voices(self, request: web.Request) -> web.Response:
        del request
        return web.json_response(
            {"voices": [{"id": each["name"], **each} for each in self._voice_list()]}
        )

    async def _test(self, request: web.Request) -> web.Response:
        """Some clients read `/v1/audio/voices` only of servers that answer this."""
        del request
        return web.json_response({"status": "ok"})

    def _listed(self) -> Iterator[dict[str, Any]]:
        """The models under their own names, and then the default under names that clients know."""
        own = list(self._own())
        yield from own
        aliases = ASR_ALIASES if self.asr is not None else TTS_ALIASES
        taken = {entry["id"] for entry in own}
        yield from ({**own[0], "id": alias} for alias in aliases if alias not in taken)

    def _own(self) -> Iterator[dict[str, Any]]:
        if self.asr is not None:
            for card in self.asr.models:
                yield _entry(card.name, "automatic-speech-recognition", card.languages)
        if self.tts is not None:
            model, languages = self.tts.status().model, self.tts.voices.catalogue.languages
            voices = self._voice_list()
            yield _entry(model, "text-to-speech", languages) | {"voices": voices}

    def _find(self, name: str) -> dict[str, Any]:
        own = {entry["id"]: entry for entry in self._own()}
        default = next(iter(own))
        if self.asr is not None:
            found = asr_model(name, self.asr.models) or default
        else:
            tts_model(name, default)
            found = default
        if found not in own:
            raise UnknownModel(f"Unknown model {name!r:.80}. Available: {', '.join(own)}.")
        return {**own[found], "id": name}

    def _voice_list(self) -> list[dict[str, Any]]:
        if self.tts is None:
            return []
        listed = self.tts.voices.catalogue.listed
        return [
            {"name": voice.name, "language": voice.language}
            # Requests name one of them after a `#`.
            | ({"speakers": list(voice.speakers)} if voice.speakers else {})
            for voice in listed
        ]


def _entry(name: str, task: str, languages: Sequence[str]) -> dict[str, Any]:
    return {
        "id": name,
        # The model that an alias stands for; its own name otherwise.
        "root": name,
        "object": "model",
        # When it was made is not known.
        "created": 0,
        "owned_by": OWNER,
        "task": task,
        "language": list(languages),
    }
