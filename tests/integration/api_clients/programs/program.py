"""What every program does: read its parameters, print its findings as one line of JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

KEY = "any word"
Found = dict[str, Any]


def main(work: Callable[..., Any]) -> None:
    """Run `work` with the parameters of the command line."""
    found = work(**json.loads(sys.argv[1]))
    if isinstance(found, Coroutine):
        found = asyncio.run(found)
    sys.stdout.write(f"\n{json.dumps(found)}\n")


def refusal(call: Callable[[], Any]) -> Found:
    """Return the error that the openai client raises."""
    try:
        result = call()
    except Exception as error:  # noqa: BLE001  # the test compares its class
        return described(error)
    return {"class": None, "result": repr(result)[:200]}


async def async_refusal(call: Awaitable[Any]) -> Found:
    """Return the error that an asynchronous client raises."""
    try:
        result = await call
    except Exception as error:  # noqa: BLE001  # the test compares its class
        return described(error)
    return {"class": None, "result": repr(result)[:200]}


def described(error: Exception) -> Found:
    """An error's class, status and the fields of its body."""
    names = ("status_code", "code", "param", "type", "request_id")
    fields = {name: getattr(error, name, None) for name in names}
    return {"class": type(error).__name__, "message": str(error), **fields}
