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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.integration.home_assistant.supervisor import Supervisor
from tests.support.integration.servers import free_port

SCRIPT = Path(__file__).parents[3] / "scripts" / "home_assistant.sh"
Release = Literal["oldest", "newest"]
SOCKET = "core.sock"
START_SECONDS = 300.0
STOP_SECONDS = 300.0
POLL_SECONDS = 0.1

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
input_boolean:
  kitchen:
    name: Switch behind the lights
"""

LIGHTS: dict[Release, str] = {
    "oldest": """
light:
  - platform: template
    lights:
      kitchen_lights:
        friendly_name: Kitchen lights
        value_template: "{{ is_state('input_boolean.kitchen', 'on') }}"
        turn_on:
          service: input_boolean.turn_on
          target: {entity_id: input_boolean.kitchen}
        turn_off:
          service: input_boolean.turn_off
          target: {entity_id: input_boolean.kitchen}
""",
    "newest": """
template:
  - light:
      - name: Kitchen lights
        default_entity_id: light.kitchen_lights
        state: "{{ is_state('input_boolean.kitchen', 'on') }}"
        turn_on:
          action: input_boolean.turn_on
          target: {entity_id: input_boolean.kitchen}
        turn_off:
          action: input_boolean.turn_off
          target: {entity_id: input_boolean.kitchen}
""",
}
"""Releases since 2026.6 refuse the form that 2024.3 needs."""


@dataclass(frozen=True)
class HomeAssistant:
    """One running Home Assistant and its owner's token."""

    release: Release
    address: str
    token: str
    folder: Path
    provoked: list[str] = field(default_factory=list)
    """Errors in its log that a test wants."""

    @property
    def socket(self) -> Path | None:
        """Where newer releases wait for the Supervisor."""
        socket = self.folder / SOCKET
        return socket if socket.exists() else None

    @property
    def log(self) -> str:
        return (self.folder / "output.log").read_text("utf-8", errors="replace")

    @property
    def complaints(self) -> list[str]:
        """Logged errors, including tracebacks."""
        logged = re.findall(r"^.*(?: ERROR | CRITICAL |Traceback).*$", self.log, re.MULTILINE)
        return [line for line in logged if not any(each in line for each in self.provoked)]


def installed(release: Release) -> bool:
    return subprocess.run(["bash", SCRIPT, "has", release], check=False).returncode == 0


@contextmanager
def running(release: Release, folder: Path, supervisor: Supervisor) -> Iterator[HomeAssistant]:
    """Run Home Assistant until the end of the block; it must then stop cleanly."""
    port = free_port()
    _configure(folder, CONFIGURATION.format(port=port) + LIGHTS[release])
    output = folder / "output.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            ["bash", SCRIPT, "run", release, folder],
            env=_environment(supervisor, folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(process, address, output)
        yield HomeAssistant(release, address, _first_user(address), folder)
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0, output.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(STOP_SECONDS)


def _configure(folder: Path, configuration: str) -> None:
    # Mark as done the step that would set up weather and radio from the internet.
    done = {
        "version": 4,
        "minor_version": 1,
        "key": "onboarding",
        "data": {"done": ["core_config"]},
    }
    (folder / ".storage").mkdir(parents=True)
    (folder / ".storage" / "onboarding").write_text(json.dumps(done), "utf-8")
    (folder / "configuration.yaml").write_text(configuration, "utf-8")


def _environment(supervisor: Supervisor, folder: Path) -> dict[str, str]:
    # Without the tests' own environment, which has another interpreter and other packages.
    names = ("PATH", "LANG", "HOME", "XDG_CACHE_HOME", "HASS_CACHE", "VENV_HASS")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    theirs = {"SUPERVISOR": supervisor.address, "SUPERVISOR_TOKEN": supervisor.token}
    socket = {"SUPERVISOR_CORE_API_SOCKET": str(folder / SOCKET)}
    return kept | theirs | socket | {"PYTHONUNBUFFERED": "1"}


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
    client = f"{address}/"
    user = {"name": "Anna", "username": "anna", "password": "only for tests", "language": "en"}
    code = _ask(f"{address}/api/onboarding/users", {"client_id": client, **user})["auth_code"]
    form = {"grant_type": "authorization_code", "code": code, "client_id": client}
    asked = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(f"{address}/auth/token", asked, timeout=300) as answer:
        token: str = json.load(answer)["access_token"]
    _ask(f"{address}/api/onboarding/analytics", {}, token)
    where = {"client_id": client, "redirect_uri": client}
    _ask(f"{address}/api/onboarding/integration", where, token)
    return token


def _ask(url: str, body: dict[str, Any] | None = None, token: str | None = None) -> Any:
    asked = urllib.request.Request(url, None if body is None else json.dumps(body).encode())
    asked.add_header("Content-Type", "application/json")
    if token is not None:
        asked.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(asked, timeout=300) as answer:
        return json.load(answer)
