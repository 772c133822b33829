"""What the documents name exists: settings, commands, links, pictures, files; and they stay short."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from wyoming_voice_stack.cli.commands import app
from wyoming_voice_stack.config.settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "addon").glob("*/*.md")),
)
GUIDES = (ROOT / "docs" / "home-assistant.md", ROOT / "docs" / "voices.md")
PICTURES = {".png", ".jpg", ".svg", ".gif"}

SETTINGS = {name.upper() for name in Settings.model_fields}
COQUI = "COQUI_TOS_AGREED"
"""Read by coqui-tts, and by this project."""
READERS = (
    *("wyoming_voice_stack/**/*.py", "scripts/**/*", "addon/**/*", "deploy/**/*"),
    *("Dockerfile*", "docker-compose*.yml", ".gitlab-ci.yml"),
)
"""Files that may read a variable that is no setting: the command line, scripts, containers."""

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
MAX_ARCHITECTURE_WORDS = 1500
MAX_README_LINES = 200
RECORDS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
LINTERS = {"black", "mypy", "ruff"}
BASES = (ROOT, ROOT / "wyoming_voice_stack", ROOT / "deploy" / "kubernetes")
"""Folders that the documents name files from."""
GONE = {"benchmarks/stt.py"}
"""A file that the changelog names because it was removed."""

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?:^|\| )(?:[A-Z_]+=\S+ )*wyoming-voice-stack (.+?)(?= \||$)")


@lru_cache(maxsize=1)
def read_elsewhere() -> str:
    files = (path for pattern in READERS for path in sorted(ROOT.glob(pattern)))
    code = (path for path in files if path.is_file() and path.suffix != ".md")
    return "\n".join(path.read_text(errors="replace") for path in code)


def variables(document: Path) -> set[str]:
    text = document.read_text("utf-8")
    named = set(re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`", text))
    return named | set(re.findall(r"(?:^| )([A-Z][A-Z0-9_]+)=", parts(text, code=True)))


def parts(text: str, *, code: bool) -> str:
    """A document without its blocks of code, or these alone."""
    blocks = re.split(r"^```.*$", text, flags=re.MULTILINE)
    return "\n".join(blocks[1::2] if code else blocks[::2])


def anchors(document: Path) -> set[str]:
    """As the usual renderers make them of headings."""
    text = parts(document.read_text("utf-8"), code=False)
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")
        for heading in _HEADING.findall(text)
    }


def commands(document: Path) -> Iterator[list[str]]:
    for block in _SHELL.findall(document.read_text("utf-8")):
        for line in block.splitlines():
            for found in _COMMAND.findall(line.partition("  #")[0].rstrip()):
                yield shlex.split(found)


def benchmarks() -> list[str]:
    """The name and the options of every benchmark that a document runs."""
    texts = (document.read_text("utf-8") for document in DOCUMENTS)
    found = {
        line for text in texts for line in re.findall(r"python -m benchmarks\.([^`\n]+)", text)
    }
    return sorted(found)


def resolved(words: list[str]) -> tuple[set[str], list[str]]:
    """The options of the command that these words call, and the words behind its name."""
    command: Any = get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        name, *words = words
        command = command.commands[name]
    is_group = hasattr(command, "commands") and words and not words[0].startswith("-")
    assert not is_group, f"there is no command {words[0]}"
    return {name for each in command.params for name in each.opts}, words


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
class TestDocuments:
    def test_variables_are_read_by_something(self, document: Path) -> None:
        known = SETTINGS | {f"{name}_FILE" for name in (*SETTINGS, "NAME")}
        for name in variables(document) - known:
            assert re.search(rf"\b{name}\b", read_elsewhere()), name

    def test_links_and_pictures_are_there(self, document: Path) -> None:
        for target in _LINK.findall(parts(document.read_text("utf-8"), code=False)):
            if "://" in target:
                continue
            path, _, anchor = target.partition("#")
            there = (document.parent / path) if path else document
            assert there.exists(), target
            assert ROOT in there.resolve().parents, target
            if anchor:
                assert anchor in anchors(there), target

    def test_commands_and_their_options_exist(self, document: Path) -> None:
        for words in commands(document):
            options, arguments = resolved(words)
            given = {word.partition("=")[0] for word in arguments if re.match(r"--?[a-z]", word)}
            assert given <= options | {"--help"}, (words, given - options)


def test_every_setting_is_explained_once() -> None:
    table = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert {name: table.count(f"| `{name}` |") for name in SETTINGS} == dict.fromkeys(SETTINGS, 1)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_guides_name_settings_alone(guide: Path) -> None:
    assert variables(guide) <= SETTINGS | {COQUI}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_readme_leads_to_the_guides(guide: Path) -> None:
    assert f"({guide.relative_to(ROOT)})" in (ROOT / "README.md").read_text("utf-8")


def test_every_picture_is_shown() -> None:
    shown = {
        (document.parent / target).resolve()
        for document in DOCUMENTS
        for target in _LINK.findall(document.read_text("utf-8"))
    }
    pictures = {path for path in (ROOT / "docs").rglob("*") if path.suffix in PICTURES}
    assert pictures <= shown


def named_paths(text: str) -> set[str]:
    return set(re.findall(r"`(\w[\w./-]*/[\w./-]*\.(?:py|sh|yml|yaml|md|txt|toml|cfg))`", text))


@pytest.mark.parametrize("line", benchmarks())
def test_benchmarks_take_their_options(line: str) -> None:
    pytest.importorskip("jiwer", reason="the extra bench is not installed")
    name, *options = shlex.split(line)
    program = import_module(f"benchmarks.{name}.__main__")
    parser = program.parser() if hasattr(program, "parser") else program.new_parser(None)
    parser.parse_args(options)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_named_files_exist(document: Path) -> None:
    named = named_paths(document.read_text("utf-8")) - GONE
    assert {name for name in named if not any((base / name).exists() for base in BASES)} == set()


def test_the_map_has_every_folder() -> None:
    package = ROOT / "wyoming_voice_stack"
    folders = {f"{path.parent.relative_to(package)}/" for path in package.rglob("*.py")} - {"./"}
    table = ARCHITECTURE.partition("## Map")[2].partition("\n## ")[0]
    assert {name for name in folders if f"`{name}`" not in table} == set()
    mapped = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    listed = [name for cell in mapped for name in re.findall(r"`([^`]+)`", cell)]
    assert sorted(listed) == sorted(folders)


def test_the_map_has_every_module_at_the_root() -> None:
    modules = {path.name for path in (ROOT / "wyoming_voice_stack").glob("[a-z]*.py")}
    assert {name for name in modules if f"`{name}`" not in ARCHITECTURE} == set()


def test_architecture_is_short() -> None:
    assert len(ARCHITECTURE.split()) <= MAX_ARCHITECTURE_WORDS


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) < MAX_README_LINES


def test_dependencies_are_listed_once() -> None:
    table = ARCHITECTURE.partition("## Dependencies")[2]
    cells = set(re.findall(r"^\| (\S.*?) \|", table, re.MULTILINE)) - {"Package"}
    names = [name for cell in cells for name in re.findall(r"[a-z][\w-]+", cell)]
    assert len(names) == len(set(names))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    required = {re.match(r"[\w-]+", each)[0] for each in wanted}  # type: ignore[index]
    assert required - set(names) - {project["name"], *LINTERS} == set()


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_decision_records(record: Path) -> None:
    text = record.read_text("utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[:2] == ["Context", "Decision"]
    assert "Consequences" in headings
    title = re.match(r"# (\d{4}): (.+)", text)
    assert title
    assert record.name.startswith(title[1])
    index = (ROOT / "docs" / "decisions" / "README.md").read_text("utf-8")
    assert index.count(f"- [{title[1]}]({record.name}) {title[2]}\n") == 1


def test_each_record_has_a_number_of_its_own() -> None:
    numbers = [record.name[:4] for record in RECORDS]
    assert numbers
    assert [number for number, count in Counter(numbers).items() if count > 1] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_plain_words(document: Path) -> None:
    prose = re.sub(r"`[^`]+`", "", parts(document.read_text("utf-8"), code=False))
    words = {word.lower() for word in re.findall(r"\w+", prose)}
    assert words & {"somebody", "nobody", "anew", "told"} == set()


def test_nothing_says_to_install_a_package_that_is_not_published() -> None:
    sources = (*DOCUMENTS, *(ROOT / "wyoming_voice_stack").rglob("*.py"))
    published = re.compile(r"install\s+[\"']*wyoming[-_]voice[-_]stack(?![\w-])")
    assert published.search("run: pip install 'wyoming-voice-stack[tts]'")
    assert [path.name for path in sources if published.search(path.read_text("utf-8"))] == []


def test_the_hint_names_extras_that_exist() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    sources = (path.read_text("utf-8") for path in (ROOT / "wyoming_voice_stack").rglob("*.py"))
    named = {name for text in sources for name in re.findall(r"install_hint\([\"']([\w-]+)", text)}
    assert named
    assert named <= extras.keys()
