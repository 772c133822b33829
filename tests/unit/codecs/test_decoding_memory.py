"""Small files that claim much: they take little memory, whatever they decode to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.audio_file_formats import (
    audio_file,
    claiming_packets,
    claiming_packets_in_a_fragment,
    huge_picture,
    with_cover,
)

ALLOWED_GROWTH_MB = 60
BOMB_PACKETS = 40_000_000
SECOND = np.sin(np.arange(16_000, dtype=np.float32) * 0.17) / 2

BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "cover": (lambda: with_cover(audio_file("mp3", SECOND), huge_picture(14_000)), "decoded"),
    "silence": (lambda: audio_file("flac", np.zeros(16_000 * 3600, np.float32)), "decoded"),
    "table": (lambda: claiming_packets(audio_file("m4a", SECOND), BOMB_PACKETS), "refused"),
    "fragment": (
        lambda: claiming_packets_in_a_fragment(
            audio_file("m4a in fragments", SECOND), BOMB_PACKETS
        ),
        "refused",
    ),
}
DECODE_ALL = """
import re, sys
from pathlib import Path
from wyoming_voice_stack.codecs.decoding import decode_file
from wyoming_voice_stack.errors import UnsupportedAudio
import av
# Unlike ru_maxrss, this does not count the process that started this one.
status = Path("/proc/self/status")
peak = lambda: int(re.search("VmHWM: *(.*) kB", status.read_text().replace("\t", " "))[1]) // 1024
before = peak()
try:
    for piece in decode_file(Path(sys.argv[1]).read_bytes()):
        pass
    print("decoded")
except UnsupportedAudio:
    print("refused")
print(peak() - before)
"""


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_takes_little_memory(name: str, tmp_path: Path) -> None:
    make, expected = BOMBS[name]
    file, path = make(), tmp_path / "upload"
    path.write_bytes(file)
    assert len(file) < 1_000_000
    done = subprocess.run(
        [sys.executable, "-c", DECODE_ALL, str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    outcome, grown_mb = done.stdout.split()
    assert outcome == expected
    assert int(grown_mb) < ALLOWED_GROWTH_MB
