"""What Docker Compose makes of the Compose files, where it is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support import compose_files

COMPOSE = shutil.which("docker-compose")


needs_compose = pytest.mark.skipif(COMPOSE is None, reason="needs docker-compose on the path")


@needs_compose
class TestConfig:
    """What Compose makes of the files."""

    def config(self, folder: Path, *files: str, **environment: str) -> dict[str, Any]:
        chosen = [part for name in files for part in ("-f", name)]
        done = subprocess.run(
            [COMPOSE or "", *chosen, "config", "--format", "json"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        read: dict[str, Any] = json.loads(done.stdout)["services"]
        return read

    @pytest.fixture
    def alone(self, tmp_path: Path) -> Path:
        shutil.copy(compose_files.ROOT / compose_files.MAIN, tmp_path)
        return tmp_path

    def test_in_an_empty_folder(self, alone: Path) -> None:
        services = self.config(alone)
        assert services.keys() == {"asr", "tts", "announcer"}
        for mode in compose_files.MODES:
            assert not services[mode]["command"]
            assert "build" not in services[mode]
            assert "cpus" not in services[mode]["deploy"]["resources"]["limits"]

    def test_variables(self, alone: Path) -> None:
        services = self.config(
            alone, TTS_MODEL="piper:my voice.onnx", ASR_CPUS="2.5", LISTEN="127.0.0.1", TTS_PORT="6"
        )
        assert services["tts"]["command"] == ["--model", "piper:my voice.onnx"]
        assert not services["asr"]["command"]
        assert services["asr"]["deploy"]["resources"]["limits"]["cpus"] == 2.5
        assert services["asr"]["ports"][0]["host_ip"] == "127.0.0.1"
        assert services["tts"]["ports"][0]["published"] == "6"
        assert services["announcer"]["command"] == ["announce", "5001", "6"]
        assert services["asr"]["environment"]["TTS_PORT"] == "6"
        assert services["tts"]["environment"]["TTS_PORT"] == "5002"

    def test_settings_files_are_read(self, alone: Path) -> None:
        (alone / ".env.production.tts").write_text("TTS_MODEL=auto\nTTS_PORT=1\nTTS_VOICE=anna\n")
        environment = self.config(alone)["tts"]["environment"]
        assert (environment["TTS_MODEL"], environment["TTS_VOICE"]) == ("auto", "anna")
        assert environment["TTS_PORT"] == "5002"

    def test_a_checkout(self) -> None:
        services = self.config(compose_files.ROOT)
        assert {each["image"] for each in services.values()} == {"voice-stack:latest"}
        assert all("build" in each for each in services.values())

    def test_open_webui(self) -> None:
        services = self.config(
            compose_files.ROOT,
            compose_files.MAIN,
            compose_files.OPEN_WEBUI,
            API_KEY="secret",
            OPEN_WEBUI_PORT="8",
        )
        assert services.keys() == {"asr", "tts", "announcer", "open-webui"}
        described = services["open-webui"]
        assert described["environment"]["AUDIO_STT_OPENAI_API_KEY"] == "secret"
        assert described["ports"][0]["published"] == "8"
        assert services["asr"]["networks"] == described["networks"]

    def test_one_url(self) -> None:
        services = self.config(
            compose_files.ROOT, compose_files.MAIN, compose_files.ONE_URL, API_PORT="8"
        )
        front = services["api"]
        assert front["ports"][0]["published"] == "8"
        assert services["asr"]["networks"] == services["tts"]["networks"] == front["networks"]
        [mounted] = front["volumes"]
        assert Path(mounted["source"]) == compose_files.ROOT / "deploy" / "haproxy" / "haproxy.cfg"

    @pytest.mark.parametrize(
        "files",
        [
            (compose_files.MAIN, compose_files.HOST),
            (compose_files.MAIN, compose_files.GPU),
            (compose_files.MAIN, compose_files.HOST, compose_files.GPU),
        ],
    )
    def test_combinations(self, files: tuple[str, ...]) -> None:
        assert self.config(compose_files.ROOT, *files).keys() >= {"asr", "tts"}
