"""Runs a real Home Assistant with a user's configuration and completes its onboarding."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.home_assistant.supervisor import Supervisor
from tests.support.integration.servers import free_port

ENVIRONMENT = Path(__file__).parents[3] / os.environ.get("VENV_HASS", ".venv-hass")
"""Made by scripts/home_assistant.sh."""
START_SECONDS = 180.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.1
CLIENT = "http://127.0.0.1/"

CONFIGURATION = """
homeassistant:
  name: Home
  country: US
  language: en
  unit_system: metric
  time_zone: UTC
http:
  server_host: 127.0.0.1
  server_port: {port}
logger:
  default: info
zeroconf:
media_source:
assist_pipeline:
ffmpeg:
  ffmpeg_bin: {ffmpeg}
input_boolean:
  kitchen:
    name: Switch behind the lights
light:
  - platform: template
    lights:
      kitchen_lights:
        friendly_name: Kitchen lights
        value_template: "{{{{ is_state('input_boolean.kitchen', 'on') }}}}"
        turn_on:
          service: input_boolean.turn_on
          target: {{entity_id: input_boolean.kitchen}}
        turn_off:
          service: input_boolean.turn_off
          target: {{entity_id: input_boolean.kitchen}}
"""


@dataclass(frozen=True)
class HomeAssistant:
    """One running Home Assistant and its owner's token."""

    address: str
    token: str
    folder: Path

    @property
    def log(self) -> str:
        return (self.folder / "home-assistant.log").read_text("utf-8", errors="replace")

    @property
    def complaints(self) -> list[str]:
        """Logged errors, including tracebacks."""
        return re.findall(r"^.*(?: ERROR | CRITICAL |Traceback).*$", self.log, re.MULTILINE)


@contextmanager
def running(folder: Path, supervisor: Supervisor) -> Iterator[HomeAssistant]:
    """Run Home Assistant until the end of the block; it must then stop cleanly."""
    port = free_port()
    _configure(folder, port)
    output = folder / "output.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [ENVIRONMENT / "bin" / "hass", "--config", folder, "--skip-pip", "--log-no-color"],
            env=_environment(supervisor),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(process, address, output)
        yield HomeAssistant(address, _first_user(address), folder)
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0, output.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(STOP_SECONDS)


def _configure(folder: Path, port: int) -> None:
    # Mark as done the step that would set up weather and radio from the internet.
    done = {
        "version": 4,
        "minor_version": 1,
        "key": "onboarding",
        "data": {"done": ["core_config"]},
    }
    (folder / ".storage").mkdir(parents=True)
    (folder / ".storage" / "onboarding").write_text(json.dumps(done), "utf-8")
    [ffmpeg] = ENVIRONMENT.glob("lib/python*/site-packages/imageio_ffmpeg/binaries/ffmpeg-*")
    written = CONFIGURATION.format(port=port, ffmpeg=ffmpeg)
    (folder / "configuration.yaml").write_text(written, "utf-8")


def _environment(supervisor: Supervisor) -> dict[str, str]:
    # Without the tests' own environment, which has another interpreter and other packages.
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    theirs = {"SUPERVISOR": supervisor.address, "SUPERVISOR_TOKEN": supervisor.token}
    return kept | theirs | {"HOME": "/nonexistent", "PYTHONUNBUFFERED": "1"}


def _wait(process: subprocess.Popen[bytes], address: str, output: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, output.read_text()
        with suppress(OSError):
            _ask(f"{address}/api/onboarding")
            return
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"Home Assistant did not start: {output.read_text()}")


def _first_user(address: str) -> str:
    """Complete the onboarding, as the owner does in a browser; return a token."""
    user = {"name": "Anna", "username": "anna", "password": "only for tests", "language": "en"}
    code = _ask(f"{address}/api/onboarding/users", {"client_id": CLIENT, **user})["auth_code"]
    form = {"grant_type": "authorization_code", "code": code, "client_id": CLIENT}
    asked = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(f"{address}/auth/token", asked, timeout=30) as answer:
        token: str = json.load(answer)["access_token"]
    _ask(f"{address}/api/onboarding/analytics", {}, token)
    where = {"client_id": CLIENT, "redirect_uri": CLIENT}
    _ask(f"{address}/api/onboarding/integration", where, token)
    return token


def _ask(url: str, body: dict[str, Any] | None = None, token: str | None = None) -> Any:
    asked = urllib.request.Request(url, None if body is None else json.dumps(body).encode())
    asked.add_header("Content-Type", "application/json")
    if token is not None:
        asked.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)
