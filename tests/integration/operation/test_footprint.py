"""Memory that speech to text needs on a small computer."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.integration.client import describes, utterance
from tests.support.integration.servers import EMBEDDED_WHISPER, Server, running
from tests.support.peers import peer

_LOGGER = logging.getLogger(__name__)

MAX_MEGABYTES = 450
"""Whisper tiny.en in int8, its libraries and an utterance; a computer with 1 GB has room left."""


def peak_megabytes(server: Server) -> float:
    """Peak memory of the process so far."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    [kilobytes] = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kilobytes) / 1000


def mapped(server: Server) -> set[str]:
    """Files that the process has mapped, including torch's if it is imported."""
    maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    return {line.split(maxsplit=5)[-1] for line in maps.splitlines() if "/" in line}


@pytest.fixture(scope="module")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(
        *("asr", tmp_path_factory.mktemp("small")),
        ASR_MODEL=EMBEDDED_WHISPER,
        ASR_COMPUTE_TYPE="int8",
        ASR_DEVICE="cpu",
    ) as server:
        yield server


def assert_small(server: Server, when: str) -> None:
    peak = peak_megabytes(server)
    _LOGGER.info("peak %s: %.0f MB", when, peak)
    assert peak < MAX_MEGABYTES
    files = mapped(server)
    assert any("ctranslate2" in file for file in files)
    assert not [file for file in files if "torch" in file.lower()]


async def test_after_describe(small_server: Server) -> None:
    assert await describes(small_server.port)
    assert_small(small_server, "after describe")


async def test_after_transcriptions(small_server: Server) -> None:
    for seconds in (0, 5, 25):
        async with peer(small_server.port) as speaking:
            await speaking.send(*utterance(seconds))
            *_, transcript = await speaking.until("transcript")
        assert "temperature" in transcript.data["text"]
    assert_small(small_server, "after transcriptions")
