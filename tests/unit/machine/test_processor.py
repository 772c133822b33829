"""Processors as /proc/cpuinfo tells of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wyoming_voice_stack.errors import EXIT_PROCESSOR, UnsupportedProcessor
from wyoming_voice_stack.machine.processor import Processor, read_processor, require_processor

CORE_2 = """processor\t: 0
vendor_id\t: GenuineIntel
model name\t: Intel(R) Core(TM)2 CPU          6600  @ 2.40GHz
flags\t\t: fpu mmx fxsr sse sse2 ht syscall nx lm constant_tsc pni ssse3 cx16 lahf_lm

processor\t: 1
flags\t\t: fpu avx2
"""
QEMU_DEFAULT = """processor\t: 0
model name\t: QEMU Virtual CPU version 2.5+
flags\t\t: fpu mmx fxsr sse sse2 syscall nx lm pni cx16 hypervisor lahf_lm
"""
CELERON = """processor\t: 0
model name\t: Intel(R) Celeron(R) J4125 CPU @ 2.00GHz
flags\t\t: fpu mmx fxsr sse sse2 syscall nx lm pni ssse3 cx16 sse4_1 sse4_2 movbe popcnt aes lahf_lm
"""
HASWELL = CELERON.replace("aes", "aes avx fma avx2").replace("Celeron(R) J4125", "Core(TM) i5")
RASPBERRY_4 = """processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU part\t: 0xd08

Hardware\t: BCM2835
Model\t\t: Raspberry Pi 4 Model B Rev 1.1
"""
RASPBERRY_5 = RASPBERRY_4.replace("cpuid", "cpuid atomics fphp asimdhp asimddp").replace(
    "4 M", "5 M"
)


def processor(folder: Path, cpuinfo: str, architecture: str) -> Processor:
    (folder / "proc").mkdir()
    (folder / "proc/cpuinfo").write_text(cpuinfo)
    return read_processor(folder, architecture)


@pytest.mark.parametrize(
    ("cpuinfo", "lacks"),
    [
        (CORE_2, ("popcnt", "sse4_1", "sse4_2")),
        (QEMU_DEFAULT, ("popcnt", "ssse3", "sse4_1", "sse4_2")),
    ],
)
def test_one_that_cannot(tmp_path: Path, cpuinfo: str, lacks: tuple[str, ...]) -> None:
    found = processor(tmp_path, cpuinfo, "x86_64")
    assert found.missing == lacks
    with pytest.raises(UnsupportedProcessor) as caught:
        require_processor(found)
    message = str(caught.value)
    for part in (found.name, *lacks, "'host'", "since 2013"):
        assert part in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("cpuinfo", "architecture", "fast"),
    [
        (CELERON, "x86_64", False),
        (HASWELL, "x86_64", True),
        (RASPBERRY_4, "aarch64", False),
        (RASPBERRY_5, "aarch64", True),
    ],
)
def test_one_that_can(tmp_path: Path, cpuinfo: str, architecture: str, *, fast: bool) -> None:
    found = processor(tmp_path, cpuinfo, architecture)
    require_processor(found)
    assert found.missing == ()
    assert found.multiplies_integers_fast is fast
    assert found.name.startswith(("Intel", "Raspberry Pi"))


@pytest.mark.parametrize("cpuinfo", ["", "nonsense\n\x00", "flags\t:\n", "hart: 0\nisa: rv64\n"])
def test_where_nothing_is_told_nobody_is_sent_away(tmp_path: Path, cpuinfo: str) -> None:
    found = processor(tmp_path, cpuinfo, "x86_64")
    require_processor(found)
    assert found.multiplies_integers_fast
    assert read_processor(tmp_path / "nowhere").missing == ()


@pytest.mark.parametrize(
    ("cpuinfo", "architecture"), [(RASPBERRY_4, "x86_64"), (CORE_2, "aarch64")]
)
def test_an_emulated_one_is_not_judged_by_the_machine_below(
    tmp_path: Path, cpuinfo: str, architecture: str
) -> None:
    found = processor(tmp_path, cpuinfo, architecture)
    require_processor(found)
    assert found.multiplies_integers_fast


def test_an_architecture_that_is_not_known(tmp_path: Path) -> None:
    assert processor(tmp_path, "isa: rv64\nflags: x\n", "riscv64").missing == ()


def test_a_name_has_a_bound(tmp_path: Path) -> None:
    long = CORE_2.replace("6600", "6" * 1000)
    assert len(processor(tmp_path, long, "x86_64").name) == 80


def test_the_one_that_runs_this_test_can() -> None:
    require_processor(read_processor())


def test_nothing_native_is_imported_before(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(CORE_2)
    program = f"""
import sys
from pathlib import Path
from wyoming_voice_stack.machine import processor
processor.read_processor.__defaults__ = (Path({str(tmp_path)!r}), "x86_64")
from wyoming_voice_stack.cli.commands import main
try:
    main()
finally:
    loaded = {{"numpy", "ctranslate2", "onnxruntime", "torch", "soxr", "av"}} & set(sys.modules)
    assert not loaded, loaded
"""
    done = subprocess.run(
        [sys.executable, "-c", program, "serve"],
        env={**os.environ, "SERVICE_MODE": "asr"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == EXIT_PROCESSOR, done.stderr
    [line] = done.stderr.splitlines()
    assert "lacks popcnt, sse4_1, sse4_2" in line


@pytest.mark.parametrize(
    ("architecture", "features", "has_them"),
    [
        ("x86_64", {"avx2", "avx512_bf16"}, True),
        ("x86_64", {"avx2", "amx_bf16"}, True),
        ("x86_64", {"avx2", "avx512f"}, False),
        ("x86_64", set(), False),
        ("aarch64", {"avx512_bf16"}, False),
    ],
)
def test_which_processors_multiply_bfloat16(
    architecture: str, features: set[str], has_them: bool
) -> None:
    assert Processor(architecture, "", frozenset(features)).multiplies_bfloat16 is has_them
