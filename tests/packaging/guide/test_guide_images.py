"""What is in the two images, and the commands that build and run them."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.packaging.guide.promises import holds
from tests.support.guide.dockerfiles import copied, environment, image_steps, stages, values
from tests.support.guide.image_tests import assert_checked, functions
from tests.support.guide.programs import Done, fake, run
from wyoming_voice_stack.config.settings import Settings

ROOT = Path(__file__).parents[3]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
HATCH = PYPROJECT["tool"]["hatch"]["envs"]["default"]
TOOLS = {"pytest", "black", "ruff", "mypy"}
FAKE_PYTHON = """#!/bin/sh
echo "$*" >>"$CALLS"
case "$*" in *metadata*) exit 1 ;; esac
"""


def packages(*extras: str) -> set[str]:
    """The names of the packages that these extras install."""
    project = PYPROJECT["project"]
    found, waiting, seen = list(project["dependencies"]), list(extras), set[str]()
    while waiting:
        extra = waiting.pop()
        if extra in seen:
            continue
        seen.add(extra)
        for requirement in project["optional-dependencies"][extra]:
            own = re.fullmatch(rf"{project['name']}\[(.+)\]", requirement)
            waiting += own[1].replace(" ", "").split(",") if own else []
            found += [] if own else [requirement]
    return {re.split(r"[\[<>=!~; ]", requirement)[0] for requirement in found}


@holds("images-1", "images-2", "images-3")
@pytest.mark.parametrize("name", [*sorted(TOOLS), "faster-whisper", "silero-vad", "coqui-tts"])
def test_the_ci_image_contains(name: str) -> None:
    # Its environment is the one of hatch, made in the build.
    assert [rest for rest in values("Dockerfile.ci", "RUN") if "hatch env create" in rest]
    assert HATCH.get("dependencies", []) == []
    assert name in packages(*HATCH["features"])


def install_torch(folder: Path, *, card: bool, **environ: str) -> tuple[Done, str]:
    """Run the script with a fake Python, on a machine with or without a card."""
    calls = folder / "calls"
    fake(folder / "bin", "python", FAKE_PYTHON)
    fake(folder / "bin", "nvidia-smi", f"#!/bin/sh\nexit {0 if card else 9}\n")
    script = ROOT / "scripts" / "install_torch.sh"
    given = {"CALLS": str(calls), **environ}
    done = run(script, "python", cwd=folder, programs=folder / "bin", **given)
    return done, calls.read_text()


@holds("images-4")
@pytest.mark.parametrize(("card", "backend"), [(False, "cpu"), (True, "auto")])
def test_torch_is_the_build_for_the_machine(tmp_path: Path, card: bool, backend: str) -> None:
    done, calls = install_torch(tmp_path, card=card)
    assert done.status == 0
    assert f"--torch-backend {backend} torch==" in calls


@holds("images-4")
def test_a_build_can_choose_cuda(tmp_path: Path) -> None:
    _, calls = install_torch(tmp_path, card=False, TORCH_BACKEND="cuda")
    assert "--torch-backend cpu" not in calls
    for name in ("Dockerfile", "Dockerfile.ci"):
        given = [step.rest for stage in stages(name) for step in stage.steps]
        assert "TORCH_BACKEND=auto" in given
    assert HATCH["pre-install-commands"] == ["bash scripts/install_torch.sh python"]


@holds("images-5", "images-11")
@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.ci"])
def test_a_build_needs_no_arguments(name: str) -> None:
    steps = [step for stage in stages(name) for step in stage.steps]
    arguments = {step.rest for step in steps if step.keyword == "ARG"}
    # These may be empty: the script has its own release and index, REVISION is only a label.
    assert {each for each in arguments if "=" not in each} <= {
        *("TORCH_VERSION", "TORCH_INDEX_URL", "REVISION"),
    }


@holds("images-5", "images-6")
def test_the_ci_image_is_built_and_runs_tests() -> None:
    assert_checked("ci", "test_ci", 'build "$CI_IMAGE" . --file Dockerfile.ci')
    assert_checked("ci", "test_ci", "hatch run")
    assert_checked("ci", "in_ci", ':/workspace"')


@holds("images-6")
def test_the_ci_image_works_in_the_mounted_checkout() -> None:
    assert values("Dockerfile.ci", "WORKDIR")[-1] == "/workspace"
    variables = environment("Dockerfile.ci")
    # Outside of /workspace, where the mount would hide it.
    assert variables["HATCH_ENV_TYPE_VIRTUAL_PATH"].startswith("/opt/")
    assert variables["PATH"].startswith("/opt/tools/bin:")
    assert HATCH["scripts"]["test"] == "pytest {args:tests}"


@holds("images-7")
@pytest.mark.parametrize(("user", "runs_as"), [("0", "1234"), ("1000", None)])
def test_a_command_of_the_ci_image_runs_as_the_owner_of_the_checkout(
    tmp_path: Path, user: str, runs_as: str | None
) -> None:
    [name] = json.loads(values("Dockerfile.ci", "ENTRYPOINT")[-1])
    assert f"scripts/{name}" in copied("Dockerfile.ci")
    fakes = {"id": user, "stat": "1234", "getent": "known", "setpriv": 'setpriv "$@"'}
    for program, says in fakes.items():
        fake(tmp_path, program, f"#!/bin/sh\necho {says}\n")
    command = ("echo", "hatch run test")
    done = run(ROOT / "scripts" / name, *command, cwd=tmp_path, programs=tmp_path, HOME="/root")
    words = done.output.split()
    assert words[-3:] == ["hatch", "run", "test"]
    assert (f"--reuid {runs_as} --regid {runs_as}" in done.output) == (runs_as is not None)
    assert_checked("ci", "test_ci", "do not belong to the caller", "in_ci root")


@holds("images-8")
def test_the_production_image_gets_no_tools() -> None:
    installed = (ROOT / "scripts" / "image-requirements.txt").read_text("utf-8")
    names = set(re.findall(r"^([\w.-]+)==", installed, re.MULTILINE))
    # scripts/install_torch.sh installs these two.
    assert packages("all") - {"torch", "torchaudio"} <= {
        name.lower().replace("_", "-") for name in names
    }
    assert not (names | packages("all")) & TOOLS
    steps = "".join(step.rest for stage in stages("Dockerfile") for step in stage.steps)
    assert "--require-hashes --no-deps -r /build/image-requirements.txt" in steps
    assert_checked("production", "look_at_image", "no development tools", "pytest mypy black ruff")


@holds("images-9")
def test_the_production_image_gets_the_dependencies_of_both_servers() -> None:
    both = packages("asr") | packages("tts") | packages("piper")
    assert {"faster-whisper", "coqui-tts", "piper-tts", "torch"} <= both <= packages("all")
    assert_checked("production", "servers", "run_server asr", "run_server tts")


@holds("images-10")
def test_the_production_image_is_built_in_stages() -> None:
    every = stages("Dockerfile")
    own = [step.rest for step in image_steps("Dockerfile")]
    assert len(every) >= 2
    # Compilers and build tools stay in other stages.
    built = [stage.name for stage in every if any("g++" in step.rest for step in stage.steps)]
    assert built
    assert not [rest for rest in own if "g++" in rest or "pip wheel" in rest]
    assert [rest for rest in own if rest.startswith("--from=dependencies /opt/venv")]
    assert_checked("production", "look_at_image", "size < MAX_PRODUCTION_BYTES")


@holds("images-11")
def test_the_production_image_is_built() -> None:
    assert "scripts/entrypoint.sh" in copied("Dockerfile")
    assert_checked("production", "build_production", 'build "$IMAGE" .')
    assert "docker build --progress plain" in " ".join(functions()["build"].split())


@holds("images-12", "images-13")
@pytest.mark.parametrize(("mode", "port"), [("asr", 5001), ("tts", 5002)])
def test_a_container_serves_at_its_port_of_all_interfaces(mode: str, port: int) -> None:
    defaults = Settings.model_construct()
    assert (getattr(defaults, f"{mode}_port"), defaults.host) == (port, None)
    exposed = {each for line in values("Dockerfile", "EXPOSE") for each in line.split()}
    assert str(port) in exposed
    assert not {"HOST", "ASR_PORT", "TTS_PORT", "SERVICE_MODE"} & environment("Dockerfile").keys()
    assert_checked("production", "servers", f"run_server {mode}", f"wait_healthy {mode}")
    assert_checked("production", "run_server", '-e SERVICE_MODE="$1"', "--publish")
