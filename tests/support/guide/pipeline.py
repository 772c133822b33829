"""The pipeline of GitLab: its jobs with what they extend, and which of them its rules select."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
PIPELINE: dict[str, Any] = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text("utf-8"))
MAIN = {
    "CI_PIPELINE_SOURCE": "push",
    "CI_COMMIT_BRANCH": "main",
    "CI_DEFAULT_BRANCH": "main",
    "CI_COMMIT_REF_PROTECTED": "true",
}
MERGE_REQUEST = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_DEFAULT_BRANCH": "main"}

_NO_JOBS = {"stages", "workflow", "include", "variables", "default"}


def tag(name: str) -> dict[str, str]:
    """Return the variables of the pipeline of a tag."""
    return {"CI_PIPELINE_SOURCE": "push", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_TAG": name}


def job(name: str) -> dict[str, Any]:
    """Return a job with everything that it extends and the pipeline's defaults."""
    defaults: dict[str, Any] = PIPELINE.get("default", {})
    return defaults | _extended(name)


def jobs() -> list[str]:
    """Return the names of all jobs."""
    return [name for name in PIPELINE if name not in _NO_JOBS and not name.startswith(".")]


def jobs_of(stage: str) -> list[str]:
    """Return the names of the jobs of a stage."""
    return [name for name in jobs() if job(name).get("stage") == stage]


def selected(variables: dict[str, str], *changed: str) -> set[str]:
    """Return the jobs of a pipeline with these variables and changed files.

    Without a comparison, as for a tag, GitLab takes every file as changed.
    """
    if not _selects([*PIPELINE["workflow"]["rules"]], variables, changed):
        return set()
    return {
        name
        for name in jobs()
        if "rules" not in job(name) or _selects(job(name)["rules"], variables, changed)
    }


def variables_of(name: str) -> dict[str, str]:
    """Return the variables of a job, with the pipeline's variables replaced in them."""
    known = PIPELINE["variables"] | job(name).get("variables", {})
    return {variable: expanded(str(value), known) for variable, value in known.items()}


def expanded(text: str, known: dict[str, str]) -> str:
    """Return `text` with the variables in `known` replaced, as GitLab does it."""
    before = ""
    while before != text:
        before = text
        text = re.sub(r"\$\{?(\w+)\}?", lambda found: str(known.get(found[1], found[0])), text)
    return text


def needs(name: str) -> set[str] | None:
    """Return the jobs that a job waits for, or None if it waits for all earlier stages."""
    given = job(name).get("needs")
    if given is None:
        return None
    return {each if isinstance(each, str) else each["job"] for each in given}


def waits_for(name: str) -> set[str]:
    """Return every job that has ended before this one starts."""
    order = PIPELINE["stages"]
    given = needs(name)
    if given is None:
        before = order[: order.index(job(name)["stage"])]
        given = {each for each in jobs() if job(each).get("stage") in before}
    return given.union(*(waits_for(each) for each in given))


def script(name: str) -> str:
    """Return the commands of a job, one a line."""
    return "\n".join(job(name)["script"])


def _extended(name: str) -> dict[str, Any]:
    own: dict[str, Any] = PIPELINE[name]
    bases = own.get("extends", [])
    found: dict[str, Any] = {}
    for base in [bases] if isinstance(bases, str) else bases:
        found = _merged(found, _extended(base))
    return _merged(found, own)


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(base[key], value)
        for key, value in own.items()
        if isinstance(value, dict) and isinstance(base.get(key), dict)
    }
    return base | own | both


def _selects(
    rules: list[dict[str, Any]], variables: dict[str, str], changed: tuple[str, ...]
) -> bool:
    for rule in rules:
        if _matches(rule, variables, changed):
            return rule.get("when") != "never"
    return False


def _matches(rule: dict[str, Any], variables: dict[str, str], changed: tuple[str, ...]) -> bool:
    if "if" in rule and not _is_true(rule["if"], variables):
        return False
    if "changes" not in rule or "CI_COMMIT_TAG" in variables:
        return True
    paths = rule["changes"]
    patterns = paths["paths"] if isinstance(paths, dict) else paths
    return any(_pattern(pattern).fullmatch(path) for pattern in patterns for path in changed)


def _pattern(glob: str) -> re.Pattern[str]:
    escaped = re.escape(glob).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    return re.compile(escaped)


def _is_true(condition: str, variables: dict[str, str]) -> bool:
    return any(
        all(_term(term.strip(), variables) for term in every.split("&&"))
        for every in condition.split("||")
    )


def _term(term: str, variables: dict[str, str]) -> bool:
    found = re.fullmatch(r"\$(\w+)(?: *(==|!=|=~|!~) *(.+))?", term)
    assert found, f"no condition that these tests can read: {term}"
    value = variables.get(found[1])
    if found[2] is None:
        return bool(value)
    if found[2] in {"=~", "!~"}:
        is_match = re.search(found[3].strip("/"), value or "") is not None
        return is_match == (found[2] == "=~")
    other = variables.get(found[3][1:]) if found[3].startswith("$") else found[3].strip("\"'")
    return (value == (None if other == "null" else other)) == (found[2] == "==")
