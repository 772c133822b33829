"""One image for both servers, one environment everywhere, and no questions."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.packaging.guide.promises import holds
from tests.support.guide.dockerfiles import copied, environment, stages, values
from tests.support.guide.image_tests import assert_checked, functions
from tests.support.guide.pipeline import PIPELINE, job, jobs_of, script
from tests.support.guide.programs import fake, run
from wyoming_voice_stack.errors import EXIT_USAGE, LicenceNotAccepted
from wyoming_voice_stack.models.licence import (
    LICENCE_URL,
    coqui_licence_file,
    require_coqui_licence,
)

ROOT = Path(__file__).parents[3]
ACCEPT = ROOT / "scripts" / "accept_coqui_license.sh"
XTTS = "tts_models/multilingual/multi-dataset/xtts_v2"
INSTALLS = re.compile(r"\b(?:pip3? install|uv (?:pip|sync)|apt-get|apt install|npm install)\b")
QUESTIONS = {"input", "getpass", "prompt", "confirm"}


@holds("overview-1")
@pytest.mark.parametrize("mode", ["asr", "tts"])
def test_the_entrypoint_becomes_the_server_of_the_mode(tmp_path: Path, mode: str) -> None:
    fake(tmp_path, "wyoming-voice-stack", '#!/bin/sh\necho "$@"\n')
    entrypoint = ROOT / "scripts" / "entrypoint.sh"
    done = run(entrypoint, cwd=tmp_path, programs=tmp_path, SERVICE_MODE=mode)
    assert (done.status, done.output) == (0, f"serve --mode {mode}\n")


@holds("overview-2")
def test_jobs_install_nothing() -> None:
    for name in (*jobs_of("quality"), *jobs_of("test"), *jobs_of("coverage")):
        commands = [*job(name).get("before_script", []), *job(name).get("script", [])]
        assert not INSTALLS.search("\n".join(commands)), name


@holds("overview-2")
def test_containers_install_nothing() -> None:
    assert not INSTALLS.search((ROOT / "scripts" / "entrypoint.sh").read_text("utf-8"))
    assert_checked("ci", "in_ci", "--network none")


@holds("overview-3")
def test_both_images_have_the_same_python_and_torch() -> None:
    [base] = {stage.base for stage in stages("Dockerfile")} - {
        stage.name for stage in stages("Dockerfile")
    }
    assert [stage.base for stage in stages("Dockerfile.ci")] == [base]
    for name in ("Dockerfile", "Dockerfile.ci"):
        given = [step.rest for stage in stages(name) for step in stage.steps]
        # No version of its own: the script's is the only one.
        assert "TORCH_VERSION" in given
        assert "scripts/install_torch.sh" in copied(name)


@holds("overview-3")
def test_jobs_and_developers_run_the_same_commands_in_the_same_environment() -> None:
    assert environment("Dockerfile.ci").keys() >= {"HATCH_DATA_DIR", "HATCH_ENV_TYPE_VIRTUAL_PATH"}
    quality = {"quality:fmt", "quality:lint"}
    assert quality <= set(jobs_of("quality"))
    for name in (*quality, "unit:asr", "unit:tts", "unit:core", "unit:utils"):
        assert script(name).startswith("hatch run "), name
    for variable in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "HF_HUB_OFFLINE"):
        assert PIPELINE["variables"][variable] == environment("Dockerfile.ci")[variable]


@holds("overview-4")
def test_no_server_asks_for_input() -> None:
    asking = []
    for path in (ROOT / "wyoming_voice_stack").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id in QUESTIONS:
                asking.append(f"{path.name}: {called.id}")
            if isinstance(called, ast.Attribute) and ast.unparse(called) in {
                *("typer.prompt", "typer.confirm", "click.prompt", "click.confirm"),
                *("Prompt.ask", "Confirm.ask", "getpass.getpass"),
            }:
                asking.append(f"{path.name}: {ast.unparse(called)}")
    assert asking == []


@holds("overview-4")
def test_containers_are_tested_without_a_terminal() -> None:
    runs = [body for body in functions().values() if "docker run" in body]
    assert runs
    assert not [body for body in runs if re.search(r"docker run[^;]* -(?:it|ti|t)\b", body)]


@holds("overview-4", "overview-7")
def test_the_licence_script_asks_nothing_and_writes_the_file(tmp_path: Path) -> None:
    done = run(ACCEPT, cwd=tmp_path, HOME=str(tmp_path))
    assert done.status == 0
    [agreed] = (tmp_path / ".local" / "share" / "tts").rglob("tos_agreed.txt")
    assert agreed.read_text("utf-8").strip()
    require_coqui_licence(XTTS, environ={"HOME": str(tmp_path)})


@holds("overview-7")
def test_the_file_is_where_coqui_tts_looks_for_it(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    run(ACCEPT, cwd=tmp_path, HOME=str(tmp_path))
    # tests/unit/models/test_licence.py compares this path with that of coqui-tts.
    assert coqui_licence_file(XTTS, environ=environ).exists()
    coqui_licence_file(XTTS, environ=environ).unlink()
    with pytest.raises(LicenceNotAccepted):
        require_coqui_licence(XTTS, environ=environ)


@holds("overview-5")
@pytest.mark.parametrize(("accept", "status"), [("1", 0), ("0", 0), ("yes", EXIT_USAGE)])
def test_the_build_of_the_production_image_accepts_the_licence(
    tmp_path: Path, accept: str, status: int
) -> None:
    [step] = [rest for rest in values("Dockerfile", "RUN") if "accept_coqui_license.sh" in rest]
    fake(tmp_path / "bin", ACCEPT.name, ACCEPT.read_text("utf-8"))
    given = {"ACCEPT_COQUI_LICENSE": accept, "HOME": str(tmp_path)}
    done = run("sh", "-c", step, cwd=tmp_path, programs=tmp_path / "bin", **given)
    assert done.status == status
    assert len(list(tmp_path.rglob("tos_agreed.txt"))) == int(accept == "1")
    if accept == "1":
        require_coqui_licence(XTTS, environ={"HOME": str(tmp_path)})
    assert "ACCEPT_COQUI_LICENSE=1" in values("Dockerfile", "ARG")


@holds("overview-5")
def test_the_production_image_is_asked_for_the_licence() -> None:
    assert_checked("production", "uses_xtts", "require_coqui_licence")


@holds("overview-8")
def test_the_image_and_the_documents_name_the_licence() -> None:
    [label] = values("Dockerfile", "LABEL")
    assert LICENCE_URL in label
    assert 'license.accepted="$ACCEPT_COQUI_LICENSE"' in label
    text = (ROOT / "docs" / "deployment.md").read_text("utf-8")
    section = text.partition("### Licence of XTTS")[2].partition("\n#")[0]
    for words in (LICENCE_URL, "accepts that licence", "ACCEPT_COQUI_LICENSE=0"):
        assert words in section


@holds("overview-6")
def test_the_build_of_the_ci_image_accepts_the_licence(tmp_path: Path) -> None:
    [step] = [rest for rest in values("Dockerfile.ci", "RUN") if "accept_coqui_license.sh" in rest]
    fake(tmp_path / "bin", ACCEPT.name, ACCEPT.read_text("utf-8"))
    fake(tmp_path / "bin", "git", "#!/bin/sh\n")
    home = tmp_path / environment("Dockerfile.ci")["HOME"].strip("/")
    home.mkdir(parents=True)
    done = run("sh", "-c", step, cwd=tmp_path, programs=tmp_path / "bin", HOME=str(home))
    assert done.status == 0, done.errors
    require_coqui_licence(XTTS, environ={"HOME": str(home)})
    assert_checked("ci", "accepts_licence", "hatch run run_tts")
