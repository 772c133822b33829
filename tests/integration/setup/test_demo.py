"""`wyoming-voice-stack demo` runs both servers, and talks to no other."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from tests.integration.setup.test_command_line import SENTENCE
from tests.support.integration.client import words
from tests.support.integration.commands import COMMAND, command, complaint
from tests.support.integration.servers import clean_environment, free_port


class TestDemo:
    def test_round_trip_on_free_ports_leaves_no_process(self, tmp_path: Path) -> None:
        ports = (free_port(), free_port())
        done = command(
            *("demo", "--once", "--text", SENTENCE),
            cwd=tmp_path,
            ASR_PORT=str(ports[0]),
            TTS_PORT=str(ports[1]),
            COLUMNS="200",
        )
        assert done.returncode == 0, done.stderr
        [heard] = [line for line in done.stdout.decode().splitlines() if "transcribed" in line]
        assert len(set(words(SENTENCE)) - set(words(heard))) <= 2
        for port in ports:
            assert f"http://127.0.0.1:{port}/health" in done.stdout.decode()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port))
        assert servers_in(tmp_path) == []

    def test_sigterm_ends_both_servers(self, tmp_path: Path) -> None:
        environ = clean_environment(ASR_PORT=str(free_port()), TTS_PORT=str(free_port()))
        with subprocess.Popen(
            [*COMMAND, "demo"], env=environ, cwd=tmp_path, stdout=subprocess.PIPE, text=True
        ) as demo:
            assert demo.stdout is not None
            assert any("Serving until Ctrl-C" in line for line in demo.stdout)
            assert len(servers_in(tmp_path)) == 2
            demo.terminate()
        assert demo.returncode == 0
        assert servers_in(tmp_path) == []

    @pytest.mark.parametrize("variable", ["ASR_PORT", "TTS_PORT"])
    @pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
    def test_another_server_is_not_asked(self, tmp_path: Path, variable: str, address: str) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        ports = {"ASR_PORT": str(free_port()), "TTS_PORT": str(free_port()), "HOST": ""}
        with socket.create_server((address, 0), family=family) as other:
            ports[variable] = str(other.getsockname()[1])
            done = command("demo", "--once", cwd=tmp_path, settings=ports)
            assert complaint(done, 2) == (
                f"wyoming-voice-stack: Port {ports[variable]} is already in use; stop the program that"
                f" uses it, or set {variable} to another port for the demo.\n"
            )
            other.setblocking(False)
            connection, _ = other.accept()
            with connection:
                assert connection.recv(1) == b""

    def test_server_that_does_not_start(self, tmp_path: Path) -> None:
        done = command(
            "demo", cwd=tmp_path, ASR_MODEL="/no/model", TTS_PORT="0", ASR_PORT=str(free_port())
        )
        said = done.stderr.decode().splitlines()
        assert done.returncode == 1
        assert "/no/model" in said[0]
        assert "speech-to-text server did not start" in said[-1]
        assert servers_in(tmp_path) == []


def servers_in(folder: Path) -> list[str]:
    """Processes whose working directory is this folder, whatever their parent."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [line for line in found if "serve" in line.split()]
