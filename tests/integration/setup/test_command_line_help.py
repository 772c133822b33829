"""Help, version, and the search for servers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.integration.commands import command
from tests.support.integration.servers import (
    EMBEDDED_PIPER,
    clean_environment,
    free_port,
    running,
)
from wyoming_voice_stack import __version__

HEAVY = (
    *("TTS", "aiohttp", "ctranslate2", "faster_whisper", "huggingface_hub", "lingua"),
    *("onnxruntime", "piper", "pydantic_settings", "soundfile", "torch", "zeroconf"),
)
HELP = """
import sys
from wyoming_voice_stack.cli.commands import main
status = 0
try:
    main()
except SystemExit as end:
    status = end.code
print(sorted(set(sys.argv[0].split(",")) & set(sys.modules)), file=sys.stderr)
sys.exit(status)
"""
LOOK_FOR = """
import sys
from wyoming_voice_stack.cli import commands as cli
from wyoming_voice_stack.announce import discovery
discovery.SERVICE_TYPE = sys.argv.pop()
cli.main()
"""


def with_source(source: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", source, *arguments],
        env=clean_environment(),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


class TestHelp:
    @pytest.mark.parametrize(
        "arguments",
        [
            *([], ["serve"], ["transcribe"], ["say"], ["discover"], ["health"], ["demo"]),
            *(["models"], ["models", "pull"], ["models", "list"]),
            *(["voices"], ["languages"], ["status"]),
        ],
        ids=" ".join,
    )
    def test_help_of_every_command_imports_nothing_heavy(
        self, tmp_path: Path, arguments: list[str]
    ) -> None:
        source = f"import sys; sys.argv[0] = {','.join(HEAVY)!r}\n{HELP}"
        done = with_source(source, *arguments, "--help", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "Usage" in done.stdout
        assert done.stderr == "[]\n"

    def test_version(self, tmp_path: Path) -> None:
        done = command("--version", cwd=tmp_path)
        assert (done.returncode, done.stdout.decode()) == (0, f"{__version__}\n")

    def test_installed_command(self, tmp_path: Path) -> None:
        installed = Path(sys.executable).parent / "wyoming-voice-stack"
        done = subprocess.run([installed, "--version"], capture_output=True, text=True, check=True)
        assert done.stdout == f"{__version__}\n"

    def test_unknown_command(self, tmp_path: Path) -> None:
        done = command("listen", cwd=tmp_path)
        assert done.returncode == 2
        assert b"listen" in done.stderr


class TestDiscover:
    def test_finds_a_server_that_announces_itself(self, tmp_path: Path) -> None:
        name = f"test-{os.getpid()}-{free_port()}"
        with running(
            "tts",
            tmp_path,
            wait_for="/health",
            TTS_MODEL=EMBEDDED_PIPER,
            ZEROCONF="true",
            ZEROCONF_NAME=name,
            HOST="0.0.0.0",
        ) as server:
            assert_found(name, server.port, tmp_path)

    def test_nobody_there_is_one_line(self, tmp_path: Path) -> None:
        """Other servers may be on the network, but none with this service type."""
        done = with_source(
            LOOK_FOR, "discover", "--timeout", "0.2", "_x9._tcp.local.", cwd=tmp_path
        )
        assert done.returncode != 0
        assert done.stdout == ""
        assert re.fullmatch(r"wyoming-voice-stack: .*(announced|network).*\n", done.stderr)


def assert_found(name: str, port: int, cwd: Path) -> None:
    tries = 5
    for _ in range(tries):
        # A server that has just answered another query stays silent for a second.
        done = command("discover", "--timeout", "2", cwd=cwd, COLUMNS="200")
        rows = [line for line in done.stdout.decode().splitlines() if name in line]
        if rows:
            assert str(port) in rows[0]
            return
    raise AssertionError(f"not found in {tries} tries: {done}")
