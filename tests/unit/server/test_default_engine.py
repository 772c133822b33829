"""When `TTS_MODEL=auto` is Kokoro, and when it is a Piper voice."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.machine.processor import Processor
from wyoming_voice_stack.models.hub_model import HubModel
from wyoming_voice_stack.server.assembly import default_engine
from wyoming_voice_stack.server.assembly.default_engine import (
    MIN_CORES,
    MIN_MEMORY_BYTES,
    MIN_SPEED,
    SPEEDS_FILE,
    reason_for_piper,
)
from wyoming_voice_stack.server.assembly.default_voice import with_default_voice
from wyoming_voice_stack.tts.engines.kokoro.files import KOKORO_HUB
from wyoming_voice_stack.tts.engines.piper.engine import piper_hub_model

PIPER = "en_US-lessac-medium"
FAST = Processor("x86_64", "Fast", frozenset({"avx2", "fma"}))


@dataclass
class Machine:
    """What the choice depends on besides the settings."""

    processor: Processor = FAST
    cores: int = MIN_CORES
    memory_bytes: int = MIN_MEMORY_BYTES
    offline: bool = False
    speed: float | None = MIN_SPEED
    measured_with: list[int] = field(default_factory=list)

    def measure(self, cores: int) -> float | None:
        self.measured_with.append(cores)
        return self.speed


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    it = Machine()
    monkeypatch.setattr(default_engine, "read_processor", lambda: it.processor)
    monkeypatch.setattr(default_engine, "available_cores", lambda: it.cores)
    monkeypatch.setattr(default_engine, "available_memory_bytes", lambda: it.memory_bytes)
    monkeypatch.setattr(default_engine, "downloads_are_forbidden", lambda: it.offline)
    return it


def settings(models: Path, **given: Any) -> Settings:
    defaults = {"service_mode": "tts", "tts_model": "auto", "tts_language": None}
    return Settings.model_construct(**{**defaults, "models_dir": models, **given})


def store(hub: HubModel, models: Path) -> None:
    for name in hub.required:
        file = models / hub.directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def test_a_fast_machine_is_measured_once(machine: Machine, tmp_path: Path) -> None:
    given = settings(tmp_path)
    assert reason_for_piper(given, PIPER, machine.measure) is None
    assert reason_for_piper(given, PIPER, None) is None
    # Whoever has Kokoro keeps it, also if Piper is downloaded later.
    store(piper_hub_model(PIPER), tmp_path)
    assert reason_for_piper(given, PIPER, machine.measure) is None
    assert machine.measured_with == [MIN_CORES]


def test_a_slow_machine_is_measured_once(machine: Machine, tmp_path: Path) -> None:
    machine.speed = MIN_SPEED - 0.06
    for _ in range(2):
        reason = reason_for_piper(settings(tmp_path), PIPER, machine.measure)
        assert reason is not None
        assert "2.9 times as fast as speech" in reason
    assert len(machine.measured_with) == 1


def test_the_shown_speed_is_the_compared_one(machine: Machine, tmp_path: Path) -> None:
    machine.speed = MIN_SPEED - 0.01
    assert reason_for_piper(settings(tmp_path), PIPER, machine.measure) is None


@pytest.mark.parametrize(("threads", "used"), [(0, 8), (MIN_CORES, MIN_CORES), (99, 8)])
def test_it_is_measured_with_the_threads_of_speech(
    machine: Machine, tmp_path: Path, threads: int, used: int
) -> None:
    machine.cores = 8
    reason_for_piper(settings(tmp_path, tts_cpu_threads=threads), PIPER, machine.measure)
    assert machine.measured_with == [used]


def test_another_machine_is_measured_anew(machine: Machine, tmp_path: Path) -> None:
    assert reason_for_piper(settings(tmp_path), PIPER, machine.measure) is None
    machine.cores, machine.speed = 2 * MIN_CORES, 1.0
    assert reason_for_piper(settings(tmp_path), PIPER, machine.measure) is not None
    assert machine.measured_with == [MIN_CORES, 2 * MIN_CORES]


def test_a_household_with_piper_keeps_it(machine: Machine, tmp_path: Path) -> None:
    store(piper_hub_model(PIPER), tmp_path)
    reason = reason_for_piper(settings(tmp_path), PIPER, machine.measure)
    assert reason == "the Piper voice is in MODELS_DIR already"
    assert not machine.measured_with


@pytest.mark.parametrize(
    ("changes", "given", "reason"),
    [
        ({"processor": Processor("aarch64", "", frozenset({"asimd"}))}, {}, "x86-64"),
        ({"processor": Processor("x86_64", "", frozenset({"avx", "fma"}))}, {}, "AVX2"),
        ({"processor": Processor("x86_64", "", frozenset())}, {}, "AVX2"),
        ({"cores": MIN_CORES - 1}, {}, "may use 3"),
        ({}, {"tts_cpu_threads": 2}, "may use 2"),
        ({"memory_bytes": MIN_MEMORY_BYTES - 1}, {}, "1024 MiB"),
        ({"offline": True}, {}, "HF_HUB_OFFLINE"),
        ({}, {"tts_voice": PIPER}, "TTS_VOICE"),
    ],
)
def test_what_is_known_before_is_not_measured(
    machine: Machine,
    tmp_path: Path,
    changes: dict[str, Any],
    given: dict[str, Any],
    reason: str,
) -> None:
    for name, value in changes.items():
        setattr(machine, name, value)
    found = reason_for_piper(settings(tmp_path, **given), PIPER, machine.measure)
    assert found is not None
    assert reason in found
    assert not machine.measured_with
    assert not (tmp_path / SPEEDS_FILE).exists()


@pytest.mark.parametrize("voice", ["af_bella", "af_heart + af_bella"])
def test_a_voice_of_kokoro(machine: Machine, tmp_path: Path, voice: str) -> None:
    assert reason_for_piper(settings(tmp_path, tts_voice=voice), PIPER, machine.measure) is None


def test_offline_with_its_files(machine: Machine, tmp_path: Path) -> None:
    machine.offline = True
    store(KOKORO_HUB, tmp_path)
    assert reason_for_piper(settings(tmp_path), PIPER, machine.measure) is None


def test_a_measurement_that_fails_is_repeated(machine: Machine, tmp_path: Path) -> None:
    machine.speed = None
    reason = reason_for_piper(settings(tmp_path), PIPER, machine.measure)
    assert reason == "its speed cannot be measured on this machine"
    machine.speed = MIN_SPEED
    assert reason_for_piper(settings(tmp_path), PIPER, machine.measure) is None


async def test_the_settings_of_kokoro(
    machine: Machine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    given = settings(tmp_path, tts_language="en-GB", tts_languages=("en", "de", "fr"))
    chosen = await with_default_voice(given, machine.measure)
    assert (chosen.tts_model, chosen.tts_language) == ("kokoro", "en-GB")
    assert chosen.tts_languages == ("en", "fr")
    assert "TTS_MODEL=auto: Kokoro, for en-GB" in caplog.text


@pytest.mark.parametrize(
    ("language", "voice"),
    [(None, "af_heart"), ("en", "af_heart"), ("en-US", "af_heart"), ("en-GB", "bf_emma")],
)
async def test_the_voice_of_the_region(
    machine: Machine, tmp_path: Path, language: str | None, voice: str
) -> None:
    given = settings(tmp_path, tts_language=language)
    assert (await with_default_voice(given, machine.measure)).tts_voice == voice
    own = given.model_copy(update={"tts_voice": "am_adam"})
    assert (await with_default_voice(own, machine.measure)).tts_voice == "am_adam"


@pytest.mark.parametrize("languages", [("de", "en"), ("fr",), ("ja",)])
async def test_other_languages(
    machine: Machine, tmp_path: Path, languages: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    chosen = await with_default_voice(settings(tmp_path, tts_languages=languages), machine.measure)
    assert chosen.tts_model.startswith("piper:")
    assert not machine.measured_with
    assert "Kokoro" not in caplog.text


async def test_nothing_is_measured_to_download(machine: Machine, tmp_path: Path) -> None:
    assert (await with_default_voice(settings(tmp_path))).tts_model == f"piper:{PIPER}"
    assert not machine.measured_with
