"""Calls with and without the right key, with openai."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openai import OpenAI

from tests.integration.api_clients.programs.program import Found, main, refusal


def work(base_url: str, key: str, speech: str) -> Found:
    """Transcribe the file `speech` with the right key; nothing else is accepted with a wrong one."""
    sound = Path(speech)

    def heard(given: str) -> Any:
        with OpenAI(base_url=base_url, api_key=given, max_retries=0) as client:
            return client.audio.transcriptions.create(file=sound, model="whisper-1").text

    with OpenAI(base_url=base_url, api_key="wrong", max_retries=0) as client:
        listed = [model.id for model in client.models.list()]
    return {
        "right": heard(key),
        "wrong": refusal(lambda: heard("wrong")),
        "listed": listed,
    }


if __name__ == "__main__":
    main(work)
