"""The files that the guide names are there, and are used for what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.packaging.guide.promises import holds
from tests.support.guide.compose_files import compose, service_environment
from tests.support.guide.dockerfiles import copied, image_steps, is_sent, stages, values
from tests.support.guide.pipeline import jobs_of, variables_of
from wyoming_voice_stack.config.settings import Settings, load_settings

ROOT = Path(__file__).parents[3]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
HATCH = PYPROJECT["tool"]["hatch"]["envs"]["default"]
SCRIPTS = ("entrypoint", "accept_coqui_license", "install_torch", "install_system_deps")


def fits(schema: str, name: str) -> str:
    """What a checker of this schema complains about."""
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    command = [*checker, schema, str(ROOT / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout


@holds("layout-1", "layout-2")
@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.ci"])
def test_a_dockerfile_has_all_that_it_copies(name: str) -> None:
    assert copied(name)
    assert [path for path in copied(name) if not (ROOT / path).exists()] == []
    assert [path for path in copied(name) if not is_sent(path)] == []


@holds("layout-1")
def test_the_production_image_starts_the_entrypoint() -> None:
    assert values("Dockerfile", "ENTRYPOINT")[-1].endswith('"entrypoint.sh"]')
    assert "wyoming_voice_stack" in copied("Dockerfile")


@holds("layout-2")
def test_the_ci_image_has_the_environment_of_hatch() -> None:
    assert [rest for rest in values("Dockerfile.ci", "RUN") if "hatch env create" in rest]
    assert values("Dockerfile.ci", "CMD") == ['["hatch", "run", "test"]']


@holds("layout-3")
def test_compose_runs_both_servers() -> None:
    services = compose("docker-compose.yml")["services"]
    for mode in ("asr", "tts"):
        assert service_environment(services[mode])["SERVICE_MODE"] == mode
    assert fits("vendor.compose-spec", "docker-compose.yml") == ""


@holds("layout-4")
def test_the_pipeline_is_one_that_gitlab_reads() -> None:
    assert fits("vendor.gitlab-ci", ".gitlab-ci.yml") == ""


@holds("layout-5")
def test_pyproject_describes_package_dependencies_and_environments() -> None:
    project = PYPROJECT["project"]
    assert project["name"] == "wyoming-voice-stack"
    assert {"asr", "tts", "all", "test", "lint"} <= project["optional-dependencies"].keys()
    assert project["dependencies"]
    assert HATCH["features"]


@holds("layout-6", "layout-7", "layout-8", "layout-9")
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_can_be_run_and_ends_at_the_first_error(name: str) -> None:
    script = ROOT / "scripts" / f"{name}.sh"
    assert os.access(script, os.X_OK)
    assert "\nset -euo pipefail\n" in script.read_text("utf-8")
    done = subprocess.run(["bash", "-n", script], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@holds("layout-6")
def test_the_entrypoint_is_in_the_production_image() -> None:
    assert "scripts/entrypoint.sh" in copied("Dockerfile")


@holds("layout-7")
def test_the_licence_script_is_in_the_production_image() -> None:
    assert "scripts/accept_coqui_license.sh" in copied("Dockerfile")


@holds("layout-8")
@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.ci"])
def test_both_images_install_torch_with_the_script(name: str) -> None:
    assert "scripts/install_torch.sh" in copied(name)
    steps = [step.rest for stage in stages(name) for step in stage.steps if step.keyword == "RUN"]
    by_dockerfile = any("install_torch.sh" in step for step in steps)
    by_hatch = any("install_torch.sh" in each for each in HATCH["pre-install-commands"])
    assert by_dockerfile or by_hatch
    assert by_dockerfile or any("hatch env create" in step for step in steps)


@holds("layout-9")
def test_the_ci_image_installs_system_packages_with_the_script() -> None:
    order = [step.rest for step in image_steps("Dockerfile.ci")]
    [copy] = [
        n for n, rest in enumerate(order) if re.match(r".*install_system_deps\.sh \S+$", rest)
    ]
    [call] = [n for n, rest in enumerate(order) if "bash scripts/install_system_deps.sh" in rest]
    assert copy < call


@holds("layout-10", "layout-11")
@pytest.mark.parametrize("mode", ["asr", "tts"])
def test_a_template_has_settings_of_its_server(mode: str) -> None:
    lines = (ROOT / "scripts" / f".env.production.{mode}").read_text("utf-8").splitlines()
    shown = [line.removeprefix("#") for line in lines if re.match(r"#?[A-Z_]+=", line)]
    given = dict(line.split("=", 1) for line in shown)
    assert f"SERVICE_MODE={mode}" in lines
    assert given.keys() <= {name.upper() for name in Settings.model_fields}
    other = {"asr": "TTS_", "tts": "ASR_"}[mode]
    assert [name for name in given if name.startswith(other)] == []
    load_settings({name.lower(): value for name, value in given.items()})


@holds("layout-12")
def test_hatch_installs_everything_for_development() -> None:
    assert {"all", "test", "lint"} <= set(HATCH["features"])


@holds("layout-13")
@pytest.mark.parametrize("mode", ["asr", "tts"])
def test_hatch_runs_a_server(mode: str) -> None:
    command = HATCH["scripts"][f"run_{mode}"].split()
    assert command[:4] == ["wyoming-voice-stack", "serve", "--mode", mode]
    assert command[0] in PYPROJECT["project"]["scripts"]


@holds("layout-14")
def test_hatch_formats_lints_and_tests() -> None:
    scripts = HATCH["scripts"]
    assert [command.split()[0] for command in scripts["fmt"]] == ["black", "ruff"]
    assert "ruff check ." in scripts["lint"]
    assert scripts["test"].startswith("pytest ")


@holds("layout-15")
def test_the_sources_are_one_folder() -> None:
    [folder] = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert (ROOT / folder / "__init__.py").exists()
    production = variables_of("build:production-image")["INPUTS"].split()
    assert folder in production
    assert folder in copied("Dockerfile")


@holds("layout-16")
def test_each_group_of_tests_is_a_job() -> None:
    groups = {"unit:asr", "unit:tts", "unit:core", "unit:utils", "integration"}
    assert groups <= set(jobs_of("test"))
    paths = [path for name in groups for path in variables_of(name)["TESTS"].split()]
    run = [
        test
        for path in paths
        for found in ROOT.glob(path)
        for test in (found.rglob("test_*.py") if found.is_dir() else [found])
    ]
    assert sorted(run) == sorted((ROOT / "tests").rglob("test_*.py"))
