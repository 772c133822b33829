"""Discovery from other hosts: real multicast on real links, up to the router."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.fakes import eventually
from tests.support.integration.client import words
from tests.support.integration.commands import COMMAND
from tests.support.integration.lan import (
    NEXT_SERVER_ADDRESS,
    SERVER_ADDRESS,
    Host,
    Lan,
    give_address,
    lan,
    require_namespaces,
)
from tests.support.integration.servers import (
    EMBEDDED_WHISPER,
    Server,
    clean_environment,
    free_port,
    running,
)
from wyoming_voice_stack.announce.zeroconf import default_instance_name
from wyoming_voice_stack.cli.audio_files import read_recording

SENTENCE = "What is the temperature in the living room?"
ASR_NAME, TTS_NAME = "Kitchen hears", "Kitchen speaks"
SETTINGS = {
    "HOST": "",
    "ZEROCONF": "true",
    "ASR_MODEL": EMBEDDED_WHISPER,
}
PATIENCE_S = 300.0
COMMAND_SECONDS = 300.0
ANNOUNCER_MEMORY_KB = 64 * 1024


@pytest.fixture
def network() -> Iterator[Lan]:
    require_namespaces()
    with lan() as made:
        yield made


def test_where_there_can_be_no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no ip command; run scripts/"):
        require_namespaces()
    monkeypatch.setenv("CI", "true")
    monkeypatch.delenv("GITLAB_CI", raising=False)
    with pytest.raises(pytest.fail.Exception, match="no ip command; run scripts/"):
        require_namespaces()
    monkeypatch.setenv("GITLAB_CI", "true")
    with pytest.raises(pytest.skip.Exception, match="no ip command; run scripts/"):
        require_namespaces()


class Browser:
    """A program on another host that browses with the zeroconf library."""

    def __init__(self, output: asyncio.StreamReader) -> None:
        self._output = output

    async def next(self, change: str, name: str) -> dict[str, Any]:
        """The next change of this kind; others before it are skipped."""
        async with asyncio.timeout(PATIENCE_S):
            while line := await self._output.readline():
                seen: dict[str, Any] = json.loads(line)
                if (seen["change"], seen["name"]) == (change, name):
                    return seen
        raise AssertionError("the browser ended")


@asynccontextmanager
async def browsing(host: Host) -> AsyncIterator[Browser]:
    process = await asyncio.create_subprocess_exec(
        *(*host.prefix, sys.executable, "-m", "tests.support.integration.browser"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Browser(process.stdout)
        process.stdin.close()
        async with asyncio.timeout(PATIENCE_S):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def on_host(host: Host, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line on that host."""
    return subprocess.run(
        [*host.prefix, *COMMAND, *arguments],
        env=clean_environment() | {"COLUMNS": "120"},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
        timeout=COMMAND_SECONDS,
    )


def announced(server: Server, times: int = 1) -> bool:
    return server.log.count("Announced as") >= times


async def test_found_on_the_network_and_not_behind_the_router(
    network: Lan, steady_voice: Path, tmp_path: Path
) -> None:
    speaking = {"ZEROCONF_NAME": TTS_NAME, "TTS_MODEL": f"piper:{steady_voice}"}
    with (
        running("asr", tmp_path, SETTINGS, on=network.server, ZEROCONF_NAME=ASR_NAME) as asr,
        running("tts", tmp_path, SETTINGS | speaking, on=network.server) as tts,
    ):
        await eventually(lambda: announced(asr) and announced(tts))
        for server, name in ((asr, ASR_NAME), (tts, TTS_NAME)):
            assert f"Announced as '{name}' at {SERVER_ADDRESS}, port {server.port}" in server.log

        found = on_host(network.home, "discover", folder=tmp_path)
        rows = [line.split("│") for line in found.stdout.splitlines() if "│" in line]
        assert sorted([cell.strip() for cell in row[1:5]] for row in rows) == [
            [ASR_NAME, SERVER_ADDRESS, str(asr.port), SERVER_ADDRESS],
            [TTS_NAME, SERVER_ADDRESS, str(tts.port), SERVER_ADDRESS],
        ]

        nothing = on_host(network.far, "discover", "--timeout", "1", folder=tmp_path)
        assert (nothing.returncode, nothing.stdout) == (2, "")
        assert "Multicast does not pass routers" in nothing.stderr
        assert "tcp://HOST:PORT" in nothing.stderr

        # By address it works from there.
        said = on_host(
            *(network.far, "say", SENTENCE, "-o", "said.wav"),
            *("--uri", f"tcp://{SERVER_ADDRESS}:{tts.port}"),
            folder=tmp_path,
        )
        assert said.returncode == 0, said.stderr
        assert read_recording(str(tmp_path / "said.wav")).seconds > 1
        heard = on_host(
            *(network.far, "transcribe", "said.wav"),
            *("--uri", f"tcp://{SERVER_ADDRESS}:{asr.port}"),
            folder=tmp_path,
        )
        assert words(heard.stdout) == words(SENTENCE)
        health = f"http://{SERVER_ADDRESS}:{asr.port}/health"
        assert on_host(network.far, "health", "--url", health, folder=tmp_path).returncode == 0


