"""The stages of the pipeline, what its jobs do, and when it builds an image."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.packaging.guide.promises import holds
from tests.support.guide.jobs import HOME, repository, run_job
from tests.support.guide.pipeline import (
    MAIN,
    MERGE_REQUEST,
    PIPELINE,
    expanded,
    job,
    jobs,
    jobs_of,
    needs,
    script,
    selected,
    variables_of,
    waits_for,
)
from tests.support.guide.programs import Project, run

ROOT = Path(__file__).parents[3]
HATCH = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["envs"]
SCRIPTS = HATCH["default"]["scripts"]
TESTS = ("unit:asr", "unit:tts", "unit:core", "unit:utils", "integration")
IMAGES = ("ci", "production")
DEPENDENCIES = {
    "ci": (
        *("pyproject.toml", "Dockerfile.ci"),
        *("scripts/install_system_deps.sh", "scripts/install_torch.sh"),
    ),
    "production": (
        *("pyproject.toml", "Dockerfile", "scripts/install_torch.sh", "scripts/entrypoint.sh"),
        *("wyoming_voice_stack/errors.py", "wyoming_voice_stack/engine/queue.py"),
    ),
}
"""What the guide names for each image; of the package, a file at its root and one below."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def project(shared: Project) -> Project:
    """The project with an empty registry."""
    shared.images.write_text("")
    shared.calls()
    return shared


def publish(project: Project, image: str) -> None:
    done = run_job(project, f"build:{image}-image")
    assert done.status == 0, done.errors


def builds(project: Project) -> list[str]:
    """The builds among the calls of docker since the last time."""
    return [call for call in project.calls() if call.startswith("buildx build ")]


@holds("pipeline-1")
def test_stages() -> None:
    wanted = ["build-images", "quality", "test", "coverage", "release", "secret-detection"]
    assert PIPELINE["stages"] == wanted
    for stage in wanted:
        assert jobs_of(stage) or stage == "secret-detection"


@holds("pipeline-2", "pipeline-16")
@pytest.mark.parametrize("pipeline", [MAIN, MERGE_REQUEST], ids=["main", "merge request"])
@pytest.mark.parametrize(
    "changed", ["README.md", "docs/settings.md", "tests/conftest.py", "scripts/test.sh"]
)
def test_other_changes_reuse_both_images(pipeline: dict[str, str], changed: str) -> None:
    chosen = selected(pipeline, changed)
    for image in IMAGES:
        assert f"build:{image}-image" not in chosen
        assert f"reuse:{image}-image" in chosen


@holds("pipeline-14", "pipeline-15")
@pytest.mark.parametrize(
    ("image", "changed"), [(image, name) for image in IMAGES for name in DEPENDENCIES[image]]
)
def test_a_change_of_a_dependency_builds_the_image(
    project: Project, image: str, changed: str
) -> None:
    chosen = selected(MAIN, changed)
    assert f"build:{image}-image" in chosen
    assert f"reuse:{image}-image" not in chosen
    publish(project, image)
    assert len(builds(project)) == 1
    project.change(changed)
    publish(project, image)
    assert len(builds(project)) == 1


@holds("pipeline-3")
@pytest.mark.parametrize("image", IMAGES)
def test_the_first_stage_pushes_both_images(project: Project, image: str) -> None:
    assert job(f"build:{image}-image")["stage"] == "build-images"
    assert "docker login" in "\n".join(job(f"build:{image}-image")["before_script"])
    publish(project, image)
    [build] = builds(project)
    assert f" --tag {repository(image)}:" in build
    assert repository(image).startswith(HOME)
    assert " --push " in build
    dockerfile = {"ci": "Dockerfile.ci", "production": "Dockerfile"}[image]
    assert f" --file {dockerfile} " in build


@holds("pipeline-4")
@pytest.mark.parametrize("image", IMAGES)
def test_an_image_is_tagged_with_its_commit(project: Project, image: str) -> None:
    publish(project, image)
    commit = project.git("rev-parse", "HEAD")
    assert f"{repository(image)}:{commit}" in project.registry()


@holds("pipeline-5")
def test_jobs_run_in_the_image_of_their_commit() -> None:
    pushed = variables_of("build:ci-image")["REPOSITORY"]
    for name in (*jobs_of("quality"), *TESTS, "coverage"):
        image = expanded(job(name)["image"], PIPELINE["variables"])
        assert image == f"{pushed}:$CI_COMMIT_SHA", name
        assert {"build:ci-image", "reuse:ci-image"} <= waits_for(name), name


