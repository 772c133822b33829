"""Checks that the processor has the instructions that the engines' native libraries need.

An instruction that the processor lacks ends the process with SIGILL and no message, so this is
checked before anything native is imported.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wyoming_voice_stack.errors import UnsupportedProcessor

_X86_64_V2 = ("cx16", "lahf_lm", "popcnt", "pni", "ssse3", "sse4_1", "sse4_2")

NEEDED: Mapping[str, tuple[str, ...]] = {"x86_64": _X86_64_V2, "aarch64": ("asimd",)}
"""Features that all engines need, as named in /proc/cpuinfo, by architecture.

x86_64 is the level x86-64-v2 of the psABI, for which numpy is built. ONNX Runtime, CTranslate2 and
torch choose kernels that the processor supports, and run without AVX.
"""
_DOT_PRODUCTS = {"x86_64": "avx2", "aarch64": "asimddp"}
_BFLOAT16_PRODUCTS = frozenset({"avx512_bf16", "amx_bf16"})

_NAMES = ("model name", "Model")
"""Fields of /proc/cpuinfo with the name of the processor, or of the board."""
_FEATURES = {"x86_64": "flags", "aarch64": "Features"}
"""Fields with the processor's features. An emulated program may read the file of the other
architecture, which says nothing about the emulated one."""
MAX_NAME_CHARACTERS = 80


@dataclass(frozen=True)
class Processor:
    """The first processor as the system reports it; all of one machine are assumed to be alike."""

    architecture: str
    """The kernel's name: `x86_64`, `aarch64`."""
    name: str
    features: frozenset[str]
    """As named in /proc/cpuinfo; empty if unknown."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Features that the engines need and the processor lacks; empty if its features are unknown."""
        if not self.features:
            return ()
        needed = NEEDED.get(self.architecture, ())
        return tuple(feature for feature in needed if feature not in self.features)

    @property
    def multiplies_integers_fast(self) -> bool:
        """Whether it has the instructions that make int8 much faster than float32.

        If its features are unknown, it is assumed to have them.
        """
        feature = _DOT_PRODUCTS.get(self.architecture)
        return not self.features or feature is None or feature in self.features

    @property
    def multiplies_bfloat16(self) -> bool:
        """Whether it is an x86-64 processor with instructions for products of bfloat16 numbers.

        Without them, such products are computed in float32 after a conversion, which is slower.
        """
        return self.architecture == "x86_64" and not _BFLOAT16_PRODUCTS.isdisjoint(self.features)


def read_processor(root: Path = Path("/"), architecture: str | None = None) -> Processor:
    """Read /proc/cpuinfo below `root`."""
    fields: dict[str, str] = {}
    try:
        for line in (root / "proc/cpuinfo").read_text(errors="replace").splitlines():
            field, _, value = line.partition(":")
            fields.setdefault(field.strip(), value.strip())
    except OSError:
        fields.clear()
    name = next((fields[field] for field in _NAMES if fields.get(field)), "")
    machine = architecture or platform.machine()
    features = fields.get(_FEATURES.get(machine, ""), "")
    return Processor(
        machine,
        name[:MAX_NAME_CHARACTERS],
        frozenset(features.lower().split()),
    )


def require_processor(processor: Processor) -> None:
    """Check that the engines can run on a processor.

    Raises:
        UnsupportedProcessor: the message names what is missing and what to do.
    """
    missing = processor.missing
    if missing:
        raise UnsupportedProcessor(
            f"This processor ({processor.name or processor.architecture}) lacks"
            f" {', '.join(missing)}, which Whisper and all voices need;"
            " in a virtual machine set the processor type to 'host', otherwise use a machine"
            " with a processor made since 2013."
        )
