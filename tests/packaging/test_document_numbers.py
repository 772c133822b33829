"""Numbers that the documents quote are those of the code."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from wyoming_voice_stack import errors
from wyoming_voice_stack.announce import supervisor, zeroconf
from wyoming_voice_stack.asr import partial_jobs
from wyoming_voice_stack.asr.text import name_correction
from wyoming_voice_stack.asr.vad import endpoint, segmenter
from wyoming_voice_stack.asr.whisper import placement
from wyoming_voice_stack.asr.whisper.decoding import hypothesis_filter
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.engine import channel, failure_policy, worker
from wyoming_voice_stack.http.api import gateway
from wyoming_voice_stack.http.api.realtime import realtime_api
from wyoming_voice_stack.protocol.connection import closing, inbox
from wyoming_voice_stack.server import app
from wyoming_voice_stack.server.assembly import tts as tts_assembly
from wyoming_voice_stack.tts import reply
from wyoming_voice_stack.tts import service as tts_service
from wyoming_voice_stack.tts.audio import loudness_levelling, runaway
from wyoming_voice_stack.tts.scheduling import chunk_sizer
from wyoming_voice_stack.tts.voices import folder
from wyoming_voice_stack.tts.voices.cloning import (
    assessment,
    listing,
    recording_reader,
)

ROOT = Path(__file__).parents[2]
IN_WORDS = {
    "one": 1.0,
    "two": 2.0,
    "twice": 2.0,
    "three": 3.0,
    "four": 4.0,
    "ten": 10.0,
    "twelve": 12.0,
}


def default(setting: str) -> float:
    return float(Settings.model_fields[setting].default)


DECISIONS: dict[str, tuple[tuple[str, float], ...]] = {
    "0001-listen-before-the-model-is-loaded": (
        (r"waits up to (\d+) seconds", worker.MAX_WAIT_SECONDS),
        (r"first request after (\d+) seconds", failure_policy.LOAD_RETRY_SECONDS),
    ),
    "0003-send-the-error-before-closing": (
        (r"still sends for up to (\d+) seconds", closing.CLOSING_SECONDS),
    ),
    "0005-unload-idle-models": (
        (r"after (\d+) seconds without a sentence", tts_assembly.KEEP_MEMORY_SECONDS),
    ),
    "0006-reload-an-engine-after-three-failures": (
        (r"After (\w+) failures in a row", failure_policy.MAX_FAILURES_IN_A_ROW),
    ),
    "0008-transcribe-in-every-pause": (
        (r"pause (\w+) times as long as", partial_jobs.PARTIAL_COOLDOWN),
        (r"\| (\d+) ms \(chosen\)", segmenter.TAIL_MS),
    ),
    "0009-short-whisper-windows": ((r"Speech of more than (\d+) seconds", segmenter.MAX_SPAN_S),),
    "0010-fast-pass-first": ((r"The silence stays at (\d+) ms", segmenter.LEAD_IN_MS),),
    "0011-filter-hypotheses-by-confidence": (
        (r"mean log-probability is below (-[\d.]+)", hypothesis_filter.MIN_LOG_PROBABILITY),
        (r"above (0\.6) and", hypothesis_filter.MAX_NO_SPEECH_PROBABILITY),
        (r"log-probability below (-0\.7)", hypothesis_filter.SURE_LOG_PROBABILITY),
        (r"above (0\.85) and", hypothesis_filter.NO_SPEECH_PROBABILITY),
        (r"log-probability below (-0\.4)", hypothesis_filter.CERTAIN_LOG_PROBABILITY),
    ),
    "0012-correct-names-with-a-second-pass": (
        (r"If up to (\w+) names", name_correction.MAX_LIKELY_NAMES),
    ),
    "0013-two-threads-per-transcription": (
        (r"Models of up to (\d+) MB", placement.SMALL_MODEL_BYTES / 1e6),
        (r"\(tiny, base\) use (\w+) threads per call", placement.SMALL_MODEL_THREADS),
    ),
    "0021-fair-scheduling": ((r"A fast one sends ([\d.]+) s", chunk_sizer.SHORTEST_CHUNK_S),),
    "0024-level-loudness-by-earlier-sentences": (
        (r"by at most (\d+) dB", loudness_levelling.MAX_GAIN_DB),
    ),
    "0025-stop-runaway-voices": ((r"after (\w+) that time", runaway.RUNAWAY_FACTOR),),
    "0027-identify-cloned-voices-by-content": (
        (r"less than (\w+) seconds ago", folder.SETTLE_SECONDS),
    ),
    "0030-announce-real-addresses": ((r"for ([\d.]+) s\.", zeroconf.PROBE_S),),
    "0036-keep-discovery-messages": ((r"is tried (\w+) times", supervisor.MAX_TRIES),),
}
QUOTED: dict[str, tuple[tuple[str, float], ...]] = {
    "README.md": (
        (r"becomes a new voice within about (\w+) seconds", tts_service.VOICES_REFRESH_SECONDS),
        (r"tcp://localhost:(\d+)` and", default("tts_port")),
        (r"and `tcp://localhost:(\d+)`", default("asr_port")),
    ),
    "docs/troubleshooting.md": (
        (r"first request after (\d+) seconds", failure_policy.LOAD_RETRY_SECONDS),
        (r"retrying every (\d+) s", zeroconf.REFRESH_S),
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
        (r"after (\d+) seconds without speech", endpoint.NO_SPEECH_TIMEOUT_S),
        (r"means ([\d.]+) or", endpoint.SENSITIVITY_S["aggressive"]),
        (r"or ([\d.]+) seconds\.", endpoint.SENSITIVITY_S["relaxed"]),
    ),
    "docs/voices.md": (
        (r"Within (\w+) seconds, the log", tts_service.VOICES_REFRESH_SECONDS),
        (r"no longer listed after (\w+) seconds", tts_service.VOICES_REFRESH_SECONDS),
        (r"less than (\d+) seconds are reported", assessment.ENOUGH_SECONDS),
        (r"up to (\d+) files", listing.MAX_RECORDINGS),
        (r"more than (\d+) voices", listing.MAX_VOICES),
        (r"No more than (\d+) files", listing.MAX_ENTRIES),
        (r"and (\d+) in the folders", listing.MAX_INSIDE_ENTRIES),
        (r"The level is below (-\d+) dB", assessment.QUIET_DBFS),
        (r"The distance is below (\d+) dB", assessment.NOISY_DB),
        (r"The minimum is (\d+) second", recording_reader.MIN_RECORDING_SECONDS),
        (r"The maximum is (\d+) seconds", recording_reader.MAX_RECORDING_SECONDS),
        (r"exits with status (\d+)", errors.EXIT_LICENCE),
    ),
    "docs/deployment.md": (
        (r"`SHUTDOWN_GRACE_SECONDS` \((\d+)\)", default("shutdown_grace_seconds")),
        (r"its engines another (\d+) seconds", app.ENGINE_STOP_SECONDS),
        (r"\| Speech to text \| `asr` \| (\d+)", default("asr_port")),
        (r"\| Text to speech \| `tts` \| (\d+)", default("tts_port")),
        (r"is a voice after (\w+) seconds", tts_service.VOICES_REFRESH_SECONDS),
    ),
    "docs/api.md": (
        (r"http://localhost:(500[^2])/v1", default("asr_port")),
        (r"http://localhost:(500[^1])/v1", default("tts_port")),
        (r"\| `speed` \| ([\d.]+) to", reply.MIN_SPEED),
        (r"\| `speed` \| [\d.]+ to (\d+)", reply.MAX_SPEED),
        (r"waits up to (\d+) seconds", gateway.LOADING_WAIT_SECONDS),
        (r"ends after (\d+) minutes", realtime_api.SESSION_SECONDS / 60),
    ),
    "docs/architecture.md": (
        (r"an inbox of (\d+) KiB", inbox.MAX_WAITING_BYTES / 1024),
        (r"channel of at most (\d+) items", channel.MAX_UNREAD_ITEMS),
    ),
    **{f"docs/decisions/{name}.md": rows for name, rows in DECISIONS.items()},
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


def test_figures_of_the_readme_are_those_of_the_measurements() -> None:
    tables = (ROOT / "README.md").read_text("utf-8").partition("## How fast it is")[2]
    rows = re.findall(r"^\| [A-Z].*\| (.*) \| (.*) \|$", tables.partition("```")[0], re.MULTILINE)
    better = [each.strip("*").split()[0] for row in rows for each in row]
    worse = re.findall(r"^- .*: ([\d.]+).*; wyoming-[a-z-]+ ([\d.]+\d)", tables, re.MULTILINE)
    figures = [*better, *(each for pair in worse for each in pair)]
    cells = re.findall(r"(?<=\| )[\d.]+(?= \|)", words("docs/performance.md"))
    assert (len(better), len(worse)) == (2 * 5, 2)
    assert set(figures) - set(cells) == set()


def test_figures_about_hardware_are_those_of_the_measurements() -> None:
    _, _, after = words("docs/performance.md").partition("## Which hardware runs what")
    section, _, tables = after.partition(" ## ")
    figures = re.findall(r"([\d.]*\d) (?:ms|MB|CPU seconds|per second of audio)\b", section)
    cells = set(re.findall(r"(?<=\| )([\d.]+)(?: MB)?(?= \|)", tables))
    downloads_mb = {"484", "145"}
    assert {"355", "0.238"} | downloads_mb <= set(figures)
    # A cell may have the same figure by chance.
    assert set(figures) - cells <= downloads_mb
