"""Registries of images for tests: one of files, and Debian's docker-registry with buildx."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from tests.support.integration.servers import free_port

START_SECONDS = 300.0
POLL_SECONDS = 0.05
"""Pause between two attempts to reach the registry, which is another process."""
BUILDX = tuple(
    Path(folder, "docker/cli-plugins/docker-buildx")
    for folder in ("/usr/libexec", "/usr/lib", "/usr/local/lib")
)
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
FAKE_DOCKER = """#!/usr/bin/env bash
find() { awk -v name="$1" '$1 == name {found = $2} END {if (!found) exit 1; print found}' REGISTRY; }
case "$3" in
    inspect)
        digest=$(find "${@: -1}") || { echo "ERROR: ${@: -1}: not found" >&2; exit 1; }
        printf 'Name:      %s\\nMediaType: index\\nDigest:    %s\\n\\nManifests:\\n' "${@: -1}" "$digest"
        printf '  Name:    %s@%s\\n  MediaType: manifest\\n' "${@: -1}" "$digest" ;;
    create)
        digest=$(find "${@: -1}") || exit 1
        shift 3
        while [ "$1" = --tag ]; do echo "$2 $digest" >>REGISTRY; shift 2; done ;;
esac
"""


class Registry(Protocol):
    """Images by name."""

    @property
    def repository(self) -> str:
        """The start of every name."""

    def push(self, tag: str, content: str) -> None:
        """Add an image with content of its own, so that its digest differs from others."""

    def content(self, tag: str) -> str | None:
        """The content of an image; None if there is none of that name."""


class FakeRegistry:
    """A file of lines: a name and a content. The last line of a name counts."""

    def __init__(self, folder: Path) -> None:
        self.repository = "registry.example.org/voice"
        self._file = folder / "registry"
        write_program(folder / "docker", FAKE_DOCKER.replace("REGISTRY", str(self._file)))
        self._file.touch()

    def push(self, tag: str, content: str) -> None:
        """Add an image with content of its own, so that its digest differs from others."""
        with self._file.open("a") as file:
            file.write(f"{self.repository}:{tag} {content}\n")

    def content(self, tag: str) -> str | None:
        """The content of an image; None if there is none of that name."""
        lines = [line.split() for line in self._file.read_text().splitlines()]
        return dict(lines).get(f"{self.repository}:{tag}")


class RealRegistry:
    """A repository of a registry that runs; `docker buildx` is the real one, without a daemon."""

    def __init__(self, folder: Path, port: int, name: str) -> None:
        self.repository = f"127.0.0.1:{port}/{name}"
        self._base = f"http://127.0.0.1:{port}/v2/{name}"
        state = f"export BUILDX_CONFIG={folder}/buildx DOCKER_CONFIG={folder}/docker-config"
        buildx = real_programs()[1]
        write_program(folder / "docker", f'#!/bin/sh\n{state}\nshift\nexec {buildx} "$@"\n')

    def push(self, tag: str, content: str) -> None:
        """Push an image for two architectures."""
        manifests = []
        for architecture in ("amd64", "arm64"):
            platform = {"architecture": architecture, "os": "linux"}
            config = platform | {"config": {"Labels": {"content": content}}}
            layers = {"rootfs": {"type": "layers", "diff_ids": []}}
            blob = self._blob(json.dumps(config | layers).encode())
            manifest = {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": blob | {"mediaType": CONFIG},
                "layers": [],
            }
            manifests.append(self._manifest(manifest) | {"platform": platform})
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
        self._manifest(index | {"annotations": {"content": content}}, tag)

    def content(self, tag: str) -> str | None:
        """The content of an image; None if there is none of that name."""
        try:
            with self._ask("GET", f"/manifests/{tag}", Accept=INDEX) as answer:
                found: str = json.load(answer)["annotations"]["content"]
        except urllib.error.HTTPError as error:
            error.close()
            return None
        return found

    def _blob(self, data: bytes) -> dict[str, Any]:
        with self._ask("POST", "/blobs/uploads/") as started:
            target = started.headers["Location"]
        digest = digest_of(data)
        joint = "&" if "?" in target else "?"
        url = f"{target}{joint}digest={digest}"
        content_type = {"Content-Type": "application/octet-stream"}
        request = urllib.request.Request(url, data=data, method="PUT", headers=content_type)
        with urllib.request.urlopen(request):
            return {"digest": digest, "size": len(data)}

    def _manifest(self, manifest: dict[str, Any], tag: str | None = None) -> dict[str, Any]:
        data = json.dumps(manifest).encode()
        media_type, digest = manifest["mediaType"], digest_of(data)
        with self._ask("PUT", f"/manifests/{tag or digest}", data, **{"Content-Type": media_type}):
            return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def _ask(self, method: str, path: str, data: bytes | None = None, **headers: str) -> Any:
        request = urllib.request.Request(
            self._base + path, data=data, method=method, headers=headers
        )
        return urllib.request.urlopen(request)


def digest_of(data: bytes) -> str:
    """The name of these bytes in a registry."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def write_program(path: Path, text: str) -> None:
    """Write an executable script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def real_programs() -> tuple[str | None, str | None]:
    """The paths of docker-registry and of buildx; None for one that is not installed."""
    plugins = [str(path) for path in BUILDX if path.exists()]
    buildx = shutil.which("docker-buildx") or next(iter(plugins), None)
    return shutil.which("docker-registry"), buildx


@contextmanager
def running_registry(folder: Path) -> Iterator[int]:
    """A registry in `folder` that is stopped at the end of the block; gives its port."""
    port = free_port()
    settings = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "images")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    (folder / "settings.yml").write_text(json.dumps(settings))
    program = real_programs()[0]
    assert program
    with subprocess.Popen([program, "serve", str(folder / "settings.yml")]) as process:
        try:
            _wait_for(f"http://127.0.0.1:{port}/v2/", process)
            yield port
        finally:
            process.terminate()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with suppress(urllib.error.URLError), urllib.request.urlopen(url):
            return
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"docker-registry does not answer at {url}")