@holds("pipeline-6", "pipeline-7")
def test_quality_runs_what_developers_run() -> None:
    assert {name: script(name) for name in jobs_of("quality")} == {
        "quality:fmt": "hatch run fmt-check",
        "quality:lint": "hatch run lint",
        "quality:audit": "bash scripts/audit.sh $AUDIT_OPTIONS",
    }
    formats = [command.split()[0] for command in SCRIPTS["fmt"]]
    checks = [command.split()[0] for command in SCRIPTS["fmt-check"]]
    assert formats == checks == ["black", "ruff"]


@holds("pipeline-8")
@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("fmt-check", "a = {  'x':1}\n", "would reformat"),
        ("lint", "import os\n", "`os` imported but unused"),
    ],
    ids=["not formatted", "lint error"],
)
def test_quality_fails(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text("utf-8"))
    (tmp_path / "module.py").write_text(text)
    commands = [command for command in SCRIPTS[name] if command.split()[0] in {"black", "ruff"}]
    found = [run(sys.executable, "-m", *command.split(), cwd=tmp_path) for command in commands]
    complaints = "".join(done.output + done.errors for done in found if done.status == 1)
    assert words in complaints
    assert (tmp_path / "module.py").read_text() == text
    tolerated = {
        each: job(each)["allow_failure"] for each in jobs() if "allow_failure" in job(each)
    }
    # Status 75 says that the advisories could not be reached.
    assert tolerated == {"quality:audit": {"exit_codes": 75}}


@holds("pipeline-9")
def test_test_jobs_run_in_parallel() -> None:
    assert set(TESTS) <= set(jobs_of("test"))
    for name in TESTS:
        assert not waits_for(name) & set(TESTS)
        assert "resource_group" not in job(name)


@holds("pipeline-10")
def test_each_test_job_writes_a_junit_report() -> None:
    for name in TESTS:
        [report] = re.findall(r'--junitxml="([^"]+)"', script(name))
        written = expanded(report, variables_of(name))
        kept = job(name)["artifacts"]["reports"]["junit"]
        assert re.fullmatch(kept.replace("*", ".*"), written)
        assert job(name)["artifacts"]["when"] == "always"
    assert len({variables_of(name)["GROUP"] for name in TESTS}) == len(TESTS)


@holds("pipeline-11")
def test_coverage_joins_the_results_of_all_jobs() -> None:
    assert set(TESTS) <= (needs("coverage") or set())
    for name in TESTS:
        assert "coverage run" in script(name)
        assert ".coverage.*" in job(name)["artifacts"]["paths"]
    commands = script("coverage").splitlines()
    order = [commands.index(each) for each in commands if re.search("combine|report", each)]
    assert "coverage combine" in commands[order[0]]
    assert "coverage report" in commands[order[-1]]


@holds("pipeline-12")
def test_gitlab_receives_the_coverage() -> None:
    report = job("coverage")["artifacts"]["reports"]["coverage_report"]
    assert report["coverage_format"] == "cobertura"
    assert report["path"] == "coverage.xml"
    assert "coverage xml" in script("coverage")
    total = re.search(
        job("coverage")["coverage"].strip("/"), "TOTAL   9000   400   2500   150   94.2%"
    )
    assert total
    assert total[1] == "94.2"
    assert "coverage" in selected(MERGE_REQUEST, "README.md")


@holds("pipeline-13")
def test_the_last_stage_looks_for_secrets() -> None:
    templates = [each["template"] for each in PIPELINE["include"]]
    assert "Jobs/Secret-Detection.gitlab-ci.yml" in templates
    assert job("secret_detection")["stage"] == PIPELINE["stages"][-1]
    for pipeline in (MAIN, MERGE_REQUEST):
        assert "secret_detection" in selected(pipeline, "README.md")


@holds("pipeline-17")
@pytest.mark.parametrize("image", IMAGES)
def test_the_first_pipeline_builds_and_the_next_reuses(project: Project, image: str) -> None:
    publish(project, image)
    assert len(builds(project)) == 1
    project.change("CHANGELOG.md")
    publish(project, image)
    assert builds(project) == []


@holds("pipeline-18")
def test_a_change_of_pyproject_builds_both_images() -> None:
    assert {"build:ci-image", "build:production-image"} <= selected(MAIN, "pyproject.toml")


@holds("pipeline-18", "pipeline-19")
@pytest.mark.parametrize("image", IMAGES)
def test_a_missing_image_is_built_again(project: Project, image: str) -> None:
    publish(project, image)
    builds(project)
    project.images.write_text("")
    # Nothing has changed, so the job that reuses the image runs; its commands are the same.
    assert script(f"reuse:{image}-image") == script(f"build:{image}-image")
    assert variables_of(f"reuse:{image}-image") == variables_of(f"build:{image}-image")
    publish(project, image)
    assert len(builds(project)) == 1
