"""Environments with client libraries of OpenAI's API, and the programs that run in them."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "scripts" / "api_clients.sh"
PROGRAMS = "tests.integration.api_clients.programs"
PROGRAM_SECONDS = 300.0

Environment = Literal["libraries", "older-livekit", "wyoming-openai"]


@cache
def interpreter(environment: Environment) -> str:
    """Return the path of its Python; empty if it is not installed."""
    done = subprocess.run(
        ["bash", SCRIPT, "python", environment], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def required(environment: Environment) -> str:
    """Return the path of its Python, or skip the test."""
    python = interpreter(environment)
    if not python:
        pytest.skip(f"{environment} is not installed; scripts/api_clients.sh does it")
    return python


def variables() -> dict[str, str]:
    """The variables of a user's own program: without this environment's packages, and offline."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    # LiteLLM fetches a list of prices on import.
    return kept | {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONUNBUFFERED": "1"}


def run(environment: Environment, program: str, **parameters: Any) -> Any:
    """Run a program of this folder to its end; return the object that it printed."""
    done = subprocess.run(
        [required(environment), "-m", f"{PROGRAMS}.{program}", json.dumps(parameters)],
        env=variables(),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PROGRAM_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])
