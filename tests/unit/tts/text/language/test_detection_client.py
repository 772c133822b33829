from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from tests.support.fakes import WAIT_SECONDS
from wyoming_voice_stack.tts.text.language import detection_client as detection_module
from wyoming_voice_stack.tts.text.language.detection_client import LanguageDetection

LANGUAGES = ("en", "de")


@pytest.fixture
async def detection(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LanguageDetection]:
    monkeypatch.setattr(detection_module, "DETECTION_SECONDS", WAIT_SECONDS)
    running = LanguageDetection()
    yield running
    await running.stop()


def process_id(detection: LanguageDetection) -> int:
    assert detection._process is not None
    return detection._process.pid


async def test_finds_the_language(detection: LanguageDetection) -> None:
    assert await detection.detect("Das Licht in der Küche ist an.", LANGUAGES) == "de"
    assert await detection.detect("The light in the kitchen is on.", LANGUAGES) == "en"
    assert await detection.detect("21", LANGUAGES) == "en"
    assert await detection.detect("La luce della cucina è accesa.", ("en", "it")) == "it"


async def test_many_at_once(detection: LanguageDetection) -> None:
    texts = ["Das Licht in der Küche ist an.", "The light in the kitchen is on."] * 10
    found = await asyncio.gather(*(detection.detect(text, LANGUAGES) for text in texts))
    assert found == ["de", "en"] * 10


async def test_cancelled_question_leaves_no_answer_behind(detection: LanguageDetection) -> None:
    await detection.warm_up(LANGUAGES)
    asked = asyncio.create_task(detection.detect("Das Licht in der Küche ist an.", LANGUAGES))
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.wait({asked})
    assert await detection.detect("The light in the kitchen is on.", LANGUAGES) == "en"


async def test_a_caller_that_leaves_does_not_end_the_process(detection: LanguageDetection) -> None:
    await detection.warm_up(LANGUAGES)
    same = process_id(detection)
    os.kill(same, signal.SIGSTOP)
    asked = [
        asyncio.create_task(detection.detect("Das Licht in der Küche ist an.", LANGUAGES))
        for _ in range(3)
    ]
    await asyncio.sleep(0)
    for each in asked:
        each.cancel()
    await asyncio.wait(asked)
    os.kill(same, signal.SIGCONT)
    assert await detection.detect("The light in the kitchen is on.", LANGUAGES) == "en"
    assert process_id(detection) == same


async def test_stop_during_a_detection(detection: LanguageDetection) -> None:
    await detection.warm_up(LANGUAGES)
    os.kill(process_id(detection), signal.SIGSTOP)
    asked = asyncio.create_task(detection.detect("Das Licht in der Küche ist an.", LANGUAGES))
    await asyncio.sleep(0)
    await detection.stop()
    with pytest.raises(asyncio.CancelledError):
        await asked


async def test_lost_process_is_replaced(detection: LanguageDetection) -> None:
    await detection.warm_up(LANGUAGES)
    os.kill(process_id(detection), signal.SIGKILL)
    assert await detection.detect("Das Licht in der Küche ist an.", LANGUAGES) == "de"


async def test_hanging_process_is_replaced(
    detection: LanguageDetection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await detection.warm_up(LANGUAGES)
    hanging = process_id(detection)
    os.kill(hanging, signal.SIGSTOP)
    with monkeypatch.context() as impatient:
        impatient.setattr(detection_module, "DETECTION_SECONDS", 0.05)
        # The second try would start a new process, which may answer in time.
        impatient.setattr(detection_module, "TRIES", 1)
        assert await detection.detect("Das Licht in der Küche ist an.", LANGUAGES) == "en"
    assert await detection.detect("Das Licht in der Küche ist an.", LANGUAGES) == "de"
    assert process_id(detection) != hanging


async def test_signals_to_the_group_are_left_to_the_server(detection: LanguageDetection) -> None:
    await detection.warm_up(LANGUAGES)
    same = process_id(detection)
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(same, number)
    assert await detection.detect("Das Licht in der Küche ist an.", LANGUAGES) == "de"
    assert process_id(detection) == same


async def test_process_ends_with_its_input(detection: LanguageDetection) -> None:
    await detection.warm_up(LANGUAGES)
    assert detection._process is not None
    assert detection._process.stdin is not None
    # What happens when the server is killed.
    detection._process.stdin.close()
    async with asyncio.timeout(WAIT_SECONDS):
        assert await detection._process.wait() == 0


async def test_stop_ends_the_process(detection: LanguageDetection) -> None:
    await detection.warm_up(LANGUAGES)
    process = process_id(detection)
    await detection.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
