"""The symptoms of the guide, with the message that is printed, and its commands."""

from __future__ import annotations

import errno
import json
import os
import re
import socket
import sys
from pathlib import Path

import pytest

from tests.packaging.guide.promises import holds
from tests.support.guide.compose_files import compose
from tests.support.guide.dockerfiles import stages, values
from tests.support.guide.image_tests import assert_checked
from tests.support.guide.jobs import URLS
from tests.support.guide.pipeline import waits_for
from tests.support.guide.programs import run
from wyoming_voice_stack.errors import EXIT_CONFIG
from wyoming_voice_stack.models.write_access import cannot_write

ROOT = Path(__file__).parents[3]
TROUBLESHOOTING = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
DEPLOYMENT = (ROOT / "docs" / "deployment.md").read_text("utf-8")
IN_CI_IMAGE = "docker run --rm -v $(pwd):/workspace voice-stack-ci:latest hatch run test"


def documented(*words: str) -> bool:
    """True if a paragraph or a row of the documents has all of these words."""
    lines = f"{TROUBLESHOOTING}\n\n{DEPLOYMENT}".replace("\n|", "\n\n|")
    return any(
        all(word.lower() in " ".join(paragraph.split()).lower() for word in words)
        for paragraph in lines.split("\n\n")
    )


@holds("troubleshooting-2")
@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.ci"])
def test_torch_is_installed_before_what_changes_often(name: str) -> None:
    order = [step.rest for stage in stages(name) for step in stage.steps]
    torch = next(n for n, rest in enumerate(order) if "install_torch.sh" in rest)
    package = [n for n, rest in enumerate(order) if rest.startswith("wyoming_voice_stack /")]
    assert all(torch < n for n in package)
    downloads = [rest for rest in order if "install_torch.sh /opt" in rest or "hatch env" in rest]
    assert [rest for rest in downloads if "--mount=type=cache,target=/root/.cache" in rest]


@holds("troubleshooting-4")
def test_a_missing_mode_is_one_documented_line(tmp_path: Path) -> None:
    done = run(ROOT / "scripts" / "entrypoint.sh", cwd=tmp_path)
    [line] = done.errors.splitlines()
    assert line in TROUBLESHOOTING.splitlines()
    assert_checked("production", "refusals", 'one_line "no mode"')


@holds("troubleshooting-5")
def test_a_port_in_use_is_one_documented_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        command = (sys.executable, "-m", "wyoming_voice_stack", "serve", "--mode", "asr")
        done = run(
            *command,
            cwd=tmp_path,
            ASR_PORT=str(other.getsockname()[1]),
            HOST="127.0.0.1",
            HOME=str(tmp_path),
            HF_HUB_OFFLINE="1",
            PYTHONPATH=str(ROOT),
        )
    assert done.status == EXIT_CONFIG
    said = done.errors.splitlines()[-1]
    assert "address already in use" in said
    begin, end = (
        "The server cannot listen on ",
        "choose another one with HOST, ASR_PORT or TTS_PORT.",
    )
    assert begin in said
    assert said.endswith(end)
    assert any(
        line.startswith(begin) and line.endswith(end) for line in TROUBLESHOOTING.splitlines()
    )


@holds("troubleshooting-1")
def test_a_missing_ci_image_is_explained() -> None:
    assert documented("image not found", "CI image", "builds an image that is missing")
    assert {"build:ci-image", "reuse:ci-image"} <= waits_for("unit:core")


@holds("troubleshooting-2")
def test_a_slow_first_build_is_explained() -> None:
    assert documented("first build", "PyTorch", "cache")


@holds("troubleshooting-3")
def test_tests_are_run_as_the_pipeline_does() -> None:
    assert documented("pass", "fail", "pipeline", IN_CI_IMAGE)


@holds("troubleshooting-6")
def test_a_folder_of_another_user_is_one_documented_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1000)
    denied = PermissionError(errno.EACCES, "Permission denied", str(tmp_path))
    line = cannot_write("base", tmp_path, denied, "Permission denied")
    assert "\n" not in line
    for words in (f"uid {owner}", f"uid {owner + 1000}", f"chown -R {owner + 1000}:"):
        assert words in line
    assert documented("cannot write", "belongs to the user with uid", "chown -R 1000:1000")
    assert_checked("production", "refusals", "models of another user", "chown -R 1000:1000")


