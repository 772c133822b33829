"""Whether the processor has the instructions that the engines' native libraries are made of.

A library that meets an instruction which its processor lacks ends the process with SIGILL, and
nothing is said. So this is looked at before anything native is imported.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wyoming_voice_stack.errors import UnsupportedProcessor

_X86_64_V2 = ("cx16", "lahf_lm", "popcnt", "pni", "ssse3", "sse4_1", "sse4_2")

NEEDED: Mapping[str, tuple[str, ...]] = {"x86_64": _X86_64_V2, "aarch64": ("asimd",)}
"""What all engines need, in the words of /proc/cpuinfo, by the name of the architecture.

x86_64 is the level x86-64-v2 of the psABI: numpy is built for it. ONNX Runtime, CTranslate2 and
torch choose their kernels by what there is, and run without AVX.
"""
_DOT_PRODUCTS = {"x86_64": "avx2", "aarch64": "asimddp"}

_NAMES = ("model name", "Model")
"""Under which /proc/cpuinfo tells what the processor, or the board, is called."""
_FEATURES = {"x86_64": "flags", "aarch64": "Features"}
"""Under which it tells what the processor can do. A program that is emulated may read the file of the
other architecture, which says nothing of what is emulated."""
MAX_NAME_CHARACTERS = 80


@dataclass(frozen=True)
class Processor:
    """What the system tells of the first processor; all of one machine are taken for alike."""

    architecture: str
    """As the kernel calls it: `x86_64`, `aarch64`."""
    name: str
    features: frozenset[str]
    """In the words of /proc/cpuinfo; empty if nothing is told."""

    @property
    def lacks(self) -> tuple[str, ...]:
        """What the engines need and is not there; empty where the system tells nothing."""
        if not self.features:
            return ()
        wanted = NEEDED.get(self.architecture, ())
        return tuple(feature for feature in wanted if feature not in self.features)

    @property
    def multiplies_integers_fast(self) -> bool:
        """Whether it has the instructions that make int8 much quicker than float32.

        Where nothing is told, it is taken to have them.
        """
        feature = _DOT_PRODUCTS.get(self.architecture)
        return not self.features or feature is None or feature in self.features


def read_processor(root: Path = Path("/"), architecture: str | None = None) -> Processor:
    """Read /proc/cpuinfo below `root`."""
    told: dict[str, str] = {}
    try:
        for line in (root / "proc/cpuinfo").read_text(errors="replace").splitlines():
            field, _, value = line.partition(":")
            told.setdefault(field.strip(), value.strip())
    except OSError:
        told.clear()
    name = next((told[field] for field in _NAMES if told.get(field)), "")
    machine = architecture or platform.machine()
    features = told.get(_FEATURES.get(machine, ""), "")
    return Processor(
        machine,
        name[:MAX_NAME_CHARACTERS],
        frozenset(features.lower().split()),
    )


def require_processor(processor: Processor) -> None:
    """Pass if the engines can run on it.

    Raises:
        UnsupportedProcessor: one line that says what is missing and what to do.
    """
    lacks = processor.lacks
    if lacks:
        raise UnsupportedProcessor(
            f"This processor ({processor.name or processor.architecture}) lacks"
            f" {', '.join(lacks)}, without which neither Whisper nor any of the voices can run;"
            " in a virtual machine set the type of its processor to 'host', else use a machine"
            " whose processor was made since 2013."
        )
