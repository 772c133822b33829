"""The pipeline's own text, and which images it builds. scripts/test_pipeline.sh executes its jobs."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PIPELINE: dict[str, Any] = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
JOBS = ("unit:asr", "unit:tts", "unit:core", "unit:utils", "integration")
HATCH = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]
METADATA = {"README.md", "LICENSE"}
"""What only ends in the package's metadata: no reason to build an image."""


def files_of(patterns: str) -> list[Path]:
    """The test files below the folders and files that a shell makes of `patterns`."""
    found = []
    for pattern in patterns.split():
        paths = sorted(ROOT.glob(pattern))
        assert paths, f"{pattern} matches nothing"
        for path in paths:
            found += sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    return found


def inputs(image: str) -> set[str]:
    return set(PIPELINE[f".publish-{image}"]["variables"]["INPUTS"].split())


class TestText:
    def test_stages(self) -> None:
        assert " ".join(PIPELINE["stages"]) == (
            "build-images quality test coverage release secret-detection"
        )

    def test_every_test_file_belongs_to_one_job(self) -> None:
        assert set(JOBS) == {
            name
            for name, job in PIPELINE.items()
            if isinstance(job, dict) and job.get("extends") == ".test"
        }
        run = [path for job in JOBS for path in files_of(PIPELINE[job]["variables"]["TESTS"])]
        assert sorted(run) == sorted((ROOT / "tests").rglob("test_*.py"))

    @pytest.mark.parametrize("job", JOBS)
    def test_hatch_runs_the_same_tests(self, job: str) -> None:
        script = HATCH["envs"]["default"]["scripts"][f"test-{job.removeprefix('unit:')}"]
        tests = PIPELINE[job]["variables"]["TESTS"].strip()
        assert script == f"pytest {tests} {{args}}"

    def test_downloads_are_kept_until_their_lock_files_change(self) -> None:
        packages, models = PIPELINE[".test"]["cache"]
        home = PIPELINE[".test"]["variables"]["XDG_CACHE_HOME"].removeprefix("$CI_PROJECT_DIR/")
        assert f"{home}/" in (ROOT / ".gitignore").read_text().splitlines()
        assert packages["paths"] == [f"{home}/pip"]
        for cache in (packages, models):
            # GitLab takes two files at most.
            assert 0 < len(cache["key"]["files"]) <= 2
            assert all((ROOT / name).is_file() for name in cache["key"]["files"])
        fetch = (ROOT / "scripts" / "kokoro_files.sh").read_text()
        assert (
            "cache=${XDG_CACHE_HOME:-$HOME/.cache}/wyoming-voice-stack\nfolder=$cache/kokoro-"
            in fetch
        )
        assert models["paths"] == [f"{home}/wyoming-voice-stack/kokoro-*"]

    def test_coverage_and_a_release_wait_for_every_test(self) -> None:
        tests = {name for name, job in PIPELINE.items() if "GROUP" in _variables(job)}
        assert tests <= _needs("coverage")
        passed = {"coverage", "quality:fmt", "quality:lint", "release:check"}
        assert passed <= _needs("release:version")
        assert passed <= _needs("release:addons")
        assert {"release:version", "release:addons"} <= _needs("release:notes")

    @pytest.mark.parametrize("image", ["ci", "production"])
    def test_an_image_is_built_or_taken_over(self, image: str) -> None:
        [built] = PIPELINE[f"build:{image}-image"]["rules"]
        never, otherwise = PIPELINE[f"reuse:{image}-image"]["rules"]
        assert never == built | {"when": "never"}
        assert otherwise == {"when": "on_success"}
        changes = {path.removesuffix("/**/*") for path in built["changes"]}
        assert changes <= inputs(image)

    def test_the_cuda_image_is_built_for_branch_and_tags(self) -> None:
        other, built = PIPELINE["build:cuda-image"]["rules"]
        assert other["when"] == "never"
        assert [built] == PIPELINE["build:production-image"]["rules"]
        rules = PIPELINE["reuse:cuda-image"]["rules"]
        assert rules == [other, *PIPELINE["reuse:production-image"]["rules"]]
        assert PIPELINE[".publish-cuda"]["extends"] == ".publish-production"
        variables = PIPELINE[".publish-cuda"]["variables"]
        assert variables == {"PLATFORMS": "$CUDA_PLATFORMS", "VARIANT": "cuda"}
        assert PIPELINE["variables"]["CUDA_PLATFORMS"] == "linux/amd64"
        assert {"build:cuda-image", "reuse:cuda-image"} <= _needs("release:version")

    def test_names_of_images(self) -> None:
        variables = PIPELINE["variables"]
        assert variables["PRODUCTION_IMAGE"] == "$CI_REGISTRY_IMAGE"
        assert variables["CI_IMAGE"] == "$CI_REGISTRY_IMAGE/ci"
        for mode in ("asr", "tts"):
            config = yaml.safe_load((ROOT / f"addon/voice-stack-{mode}/config.yaml").read_text())
            assert config["image"].endswith(f"/addon-{mode}")
            command = f'addon/voice-stack-{mode} "$ADDON_IMAGE-{mode}"'
            assert any(command in line for line in PIPELINE["release:addons"]["script"])

    def test_jobs_that_move_latest_wait_for_each_other(self) -> None:
        for job in ("release:latest", "release:version"):
            assert PIPELINE[job]["extends"] == ".promote"
        assert PIPELINE[".promote"]["resource_group"] == "latest"

    @pytest.mark.parametrize(
        ("image", "file"), [("ci", "Dockerfile.ci"), ("production", "Dockerfile")]
    )
    def test_all_that_an_image_copies_is_an_input(self, image: str, file: str) -> None:
        copied = {
            source
            for line in re.findall(
                r"^COPY (?!--from)(.*)$", (ROOT / file).read_text(), re.MULTILINE
            )
            for source in [word for word in line.split() if not word.startswith("--")][:-1]
        }
        assert copied
        assert copied - METADATA <= inputs(image)
        assert [name for name in inputs(image) if not (ROOT / name).exists()] == []


