"""What the images' scripts install: requirements out of pyproject.toml, and builds of torch."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIST = ROOT / "scripts" / "list_requirements.py"
PIP_SETTINGS = ROOT / "scripts" / "images" / "pip_settings.py"
INSTALL_TORCH = ROOT / "scripts" / "install_torch.sh"

FAKE_PYTHON = """#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$CALLS"
case "$*" in
    *metadata*) exit "${NOT_INSTALLED:-1}" ;;
    *torch.version.cuda*) exit "$NO_CUDA" ;;
    "-m uv"*) exit "$NO_UV" ;;
esac
"""


def listed(*extras: str, pyproject: Path = ROOT / "pyproject.toml") -> list[str]:
    done = subprocess.run(
        [sys.executable, str(LIST), str(pyproject), *extras],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_all_is_what_both_servers_need_and_no_tool() -> None:
    found = listed("all")
    names = {line.partition(">")[0] for line in found}
    assert {"faster-whisper", "coqui-tts", "piper-tts", "torch", "babel", "aiohttp"} <= names
    assert not names & {"pytest", "mypy", "black", "ruff", "wyoming-bench"}
    assert not [line for line in found if "wyoming-voice-stack" in line]
    assert len(found) == len(set(found))


@pytest.mark.parametrize(("engine", "extra"), [("kokoro", "piper"), ("xtts", "tts")])
def test_who_keeps_voices_on_disk_installs_their_format(engine: str, extra: str) -> None:
    files = (ROOT / "wyoming_voice_stack" / "tts" / "engines" / engine).rglob("*.py")
    assert any("latent_cache" in file.read_text("utf-8") for file in files)
    assert "safetensors" in {line.partition(">")[0] for line in listed(extra)}


def test_requirements_are_those_of_the_installed_package() -> None:
    plain = [line for line in requires("wyoming-voice-stack") or [] if "extra ==" not in line]
    assert {line.partition(">")[0] for line in listed()} == {
        line.partition(">")[0] for line in plain
    }


def test_an_extra_may_name_extras_of_its_own(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(
        '[project]\nname = "a.b"\ndependencies = ["one"]\n[project.optional-dependencies]\n'
        'x = ["two>=2"]\ny = ["a.b[x]", "axb[z]"]\nz = ["a.b[x, y]", "two>=2"]\n'
    )
    assert listed("z", pyproject=pyproject) == ["axb[z]", "one", "two>=2"]
    with pytest.raises(subprocess.CalledProcessError):
        listed("w", pyproject=pyproject)


def install_torch(
    folder: Path, *, no_cuda: bool = False, no_uv: bool = False, **environ: str
) -> tuple[int, list[str], str]:
    """Run the script with a Python that notes what it is asked for; no card answers."""
    python, calls, tools = folder / "python", folder / "calls", folder / "tools"
    python.write_text(FAKE_PYTHON)
    python.chmod(0o755)
    tools.mkdir()
    card = tools / "nvidia-smi"
    card.write_text("#!/bin/sh\nexit 9\n")
    card.chmod(0o755)
    done = subprocess.run(
        ["bash", str(INSTALL_TORCH), str(python)],
        env={
            "PATH": f"{tools}:{os.environ['PATH']}",
            "CALLS": str(calls),
            "NO_CUDA": str(int(no_cuda)),
            "NO_UV": str(int(no_uv)),
            **environ,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, calls.read_text().splitlines(), done.stderr


@pytest.mark.parametrize(
    ("asked", "chosen"), [("auto", "cpu"), ("cpu", "cpu"), ("cu130", "cu130"), ("", "cpu")]
)
def test_torch_for_a_backend_is_chosen_by_uv(tmp_path: Path, asked: str, chosen: str) -> None:
    status, calls, _ = install_torch(tmp_path, TORCH_BACKEND=asked)
    assert status == 0
    [by_uv] = [call for call in calls if call.startswith("-m uv")]
    assert f"--torch-backend {chosen} torch==" in by_uv


def test_torch_is_had_from_pip_where_uv_finds_none(tmp_path: Path) -> None:
    status, calls, complaint = install_torch(tmp_path, no_uv=True)
    assert status == 0
    assert "'cpu'" in complaint
    assert [call for call in calls if call.startswith("-m pip") and "torch==" in call]


def test_cuda_is_the_build_that_pip_finds(tmp_path: Path) -> None:
    status, calls, _ = install_torch(tmp_path, TORCH_BACKEND="cuda")
    assert status == 0
    assert not [call for call in calls if call.startswith("-m uv")]
    # Not a build for CPUs of the same version, which "==" allows.
    assert [call for call in calls if call.startswith("-m pip") and "torch===" in call]


@pytest.mark.parametrize(("backend", "no_cuda"), [("auto", True), ("cpu", False), ("cuda", False)])
def test_torch_is_kept(tmp_path: Path, backend: str, no_cuda: bool) -> None:
    status, calls, said = install_torch(
        tmp_path, no_cuda=no_cuda, NOT_INSTALLED="0", TORCH_BACKEND=backend
    )
    assert (status, said) == (0, "torch is already installed\n")
    assert not [call for call in calls if "install" in call]


def test_a_build_for_cpus_is_replaced(tmp_path: Path) -> None:
    _, calls, said = install_torch(tmp_path, no_cuda=True, NOT_INSTALLED="0", TORCH_BACKEND="cuda")
    assert "Replacing the build for CPUs" in said
    [removed] = [n for n, call in enumerate(calls) if "pip uninstall" in call]
    [installed] = [n for n, call in enumerate(calls) if "torch===" in call]
    assert removed < installed


@pytest.mark.parametrize("backend", ["cuda", "cu130"])
def test_a_cpu_build_does_not_pass_for_cuda(tmp_path: Path, backend: str) -> None:
    status, _, complaint = install_torch(tmp_path, no_cuda=True, TORCH_BACKEND=backend)
    assert status == 69
    assert f"TORCH_BACKEND={backend}" in complaint
    assert "TORCH_INDEX_URL" in complaint


def test_folders_that_pip_looks_into_are_offered_to_containers(tmp_path: Path) -> None:
    wheels, index, served, target = (tmp_path / name for name in ("wheels", "index", "out", "to"))
    for folder in (wheels, index / "simple", served, target):
        folder.mkdir(parents=True)
    (wheels / "a.whl").write_text("a")
    (index / "b.whl").write_text("b")
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("a<2\n")
    subprocess.run(
        [sys.executable, str(PIP_SETTINGS), "http://h:1", str(served), str(target)],
        env={
            "PATH": os.environ["PATH"],
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_FIND_LINKS": f"{wheels} http://elsewhere/x",
            "PIP_EXTRA_INDEX_URL": f"file://{index}/simple",
            "PIP_CONSTRAINT": str(constraints),
        },
        check=True,
    )
    settings = dict(
        line.split(" = ", 1) for line in (target / "pip.conf").read_text().splitlines()[1:]
    )
    found, kept = settings["find-links"].split()
    assert kept == "http://elsewhere/x"
    assert (served / found.removeprefix("http://h:1/") / "a.whl").read_text() == "a"
    # An index points to files beside it, by `../`.
    beside = settings["extra-index-url"].removeprefix("http://h:1/").removesuffix("/simple")
    assert (served / beside / "b.whl").read_text() == "b"
    assert settings["constraint"] == "/etc/pip-constraints.txt"
    assert (target / "pip-constraints.txt").read_text() == "a<2\n"