@holds("troubleshooting-7")
def test_a_build_without_memory_is_explained() -> None:
    assert documented("build", "memory", "Docker Desktop", "Resources")


@holds("troubleshooting-8")
def test_a_card_that_is_not_found_is_explained() -> None:
    assert documented("_DEVICE=cuda cannot be used: no usable graphics card found")
    section = TROUBLESHOOTING.partition("### The graphics card is not used")[2].partition("\n#")[0]
    for words in ("Container Toolkit", "nvidia-smi", "--gpus all", "runtime: nvidia"):
        assert words in section
    assert_checked("cuda", "no_card", "no usable graphics card found")


@holds("troubleshooting-9")
def test_a_download_happens_once() -> None:
    assert documented("download", "/app/models", "volume")
    assert "/app/models" in json.loads(values("Dockerfile", "VOLUME")[-1])


@holds("troubleshooting-10")
@pytest.mark.parametrize("mode", ["asr", "tts"])
def test_memory_is_limited_in_the_compose_file(mode: str) -> None:
    def limits(**environ: str) -> dict[str, str]:
        service = compose("docker-compose.yml", **environ)["services"][mode]
        found: dict[str, str] = service["deploy"]["resources"]["limits"]
        return found

    assert re.fullmatch(r"\d+g", limits()["memory"])
    name = mode.upper()
    assert limits(**{f"{name}_MEMORY": "3g"})["memory"] == "3g"
    assert limits(**{f"{name}_CPUS": "1.5"})["cpus"] == "1.5"
    assert documented(f"{name}_MEMORY")
    assert_checked("compose", "limited", "ASR_MEMORY=1g", "HostConfig.Memory")


@holds("troubleshooting-11", "troubleshooting-12", "troubleshooting-13")
@pytest.mark.parametrize("mode", ["asr", "tts"])
def test_a_container_has_the_name_of_the_guide(mode: str) -> None:
    service = compose("docker-compose.yml")["services"][mode]
    assert service["container_name"] == f"voice-stack-{mode}"


@holds("troubleshooting-11", "troubleshooting-12", "troubleshooting-13")
@pytest.mark.parametrize(
    "command",
    [
        *("docker logs -f voice-stack-asr", "docker exec -it voice-stack-asr bash"),
        *("docker inspect voice-stack-asr", "docker stats"),
    ],
)
def test_a_command_for_a_container_is_documented(command: str) -> None:
    assert command in DEPLOYMENT + TROUBLESHOOTING


@holds("troubleshooting-11", "troubleshooting-12", "troubleshooting-13")
def test_a_container_is_looked_into_for_real() -> None:
    assert_checked(
        *("compose", "alone", "docker logs voice-stack-asr", "docker exec voice-stack-asr bash"),
        *("docker inspect", "HostConfig.Memory"),
    )


@holds("troubleshooting-14")
def test_down_can_remove_the_volumes() -> None:
    volumes = compose("docker-compose.yml")["volumes"]
    # Compose does not remove volumes that it did not create.
    assert not [name for name, volume in volumes.items() if (volume or {}).get("external")]
    assert documented("docker compose down -v")
    assert_checked("compose", "in_a_checkout", "compose down --volumes", "docker volume ls")


@holds("troubleshooting-15")
def test_images_can_be_built_from_nothing() -> None:
    assert documented("docker compose build --no-cache")
    merged = compose("docker-compose.yml", "docker-compose.override.yml")["services"]
    assert {merged[mode]["build"]["context"] for mode in ("asr", "tts")} == {"."}


@holds("troubleshooting-16")
@pytest.mark.parametrize(
    "link",
    [
        *("https://docs.gitlab.com/ee/ci/", "https://docs.docker.com/compose/"),
        "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/",
        URLS["Issues"],
    ],
)
def test_a_link_is_in_the_documents(link: str) -> None:
    everything = DEPLOYMENT + TROUBLESHOOTING + (ROOT / "README.md").read_text("utf-8")
    assert link in everything