def _needs(job: str) -> set[str]:
    return {need if isinstance(need, str) else need["job"] for need in PIPELINE[job]["needs"]}


def _variables(job: Any) -> dict[str, str]:
    return job.get("variables", {}) if isinstance(job, dict) else {}


FAKE_DOCKER = """#!/usr/bin/env bash
echo "$*" >>"$DOCKER_LOG"
case "$*" in *"imagetools inspect"*) grep -qx "${@: -1}" "$REGISTRY" ;; esac
"""


class Registry:
    """A project of one commit, and a registry in which some images are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "scripts").mkdir()
        for name in ("publish_image.sh", "publish_addon.sh", "environment.sh"):
            (folder / "scripts" / name).write_text((ROOT / "scripts" / name).read_text())
        (folder / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
        (folder / "wyoming_voice_stack").mkdir()
        (folder / "wyoming_voice_stack" / "__init__.py").touch()
        (folder / "Dockerfile").write_text("FROM scratch\n")
        docker = folder / "bin" / "docker"
        docker.parent.mkdir()
        docker.write_text(FAKE_DOCKER)
        docker.chmod(0o755)
        self.images = folder / "registry"
        self.images.touch()
        self.log = folder / "log"
        self._git("init", "--quiet")
        self.commit()

    def _git(self, *arguments: str) -> None:
        as_tester = ("-c", "user.name=T", "-c", "user.email=t@example.org")
        subprocess.run(["git", *as_tester, *arguments], cwd=self.folder, check=True)

    def commit(self) -> None:
        self._git("add", "Dockerfile", "wyoming_voice_stack")
        self._git("commit", "--quiet", "--allow-empty", "--message", "A change")

    def publish(self, *inputs: str, variant: str = "") -> tuple[int, str, list[str]]:
        """Publish an image of these inputs."""
        image = ("voice", "c0ffee", "Dockerfile", "linux/amd64")
        return self.run("publish_image.sh", *image, *inputs, variant=variant)

    def run(self, script: str, *arguments: str, variant: str = "") -> tuple[int, str, list[str]]:
        """Give the exit status, what was complained about, and docker's calls."""
        self.log.write_text("")
        done = subprocess.run(
            ["bash", f"scripts/{script}", *arguments],
            cwd=self.folder,
            env=os.environ
            | {
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "DOCKER_LOG": str(self.log),
                "REGISTRY": str(self.images),
                "VARIANT": variant,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr, self.log.read_text().splitlines()


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path)


class TestPublishing:
    def test_a_registry_without_the_image_gets_it(self, registry: Registry) -> None:
        status, _, (looked, built, tagged) = registry.publish("Dockerfile", "wyoming_voice_stack")
        assert status == 0
        made_of = looked.split()[-1]
        assert re.fullmatch(r"voice:inputs-[0-9a-f]{16}", made_of)
        assert f"--tag {made_of} --push ." in built
        assert "--platform linux/amd64" in built
        assert "VERSION=1.2.3" in built
        assert "TORCH_BACKEND" not in built
        assert "--sbom true" in built
        assert tagged == f"buildx imagetools create --tag voice:c0ffee {made_of}"

    def test_an_image_of_the_same_inputs_is_taken_over(self, registry: Registry) -> None:
        _, _, (looked, *_) = registry.publish("Dockerfile")
        registry.images.write_text(looked.split()[-1] + "\n")
        # Another commit, in which nothing changed that the image is made of.
        (registry.folder / "wyoming_voice_stack" / "new.py").touch()
        registry.commit()
        status, _, calls = registry.publish("Dockerfile")
        assert status == 0
        assert [call.split()[2] for call in calls] == ["inspect", "create"]

    def test_a_changed_input_is_another_image(self, registry: Registry) -> None:
        _, _, (looked, *_) = registry.publish("Dockerfile", "wyoming_voice_stack")
        registry.images.write_text(looked.split()[-1] + "\n")
        (registry.folder / "wyoming_voice_stack" / "new.py").touch()
        registry.commit()
        _, _, calls = registry.publish("Dockerfile", "wyoming_voice_stack")
        assert [call.split()[1] for call in calls] == ["imagetools", "build", "imagetools"]

    def test_an_input_that_is_not_there(self, registry: Registry) -> None:
        status, complaint, calls = registry.publish("Dockerfile", "nothing.toml")
        assert (status, calls) == (66, [])
        assert (
            complaint == "nothing.toml is not in this commit; correct INPUTS in .gitlab-ci.yml.\n"
        )

    def test_a_variant_has_tags_of_its_own(self, registry: Registry) -> None:
        _, _, (looked, *_) = registry.publish("Dockerfile")
        plain = looked.split()[-1]
        registry.images.write_text(plain + "\n")
        status, _, (looked, built, tagged) = registry.publish("Dockerfile", variant="cuda")
        assert status == 0
        assert looked.split()[-1] == f"{plain}-cuda"
        assert "--build-arg TORCH_BACKEND=cuda" in built
        assert "ref=voice:cache-cuda,mode=max" in built
        assert tagged == f"buildx imagetools create --tag voice:c0ffee-cuda {plain}-cuda"

    def test_an_addon_for_both_architectures(self, registry: Registry) -> None:
        arguments = ("addon/voice", "voice/addon", "1.2.3", "voice:c0ffee")
        status, _, (amd64, aarch64, joined) = registry.run("publish_addon.sh", *arguments)
        assert status == 0
        for call, platform, name in (
            (amd64, "linux/amd64", "amd64"),
            (aarch64, "linux/arm64", "aarch64"),
        ):
            assert f"--platform {platform} " in call
            assert f"BUILD_ARCH={name} " in call
            assert "BUILD_VERSION=1.2.3 " in call
            assert "VOICE_STACK_IMAGE=voice:c0ffee " in call
            assert call.endswith(f"--tag voice/addon:1.2.3-{name} --push addon/voice")
        create = "buildx imagetools create --tag voice/addon:1.2.3"
        assert joined == f"{create} voice/addon:1.2.3-amd64 voice/addon:1.2.3-aarch64"
