"""What the C library is asked for, in processes of their own: it cannot be taken back; and its refusals."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.engine.idle_policy import CLEANUP_INTERVAL_SECONDS, IdlePolicy
from wyoming_voice_stack.machine import memory
from wyoming_voice_stack.machine.memory import ran_out_of_memory, require_memory
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.server import assembly
from wyoming_voice_stack.server.assembly import asr as hearing
from wyoming_voice_stack.server.assembly import tts as speaking

_HEAPS = """
import ctypes, pathlib, sys, tempfile, threading
from wyoming_voice_stack.machine.memory import share_one_heap

if "share" in sys.argv:
    share_one_heap()
c = ctypes.CDLL(None)
c.malloc.restype = ctypes.c_void_p
all_there = threading.Barrier(4)

def take_memory():
    all_there.wait()
    assert c.malloc(4096)
    all_there.wait()

threads = [threading.Thread(target=take_memory) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
with tempfile.NamedTemporaryFile() as report:
    c.fopen.restype = ctypes.c_void_p
    file = ctypes.c_void_p(c.fopen(report.name.encode(), b"w"))
    c.malloc_info(0, file)
    c.fclose(file)
    print(pathlib.Path(report.name).read_text().count("<heap nr="))
"""

_FREED = """
import pathlib, resource, sys
from wyoming_voice_stack.machine import memory

def resident_mb():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6

# Below the size that the system is asked for directly; the last one keeps the heap from shrinking.
blocks = [bytes([1]) * 100_000 for _ in range(1000)]
last = bytes([1]) * 100_000
cycle = [blocks]
cycle.append(cycle)
del blocks
if "refer" not in sys.argv:
    cycle[0].clear()
    assert resident_mb() > 90
del cycle
getattr(memory, sys.argv[1])()
print(resident_mb())
"""

_KEPT = """
import ctypes, pathlib, resource, sys
from wyoming_voice_stack.machine import memory

if "keep" in sys.argv:
    memory.keep_freed_memory()
c = ctypes.CDLL(None)
c.malloc.restype = ctypes.c_void_p
pages = resource.getpagesize()
taken = 0
for _ in range(10):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = c.malloc(30_000_000)
    ctypes.memset(ctypes.c_void_p(block), 1, 30_000_000)
    c.free(ctypes.c_void_p(block))
    taken += resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
memory.trim_heap()
resident = int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * pages
assert resident < 60_000_000, resident
print(taken * pages / 30_000_000)
"""


_SETTLED = """
import gc, sys, weakref
from wyoming_voice_stack.machine import memory

class Engine:
    def __init__(self):
        self.cycle = self

stops = []
gc.callbacks.append(lambda phase, _: stops.append(phase))
gc.disable()
engine = memory.freeze_after_load(Engine)()
assert not stops
forgotten = weakref.ref(engine)
del engine
# What was left out is not looked through again for another engine.
again = memory.freeze_after_load(Engine)()
assert forgotten() is not None
assert gc.get_freeze_count() > len(gc.get_objects())
getattr(memory, sys.argv[1])()
assert gc.get_freeze_count() > len(gc.get_objects())
print(int(forgotten() is not None))
"""


def run(code: str, *args: str) -> float:
    environ = {key: value for key, value in os.environ.items() if "MALLOC" not in key}
    environ["PYTHONMALLOC"] = "malloc"
    done = subprocess.run(
        [sys.executable, "-c", code, *args], env=environ, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


class TestHeap:
    def test_is_shared_by_all_threads(self) -> None:
        assert run(_HEAPS) > 1
        assert run(_HEAPS, "share") == 1

    def test_freed_memory_stays_where_it_is_wanted_until_it_is_given_back(self) -> None:
        # How often the same megabytes came from the system, of ten times.
        assert run(_KEPT, "keep") < 1.5
        assert run(_KEPT) > 1.5

    @pytest.mark.parametrize("function", ["trim_heap", "return_freed_memory"])
    def test_freed_pages_go_back(self, function: str) -> None:
        assert run(_FREED, function) < 60

    def test_what_only_refers_to_itself_is_freed_first(self) -> None:
        assert run(_FREED, "return_freed_memory", "refer") < 60
        assert run(_FREED, "trim_heap", "refer") > 90

    def test_other_c_libraries_are_left_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
        memory.share_one_heap()
        memory.keep_freed_memory()
        memory.trim_heap()
        memory.return_freed_memory()


@pytest.fixture(
    params=[
        pytest.param(("asr", hearing), id="asr"),
        pytest.param(("tts", speaking), id="tts", marks=pytest.mark.model),
    ]
)
def made_worker(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> dict[str, Any]:
    """What a server's worker is made with."""
    mode, module = request.param
    made: dict[str, Any] = {"mode": mode}

    def worker(_name: str, load: object, **options: object) -> Any:
        made.update(options, load=load)
        return SimpleNamespace(name="fake", engine=None, device="", state="idle", max_queued=1)

    monkeypatch.setattr(module, "freeze_after_load", lambda _load: "freeze_after_load")
    monkeypatch.setattr(module, "Worker", worker)
    for name in ("share_one_heap", "keep_freed_memory"):
        monkeypatch.setattr(module, name, lambda: None, raising=False)
    settings = Settings(service_mode=mode, models_dir=tmp_path, tts_model="piper:it_IT-x-low")
    assembly.assemble(settings, Metrics())
    return made


class TestCollection:
    def test_leaves_out_what_was_loaded_until_all_is_asked_for(self) -> None:
        assert run(_SETTLED, "return_freed_memory") == 1
        assert run(_SETTLED, "collect_garbage") == 0

    def test_leaves_out_what_a_server_loads(self, made_worker: dict[str, Any]) -> None:
        assert made_worker["load"] == "freeze_after_load"


class TestIdlePolicy:
    def test_speech_to_text_gives_memory_back_at_once_and_the_other_one_later(
        self, made_worker: dict[str, Any]
    ) -> None:
        policy: IdlePolicy = made_worker["idle_policy"]
        policy.note_activity(needs_cleanup=True)
        waits = {"asr": CLEANUP_INTERVAL_SECONDS, "tts": speaking.KEEP_MEMORY_SECONDS}
        assert policy.next_check_s(loaded=True) == pytest.approx(waits[made_worker["mode"]], abs=1)


@pytest.mark.parametrize(
    "words",
    [
        "CUDA failed with error out of memory",
        "CUDA out of memory. Tried to allocate 20.00 MiB",
        "DefaultCPUAllocator: not enough memory: you tried to allocate 4096 bytes.",
        "DefaultCPUAllocator: can't allocate memory: you tried to allocate 4096 bytes.",
        "Failed to allocate memory for requested buffer of size 4096",
        "std::bad_alloc",
        "cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED",
        "[Errno 12] Cannot allocate memory",
        "can't start new thread",
    ],
)
def test_what_libraries_say_when_there_is_no_memory(words: str) -> None:
    failure = ValueError("failed")
    failure.__cause__ = RuntimeError(words)
    assert ran_out_of_memory(failure)


def test_python_says_nothing_of_it() -> None:
    assert ran_out_of_memory(MemoryError())


@pytest.mark.parametrize("words", ["no such file", "CUDA driver version is insufficient", ""])
def test_other_failures_are_not_for_want_of_memory(words: str) -> None:
    assert not ran_out_of_memory(RuntimeError(words))
    assert not ran_out_of_memory(None)


def test_memory_that_a_process_may_take() -> None:
    require_memory(1 << 20)


def test_memory_that_no_process_may_take() -> None:
    with pytest.raises(MemoryError, match=str(1 << 62)):
        require_memory(1 << 62)
