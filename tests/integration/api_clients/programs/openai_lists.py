"""Models and voices, with openai."""

from __future__ import annotations

from openai import OpenAI

from tests.integration.api_clients.programs.program import KEY, Found, main, refusal


def work(base_url: str, model: str) -> Found:
    with OpenAI(base_url=base_url, api_key=KEY, max_retries=0) as client:
        return {
            "models": [each.id for each in client.models.list()],
            "retrieved": client.models.retrieve(model).id,
            "alias": client.models.retrieve("whisper-1").id,
            "unknown": refusal(lambda: client.models.retrieve("nobody/nothing")),
        }


if __name__ == "__main__":
    main(work)
