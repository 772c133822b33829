from __future__ import annotations

import subprocess
import sys
import textwrap
import wave
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import pytest

from wyoming_voice_stack.asr.whisper import faster_whisper_import
from wyoming_voice_stack.asr.whisper.faster_whisper_import import import_faster_whisper


def run(program: str, *arguments: str) -> str:
    """Run a program in a process that has imported nothing yet; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_the_decoder_is_imported_when_a_file_is_decoded(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "second.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(32_000))
    program = """
        import sys
        from wyoming_voice_stack.asr.whisper.faster_whisper_import import import_faster_whisper

        library = import_faster_whisper()
        assert import_faster_whisper() is library is sys.modules["faster_whisper"]
        before = "av" in sys.modules
        with library.audio.av.open(sys.argv[1]) as file:
            samples = sum(frame.samples for frame in file.decode(audio=0))
        print(before, samples, "av.container" in sys.modules)
    """
    assert run(program, str(tmp_path / "second.wav")) == "False 16000 True"


def test_importing_the_decoder_gives_the_real_one() -> None:
    program = """
        from wyoming_voice_stack.asr.whisper.faster_whisper_import import import_faster_whisper

        import_faster_whisper()
        import av
        print(av.open.__module__)
    """
    assert run(program).startswith("av.")


def test_the_decoder_counts_as_installed_meanwhile() -> None:
    program = """
        import sys, types
        from importlib.util import find_spec
        from wyoming_voice_stack.asr.whisper import faster_whisper_import as library

        asked = []

        def meanwhile(name):
            asked.append(find_spec("av") is not None)
            from av import open
            asked.append(open.__module__)
            return types.ModuleType(name)

        library.import_module, real = meanwhile, library.import_module
        library._ImportedWhenUsed.__getattr__.__globals__["import_module"] = (
            lambda name: real(name) if name == "av" else meanwhile(name)
        )
        library.import_faster_whisper()
        print(asked[0], asked[1].startswith("av."), "av.container" in sys.modules)
    """
    assert run(program) == "True True True"


def test_several_may_import_it_at_once() -> None:
    program = """
        import threading
        from wyoming_voice_stack.asr.whisper.faster_whisper_import import import_faster_whisper

        found, gate = [], threading.Barrier(8)

        def work():
            gate.wait()
            found.append(import_faster_whisper())

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(len(found), len(set(map(id, found))))
    """
    assert run(program) == "8 1"


def test_a_missing_library_leaves_nothing_behind() -> None:
    program = """
        import sys
        sys.modules["ctranslate2"] = None
        from wyoming_voice_stack.asr.whisper.faster_whisper_import import import_faster_whisper

        try:
            import_faster_whisper()
        except ImportError as error:
            print("ctranslate2" in str(error), "av" in sys.modules)
    """
    assert run(program) == "True False"


def test_a_decoder_that_is_there_already_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import av

    monkeypatch.delitem(sys.modules, "faster_whisper", raising=False)
    import_faster_whisper()
    assert sys.modules["av"] is av


def test_a_decoder_that_others_import_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    library, decoder = ModuleType("faster_whisper"), ModuleType("av")

    def meanwhile(name: str) -> ModuleType:
        assert name == library.__name__
        sys.modules["av"] = decoder
        return library

    monkeypatch.setattr(faster_whisper_import, "import_module", meanwhile)
    with patch.dict(sys.modules):
        for name in ("av", "faster_whisper"):
            sys.modules.pop(name, None)
        assert import_faster_whisper() is library
        kept = sys.modules.get("av")
    assert kept is decoder


@pytest.mark.parametrize("imported", [(), ("av",), ("faster_whisper",)])
def test_others_wait_until_it_is_imported(
    monkeypatch: pytest.MonkeyPatch, imported: tuple[str, ...]
) -> None:
    waiting: list[bool] = []

    def importing(name: str) -> ModuleType:
        waiting.append(faster_whisper_import._IMPORTING.locked())
        return ModuleType(name)

    monkeypatch.setattr(faster_whisper_import, "import_module", importing)
    with patch.dict(sys.modules):
        for name in ("av", "faster_whisper"):
            sys.modules.pop(name, None)
        sys.modules.update({name: ModuleType(name) for name in imported})
        import_faster_whisper()
    assert waiting == [True]
    assert not faster_whisper_import._IMPORTING.locked()