async def test_goodbye_at_the_stop_and_the_same_name_after_a_crash(
    network: Lan, tmp_path: Path
) -> None:
    settings = SETTINGS | {"ZEROCONF_NAME": ASR_NAME}
    async with browsing(network.home) as browser:
        with running("asr", tmp_path, settings, on=network.server, wait_for="/health") as server:
            seen = await browser.next("added", ASR_NAME)
            assert (seen["addresses"], seen["port"]) == ([SERVER_ADDRESS], server.port)
            assert server.stop() == 0
            await browser.next("removed", ASR_NAME)
        with running("asr", tmp_path, settings, on=network.server, wait_for="/health") as server:
            await browser.next("added", ASR_NAME)
            # As after a power failure: the announcement is not withdrawn.
            server.stop(signal.SIGKILL)
        with running("asr", tmp_path, settings, on=network.server, wait_for="/health") as server:
            seen = await browser.next("updated", ASR_NAME)
            assert seen["port"] == server.port
            assert "is taken" not in server.log


async def test_address_is_followed(network: Lan, tmp_path: Path) -> None:
    settings = SETTINGS | {"ZEROCONF_NAME": ASR_NAME}
    with running("asr", tmp_path, settings, on=network.server, wait_for="/health") as server:
        async with browsing(network.home) as browser:
            seen = await browser.next("added", ASR_NAME)
            assert (seen["addresses"], seen["port"]) == ([SERVER_ADDRESS], server.port)
            give_address(network.server, NEXT_SERVER_ADDRESS)
            while (seen := await browser.next("updated", ASR_NAME))["addresses"] != [
                NEXT_SERVER_ADDRESS
            ]:
                continue
            assert seen["port"] == server.port
        # A browser that starts now finds only the new address.
        async with browsing(network.home) as browser:
            seen = await browser.next("added", ASR_NAME)
            assert (seen["addresses"], seen["port"]) == ([NEXT_SERVER_ADDRESS], server.port)
        url = f"http://{NEXT_SERVER_ADDRESS}:{server.port}/health"
        assert on_host(network.home, "health", "--url", url, folder=tmp_path).returncode == 0


async def test_still_found_after_the_cable_was_out(network: Lan, tmp_path: Path) -> None:
    settings = SETTINGS | {"ZEROCONF_NAME": ASR_NAME}
    with running("asr", tmp_path, settings, on=network.server, wait_for="/health") as server:
        await eventually(lambda: announced(server))
        with network.unplugged("server"):
            nothing = on_host(network.home, "discover", "--timeout", "0.5", folder=tmp_path)
            assert nothing.returncode == 2
        async with browsing(network.home) as browser:
            seen = await browser.next("added", ASR_NAME)
            assert (seen["addresses"], seen["port"]) == ([SERVER_ADDRESS], server.port)


async def test_network_without_ipv4(network: Lan, tmp_path: Path) -> None:
    for host, address in ((network.server, "fd77::2"), (network.home, "fd77::3")):
        host.ip("-4 address flush dev eth0")
        host.ip(f"address add {address}/64 dev eth0 nodad")
    settings = SETTINGS | {"ZEROCONF_NAME": ASR_NAME}
    with running("asr", tmp_path, settings, on=network.server, wait_for="/health") as server:
        await eventually(lambda: announced(server))
        found = on_host(network.home, "discover", folder=tmp_path)
        assert "fd77::2" in found.stdout, found.stderr
        url = f"http://[fd77::2]:{server.port}/health"
        assert on_host(network.home, "health", "--url", url, folder=tmp_path).returncode == 0


@contextmanager
def announcing(folder: Path, host: Host, *ports: int) -> Iterator[subprocess.Popen[bytes]]:
    """Announce servers at these ports until the end of the block; then end cleanly."""
    with (folder / "announcer.log").open("wb") as log:
        process = subprocess.Popen(
            [*host.prefix, *COMMAND, "announce", *map(str, ports)],
            env=clean_environment(),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(COMMAND_SECONDS) == 0
        assert "Traceback" not in (folder / "announcer.log").read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def peak_memory_kb(pid: int) -> int:
    """The most memory that a process has used."""
    status = Path("/proc", str(pid), "status").read_text()
    [memory_kb] = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(memory_kb)


async def test_servers_that_do_not_announce_themselves(network: Lan, tmp_path: Path) -> None:
    name, port = default_instance_name("asr"), free_port()
    settings = SETTINGS | {"ZEROCONF": "false"}
    async with browsing(network.home) as browser:
        with announcing(tmp_path, network.server, port, free_port()) as announcer:
            with running(
                "asr", tmp_path, settings, on=network.server, wait_for="/health", port=port
            ) as server:
                seen = await browser.next("added", name)
                assert (seen["addresses"], seen["port"]) == ([SERVER_ADDRESS], port)
                give_address(network.server, NEXT_SERVER_ADDRESS)
                while (seen := await browser.next("updated", name))["addresses"] != [
                    NEXT_SERVER_ADDRESS
                ]:
                    continue
                assert peak_memory_kb(announcer.pid) < ANNOUNCER_MEMORY_KB
                server.stop(signal.SIGKILL)
            await browser.next("removed", name)
            with running(
                "asr", tmp_path, settings, on=network.server, wait_for="/health", port=port
            ):
                await browser.next("added", name)
            await browser.next("removed", name)
            only_here = settings | {"HOST": "127.0.0.1"}
            with running(
                "asr", tmp_path, only_here, on=network.server, wait_for="/health", port=port
            ):
                log = tmp_path / "announcer.log"
                await eventually(lambda: "answers on this machine only" in log.read_text())
