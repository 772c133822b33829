"""Jobs of the pipeline that use Docker, run in a copy of the project with a fake of it."""

from __future__ import annotations

import tomllib

from tests.support.guide.pipeline import expanded, job, variables_of
from tests.support.guide.programs import ROOT, Done, Project, fake

URLS: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "urls"
]
"""Where the project lives; a fork has other addresses than the guide."""
HOME = URLS["Image"].removeprefix("https://")
"""The production image, and what GitLab gives its jobs as CI_REGISTRY_IMAGE."""


def run_job(project: Project, name: str, **variables: str) -> Done:
    """Run all commands of a job for the project's present commit."""
    fake(project.programs, "apk", "#!/bin/sh\n")
    known = variables_of(name) | {
        "CI_REGISTRY_IMAGE": HOME,
        "CI_COMMIT_SHA": project.git("rev-parse", "HEAD"),
        "CI_DEFAULT_BRANCH": "main",
        "CI_REPOSITORY_URL": str(project.folder),
        "CI_REGISTRY_USER": "user",
        "CI_REGISTRY_PASSWORD": "secret",
        "CI_REGISTRY": HOME.partition("/")[0],
        **variables,
    }
    commands = ["set -e", *job(name).get("before_script", []), *job(name)["script"]]
    environ = {variable: expanded(value, known) for variable, value in known.items()}
    return project.run("\n".join(commands), **environ)


def repository(image: str) -> str:
    """Return the name under which the pipeline pushes an image: ci, production or cuda."""
    named = variables_of(f"build:{image}-image")["REPOSITORY"]
    return expanded(named, {"CI_REGISTRY_IMAGE": HOME})
