"""Home Assistant shows every failure as one sentence that says what to do."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.fake_servers.fake_hub import FakeHub, Repository
from tests.support.fakes import WAIT_SECONDS, FakeSource, FakeSynthesizer, eventually
from tests.support.integration.as_home_assistant import Shown, heard, said
from tests.support.integration.servers import EMBEDDED_PIPER, EMBEDDED_WHISPER, Server, running
from tests.support.peers import listening
from tests.support.speech import say
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.protocol.tts_session import TtsFrontEnd
from wyoming_voice_stack.server.assembly.references.model_references import weights_of
from wyoming_voice_stack.tts.backend import SynthesisOptions
from wyoming_voice_stack.tts.engine import SpeechSynthesizer
from wyoming_voice_stack.tts.service import TtsOptions, TtsService

SENTENCE = "What is the temperature in the living room?"
LONG = "The weather will be sunny in the morning and rainy in the afternoon and " * 4
"""One long sentence makes one large job."""
XTTS = "tts_models/multilingual/multi-dataset/xtts_v2"
SMALL_DISK = "1500k"


def speech() -> bytes:
    return to_pcm16(say(SENTENCE))


def assert_sentence(shown: Shown, code: str, *parts: str) -> None:
    """Assert one readable sentence with all of these parts."""
    assert shown.code == code
    assert str(shown) == f"Error from Wyoming service: {shown.text} (code: {code})"
    assert len(shown.text.split()) > 5
    assert len(shown.text) < 400
    assert "\n" not in shown.text
    assert not re.search(r"[A-Z]\w+Error|Traceback|None|Errno", shown.text), shown.text
    for part in parts:
        assert part in shown.text


@dataclass
class Source(FakeSource):
    """An engine whose loading can fail or be delayed."""

    before: Callable[[], object] = field(default=lambda: None)

    def load(self) -> FakeSynthesizer:
        self.before()
        return self.engine


@asynccontextmanager
async def serving(
    source: Source, folder: Path, *, max_queued: int = 4, max_wait_s: float = WAIT_SECONDS
) -> AsyncIterator[tuple[int, TtsService]]:
    """Our text-to-speech service with a fake engine, on a real socket."""
    metrics = Metrics()
    worker: Worker[SpeechSynthesizer] = Worker(
        "fake", source.load, max_queued=max_queued, metrics=metrics, max_wait_s=max_wait_s
    )
    speaking = SynthesisOptions(sentence_pause_ms=0, max_text_characters=1000)
    options = TtsOptions(
        model="fake", voices_dir=folder, voice=None, language="en", household=(), speaking=speaking
    )
    service = TtsService(source, worker, options, metrics)
    await service.start()
    try:
        async with listening(TtsFrontEnd(service)) as listener:
            yield listener.port, service
    finally:
        await eventually(lambda: worker.state != "loading")
        assert await service.stop(WAIT_SECONDS)


class TestRequests:
    async def test_unknown_voice(self, tts_server: Server) -> None:
        with pytest.raises(Shown) as caught:
            await said(tts_server.port, SENTENCE, voice="nobody")
        assert_sentence(caught.value, "unknown-voice", "'nobody'", "en_US-joe-medium")
        assert await said(tts_server.port, SENTENCE, voice="en_US-joe-medium")

    async def test_language_that_is_not_served(self, asr_server: Server) -> None:
        with pytest.raises(Shown) as caught:
            await heard(asr_server.port, speech(), language="de")
        assert_sentence(caught.value, "unknown-language", "'de'", "Supported: en")
        assert "temperature" in await heard(asr_server.port, speech())

    async def test_ports_are_swapped(self, asr_server: Server, tts_server: Server) -> None:
        with pytest.raises(Shown) as caught:
            await heard(tts_server.port, speech())
        assert_sentence(caught.value, "unexpected-event", "is served on port 5001 (ASR_PORT)")
        with pytest.raises(Shown) as caught:
            await said(asr_server.port, SENTENCE)
        assert_sentence(caught.value, "unexpected-event", "is served on port 5002 (TTS_PORT)")


class TestCapacity:
    async def test_model_is_still_loading(self, tmp_path: Path) -> None:
        go = threading.Event()
        source = Source(before=lambda: go.wait(WAIT_SECONDS))
        async with serving(source, tmp_path, max_wait_s=0.05) as (port, service):
            with pytest.raises(Shown) as caught:
                await said(port, SENTENCE)
            go.set()
            await eventually(lambda: service.worker.state == "ready")
            assert await said(port, SENTENCE)
        assert_sentence(caught.value, "timeout", "is still loading", "Try again later")

    async def test_queue_is_full(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer()
        engine.hold = threading.Event()
        async with serving(Source(engine), tmp_path, max_queued=1) as (port, service):
            first = asyncio.create_task(said(port, SENTENCE))
            await eventually(engine.entered.is_set)
            second = asyncio.create_task(said(port, SENTENCE))
            await eventually(lambda: service.workload().waiting == 1)
            with pytest.raises(Shown) as caught:
                await said(port, SENTENCE)
            engine.hold.set()
            # Requests that were queued before are served.
            assert all(await asyncio.gather(first, second))
        assert_sentence(caught.value, "busy", "try again in a moment", "MAX_QUEUED_REQUESTS")


class TestMemory:
    # With 8 to 14 MB, the matrix library ended the process.
    @pytest.mark.parametrize("left_mb", [4, 8, 10, 12])
    async def test_speech_to_text(self, left_mb: int, tmp_path: Path) -> None:
        with running("asr", tmp_path, ASR_MODEL=EMBEDDED_WHISPER) as server:
            with narrow(server, left_mb), pytest.raises(Shown) as caught:
                await heard(server.port, speech())
            assert "temperature" in await heard(server.port, speech())
        assert_sentence(caught.value, "out-of-memory", "Not enough memory", "ASR_MODEL", "tiny")

    async def test_while_the_model_is_loaded_again(self, tmp_path: Path) -> None:
        """After three failures."""
        with running("asr", tmp_path, ASR_MODEL=EMBEDDED_WHISPER) as server, narrow(server, 24):
            for _ in range(4):
                with pytest.raises(Shown) as caught:
                    await heard(server.port, speech())
                assert_sentence(caught.value, "out-of-memory", "Not enough memory")

    async def test_for_a_thread(self, tmp_path: Path) -> None:
        """Python waits forever for a thread that has no memory to start."""
        with running("tts", tmp_path, TTS_MODEL=EMBEDDED_PIPER) as server:
            with narrow(server, 0):
                status, body = await asyncio.to_thread(server.get, "/v1/models")
                assert status == 500
                assert b"out_of_memory" in body
                with pytest.raises(Shown) as caught:
                    await said(server.port, LONG)
                assert_sentence(caught.value, "out-of-memory", "Not enough memory")
            assert await said(server.port, SENTENCE)
            assert (await asyncio.to_thread(server.get, "/v1/models"))[0] == 200

    async def test_text_to_speech(self, tmp_path: Path) -> None:
        with running("tts", tmp_path, TTS_MODEL=EMBEDDED_PIPER) as server:
            with narrow(server), pytest.raises(Shown) as caught:
                await said(server.port, LONG)
            assert await said(server.port, SENTENCE)
        assert_sentence(caught.value, "out-of-memory", "Not enough memory", "TTS_MODEL", "piper:")

    async def test_while_loading(self, tmp_path: Path) -> None:
        def load() -> None:
            raise RuntimeError("CUDA failed with error out of memory")

        async with serving(Source(before=load), tmp_path) as (port, service):
            with pytest.raises(Shown) as caught:
                await said(port, SENTENCE)
            assert service.status().state == "failed"
        assert_sentence(caught.value, "out-of-memory", "Not enough memory for fake")


@contextmanager
def narrow(server: Server, left_mb: int = 4) -> Iterator[None]:
    """Limit a running server to hardly any more memory: enough to keep running, too little for a sentence."""
    pid = server.process.pid
    status = Path(f"/proc/{pid}/status").read_text()
    [kilobytes] = re.findall(r"^VmSize:\s+(\d+) kB$", status, re.MULTILINE)
    _, most = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (int(kilobytes) * 1024 + (left_mb << 20), most))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_AS, (most, most))


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    files = {"config.json": b"{}", "model.bin": bytes(1 << 20), "vocabulary.txt": b"a"}
    files["tokenizer.json"] = files["preprocessor_config.json"] = b"{}"
    with FakeHub({"org/whisper": Repository(files)}) as one:
        yield one


@contextmanager
def fetching(hub: FakeHub, folder: Path) -> Iterator[Server]:
    """A server that downloads its model to `folder/models`."""
    theirs = {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "hf"), "HF_HUB_DISABLE_XET": "1"}
    with running(
        "asr", folder, theirs, wait_for=None, ASR_MODEL="org/whisper", HF_HUB_OFFLINE="0"
    ) as server:
        # The download may have failed already when the port is first asked.
        server.wait_until_it_answers()
        yield server


class TestDisk:
    async def test_too_small(self, hub: FakeHub, tmp_path: Path) -> None:
        hub.repositories["org/whisper"].claimed_size_bytes["model.bin"] = 10**18
        with fetching(hub, tmp_path) as server, pytest.raises(Shown) as caught:
            await heard(server.port, speech())
        assert_sentence(
            caught.value, "disk-full", "org/whisper needs", "free some space", "MODELS_DIR"
        )

    async def test_full_while_the_model_comes(self, hub: FakeHub, small_disk: Path) -> None:
        hub.repositories["org/whisper"].stalls.add("model.bin")
        with fetching(hub, small_disk.parent) as server:
            assert await asyncio.to_thread(hub.halfway.wait, WAIT_SECONDS)
            fill(small_disk / "somebody else's")
            hub.go_on.set()
            with pytest.raises(Shown) as caught:
                await heard(server.port, speech())
        assert_sentence(caught.value, "disk-full", "became full", "org/whisper", "MODELS_DIR")


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as opened, suppress(OSError):
        while opened.write(bytes(4096)):
            pass


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "models"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may make a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


class TestLicence:
    async def test_acceptance_that_was_withdrawn(self, tmp_path: Path) -> None:
        """Without it no server starts (test_models_and_licence.py); later, the next load is refused."""
        environ = {"COQUI_TOS_AGREED": "1", "HOME": str(tmp_path)}
        weights = weights_of(XTTS, ModelStore(tmp_path), environ=environ)
        environ["COQUI_TOS_AGREED"] = "0"
        async with serving(Source(before=weights.locate), tmp_path) as (port, _):
            with pytest.raises(Shown) as caught:
                await said(port, SENTENCE)
        assert_sentence(
            caught.value, "licence-not-accepted", XTTS, "non-commercial", "COQUI_TOS_AGREED=1"
        )
