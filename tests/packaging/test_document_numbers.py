"""Numbers that the documents quote are those of the code."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from wyoming_voice_stack import errors
from wyoming_voice_stack.announce import zeroconf
from wyoming_voice_stack.asr.vad import endpoint
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.engine import failure_policy
from wyoming_voice_stack.server import app
from wyoming_voice_stack.tts import service as tts_service
from wyoming_voice_stack.tts.voices.cloning import (
    assessment,
    listing,
    reference_recording,
    report,
)

ROOT = Path(__file__).parents[2]
IN_WORDS = {"one": 1.0, "two": 2.0, "ten": 10.0, "twelve": 12.0}


def default(setting: str) -> float:
    return float(Settings.model_fields[setting].default)


QUOTED: dict[str, tuple[tuple[str, float], ...]] = {
    "README.md": (
        (r"is a new voice after (\w+) seconds", tts_service.VOICES_REFRESH_SECONDS),
        (r"tcp://localhost:(\d+)` and", default("tts_port")),
        (r"and `tcp://localhost:(\d+)`", default("asr_port")),
    ),
    "docs/troubleshooting.md": (
        (r"first request after (\d+) seconds", failure_policy.LOAD_RETRY_SECONDS),
        (r"is tried again every (\d+) s", zeroconf.REFRESH_S),
        (r"No data for (\d+) s", default("idle_timeout_seconds")),
        (r"read no replies for (\d+) s", default("write_timeout_seconds")),
        (r"\| (\d+) \| a setting is wrong", errors.EXIT_CONFIG),
        (r"\| (\d+) \| `SERVICE_MODE` is missing", errors.EXIT_USAGE),
        (r"\| (\d+) \| the model does not exist", errors.EXIT_UNAVAILABLE),
        (r"\| (\d+) \| the processor is too old", errors.EXIT_PROCESSOR),
        (r"\| (\d+) \| the licence of XTTS", errors.EXIT_LICENCE),
        (r"### Status (\d+): no mode", errors.EXIT_USAGE),
        (r"### Status (\d+): a wrong setting", errors.EXIT_CONFIG),
        (r"### Status (\d+): the port is in use", errors.EXIT_CONFIG),
        (r"### Status (\d+): the licence of XTTS", errors.EXIT_LICENCE),
        (r"### Status (\d+): the model does not exist", errors.EXIT_UNAVAILABLE),
        (r"### Status (\d+): the processor is too old", errors.EXIT_PROCESSOR),
    ),
    "docs/home-assistant.md": (
        (r"the new address within (\w+) seconds", zeroconf.REFRESH_S),
        (r"after (\d+) seconds without speech", endpoint.NOBODY_SPEAKS_S),
        (r"means ([\d.]+) or", endpoint.SENSITIVITY_S["aggressive"]),
        (r"or ([\d.]+) seconds\.", endpoint.SENSITIVITY_S["relaxed"]),
    ),
    "docs/voices.md": (
        (r"Within (\w+) seconds, the log", tts_service.VOICES_REFRESH_SECONDS),
        (r"no longer listed after (\w+) seconds", tts_service.VOICES_REFRESH_SECONDS),
        (r"less than (\d+) seconds are reported", report.ENOUGH_SECONDS),
        (r"up to (\d+) files", listing.MAX_TAKES),
        (r"The level is below (-\d+) dB", assessment.QUIET_DBFS),
        (r"The distance is below (\d+) dB", assessment.NOISY_DB),
        (r"The minimum is (\d+) second", reference_recording.MIN_RECORDING_SECONDS),
        (r"The maximum is (\d+) seconds", reference_recording.MAX_RECORDING_SECONDS),
        (r"exits with status (\d+)", errors.EXIT_LICENCE),
    ),
    "docs/deployment.md": (
        (r"`SHUTDOWN_GRACE_SECONDS` \((\d+)\)", default("shutdown_grace_seconds")),
        (r"its engines another (\d+) seconds", app.ENGINE_STOP_SECONDS),
        (r"\| Speech to text \| `asr` \| (\d+)", default("asr_port")),
        (r"\| Text to speech \| `tts` \| (\d+)", default("tts_port")),
        (r"is a voice after (\w+) seconds", tts_service.VOICES_REFRESH_SECONDS),
    ),
}
"""What each document says, with the number in parentheses, and what the code says."""
ROWS = [(document, *row) for document, rows in QUOTED.items() for row in rows]


@cache
def words(document: str) -> str:
    """The text with its lines joined."""
    return " ".join((ROOT / document).read_text("utf-8").split())


@pytest.mark.parametrize(("document", "sentence", "number"), ROWS)
def test_number_is_that_of_the_code(document: str, sentence: str, number: float) -> None:
    found = re.findall(sentence, words(document))
    assert found, f"{document} no longer says this; change the table above"
    assert {IN_WORDS.get(each) or float(each) for each in found} == {number}


def test_a_container_is_given_more_time_than_its_server_takes() -> None:
    [allowed] = re.findall(r"Allow it (\d+) seconds", words("docs/deployment.md"))
    assert float(allowed) > default("shutdown_grace_seconds") + app.ENGINE_STOP_SECONDS
