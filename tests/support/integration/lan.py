"""Hosts on real networks: network namespaces, a switch, and a router to a second network."""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from tests.support.peers import Peer

Result = TypeVar("Result")

SERVER_ADDRESS = "10.77.1.2"
NEXT_SERVER_ADDRESS = "10.77.1.22"
HOME_ADDRESS = "10.77.1.3"
FAR_ADDRESS = "10.77.2.2"
ROUTER_ADDRESSES = ("10.77.1.1", "10.77.2.1")

_ROUTER_LINK_OF = {"server": "to-server", "home": "to-home", "far": "to-far"}
_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True)
class Host:
    """One namespace: its own interfaces, addresses and routes; the file system is shared."""

    name: str

    @property
    def prefix(self) -> list[str]:
        """Prefix of a command line that runs on this host."""
        return ["ip", "netns", "exec", self.name]

    def ip(self, arguments: str) -> None:
        _run("ip", "-n", self.name, *arguments.split())

    def call(self, function: Callable[[], Result]) -> Result:
        """Call a function in its own thread on this host; its sockets belong to this host."""
        results: list[Result] = []
        failures: list[BaseException] = []

        def enter_and_call() -> None:
            try:
                _enter(self.name)
                results.append(function())
            except BaseException as error:  # noqa: BLE001 - raised again by the caller
                failures.append(error)

        thread = threading.Thread(target=enter_and_call, name=f"on-{self.name}")
        thread.start()
        thread.join()
        if failures:
            raise failures[0]
        return results[0]

    @asynccontextmanager
    async def connected(self, address: str, port: int) -> AsyncIterator[Peer]:
        """Connect from this host."""
        plain = self.call(partial(socket.socket, socket.AF_INET, socket.SOCK_STREAM))
        try:
            plain.setblocking(False)
            await asyncio.get_running_loop().sock_connect(plain, (address, port))
            client = Peer(*await asyncio.open_connection(sock=plain))
        except BaseException:
            plain.close()
            raise
        try:
            yield client
        finally:
            await client.close()


@dataclass(frozen=True)
class Lan:
    """`server` and `home` on one switch; `far` behind the router."""

    router: Host
    server: Host
    home: Host
    far: Host

    @contextmanager
    def unplugged(self, role: str) -> Iterator[None]:
        """Unplug a host's cable, and plug it in again."""
        self.router.ip(f"link set {_ROUTER_LINK_OF[role]} down")
        try:
            yield
        finally:
            self.router.ip(f"link set {_ROUTER_LINK_OF[role]} up")


def require_namespaces() -> None:
    """Skip if namespaces are not available; fail in CI.

    GitLab's runners start containers without the right to make any.
    """
    lacking = _lacking()
    if lacking and os.environ.get("CI") and not os.environ.get("GITLAB_CI"):
        pytest.fail(f"networks of their own are needed: {lacking}")
    if lacking:
        pytest.skip(f"networks of their own are needed: {lacking}")


def _lacking() -> str:
    if not sys.platform.startswith("linux"):
        return "this is not Linux"
    if not shutil.which("ip"):
        return "there is no ip command; run scripts/install_system_deps.sh --with-tests"
    probe = f"voice-probe-{os.getpid()}"
    tried = subprocess.run(["ip", "netns", "add", probe], capture_output=True, check=False)
    if tried.returncode:
        return f"no namespace can be made, which takes root ({tried.stderr.decode().strip()})"
    _run("ip", "netns", "del", probe)
    return ""


@contextmanager
def lan() -> Iterator[Lan]:
    """Create the networks; at the end, remove them with all processes in them."""
    _remove_what_was_left()
    with ExitStack() as made:
        hosts = {role: made.enter_context(_host(role)) for role in ("router", *_ROUTER_LINK_OF)}
        router = hosts["router"]
        router.ip("link add switch type bridge")
        for role, link in _ROUTER_LINK_OF.items():
            router.ip(f"link add {link} type veth peer name eth0 netns {hosts[role].name}")
            router.ip(f"link set {link} up")
            hosts[role].ip("link set eth0 up")
        router.ip("link set to-server master switch")
        router.ip("link set to-home master switch")
        router.ip("link set switch up")
        near, other = ROUTER_ADDRESSES
        router.ip(f"address add {near}/24 dev switch")
        router.ip(f"address add {other}/24 dev to-far")
        _run(*router.prefix, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        for role, address, gateway in (
            ("server", SERVER_ADDRESS, near),
            ("home", HOME_ADDRESS, near),
            ("far", FAR_ADDRESS, other),
        ):
            give_address(hosts[role], address, gateway)
        yield Lan(**hosts)


def give_address(host: Host, address: str, gateway: str = ROUTER_ADDRESSES[0]) -> None:
    """Replace the host's address, as a new DHCP lease does."""
    host.ip("-4 address flush dev eth0")
    host.ip(f"address add {address}/24 dev eth0")
    host.ip(f"route add default via {gateway}")


@contextmanager
def _host(role: str) -> Iterator[Host]:
    host = Host(f"voice-{os.getpid()}-{role}")
    _run("ip", "netns", "add", host.name)
    try:
        host.ip("link set lo up")
        yield host
    finally:
        _remove(host.name)


def _remove_what_was_left() -> None:
    """Remove hosts of tests that were killed."""
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, check=True, text=True)
    for name, process in re.findall(r"^(voice-(\d+)-\w+)", listed.stdout, re.MULTILINE):
        if not Path("/proc", process).exists():
            _remove(name)


def _remove(name: str) -> None:
    there = subprocess.run(
        ["ip", "netns", "pids", name], capture_output=True, check=False, text=True
    )
    for process in there.stdout.split():
        with suppress(ProcessLookupError):
            os.kill(int(process), signal.SIGKILL)
    _run("ip", "netns", "del", name)


def _enter(name: str) -> None:
    with Path("/run/netns", name).open("rb") as namespace:
        # os.setns came with Python 3.12.
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter {name}")


def _run(*arguments: str) -> None:
    done = subprocess.run(arguments, capture_output=True, check=False, text=True)
    assert done.returncode == 0, f"{' '.join(arguments)}: {done.stderr}"
