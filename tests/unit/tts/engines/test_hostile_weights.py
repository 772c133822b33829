"""A weights file that contains code is refused, and the code is not run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.engines import vits_source, xtts_source
from wyoming_voice_stack.errors import ModelError


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
        return os.mkdir, (str(self.path),)


def put_trap(folder: Path, file_name: str, trap: Path) -> None:
    import torch

    target = folder / file_name
    assert target.exists()
    # A trap inside a checkpoint that is complete otherwise.
    content = torch.load(target, weights_only=True)
    assert isinstance(content, dict)
    torch.save({**content, "trap": Trap(trap)}, target)


@pytest.mark.parametrize(
    ("kind", "file_name"),
    [("vits", "model_file.pth"), ("xtts", "model.pth"), ("xtts", "speakers_xtts.pth")],
)
def test_code_in_weights_is_not_run(
    kind: str, file_name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = shutil.copytree(request.getfixturevalue(f"{kind}_folder"), tmp_path / "model")
    trap = tmp_path / "made"
    put_trap(folder, file_name, trap)
    source: Any = vits_source(folder) if kind == "vits" else xtts_source(folder)
    with pytest.raises(ModelError):
        source.load()
    assert not trap.exists()


def test_the_trap_works(tmp_path: Path) -> None:
    import pickle

    pickle.loads(pickle.dumps(Trap(tmp_path / "made")))
    assert (tmp_path / "made").exists()
