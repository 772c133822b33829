"""Makes conditioning tensors without a model."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.fakes import WAIT_SECONDS


class Maker:
    """Returns tensors whose values identify the recordings that they are computed from."""

    def __init__(self) -> None:
        self.made: list[list[str]] = []
        self.contents: tuple[bytes, ...] = ()
        self.entered = threading.Event()
        self.hold: dict[str, threading.Event] = {}
        self.fail = False

    def __call__(self, paths: list[str], contents: Sequence[bytes] = ()) -> tuple[Any, Any]:
        import torch

        self.contents = tuple(contents)
        self.made.append([Path(path).stem for path in paths])
        self.entered.set()
        hold = self.hold.get(Path(paths[0]).stem)
        assert hold is None or hold.wait(WAIT_SECONDS)
        if self.fail:
            raise RuntimeError("too little of it")
        return torch.full((1, 2, 3), float(len(self.made))), torch.ones(1, 4, 1)
