from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest

import wyoming_voice_stack
from wyoming_voice_stack import NOT_INSTALLED


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the version had never been read."""
    assert wyoming_voice_stack.__version__
    monkeypatch.delitem(vars(wyoming_voice_stack), "__version__")


def test_the_version_is_that_of_the_installed_package() -> None:
    assert wyoming_voice_stack.__version__ == metadata.version("wyoming-voice-stack")


@pytest.mark.usefixtures("forgotten")
def test_a_source_tree_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert wyoming_voice_stack.__version__ == NOT_INSTALLED


def test_other_names_are_missing() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(wyoming_voice_stack, "nothing")  # noqa: B009


def test_the_command_line_reads_no_metadata_to_start() -> None:
    source = (
        "import sys, wyoming_voice_stack.cli.commands; print('importlib.metadata' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
