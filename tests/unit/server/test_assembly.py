"""What each of the two servers imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

SOURCE = """
import sys
import wyoming_voice_stack.protocol.{mode}_session, wyoming_voice_stack.server.assembly.{mode}
print(*sys.modules)
"""


@pytest.mark.parametrize(
    ("mode", "needless"),
    [
        ("asr", {"tts.service", "tts.voices.catalogue"}),
        ("tts", {"asr.service", "asr.utterance", "asr.whisper.engine"}),
    ],
)
def test_neither_server_imports_the_other(mode: str, needless: set[str]) -> None:
    source = SOURCE.format(mode=mode)
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, check=True)
    imported = set(done.stdout.decode().split())
    assert f"wyoming_voice_stack.{mode}.service" in imported
    assert {name for name in needless if f"wyoming_voice_stack.{name}" in imported} == set()
