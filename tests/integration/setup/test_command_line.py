"""The command line against real servers, as the README shows it."""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.support.integration.commands import COMMAND, command, complaint
from tests.support.integration.servers import (
    EMBEDDED_PIPER,
    Server,
    clean_environment,
    free_port,
    running,
)
from tests.support.speech import say, silence
from wyoming_voice_stack import __version__
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli.audio_files import write_recording
from wyoming_voice_stack.cli.client import AudioClip

SENTENCE = "Please close the garage door and lock the front door."
NOBODY = "tcp://127.0.0.1:1"
INFO_OF_TTS = b'{"type": "info", "data": {"tts": [{}]}}\n'
HEAVY = (
    *("TTS", "aiohttp", "ctranslate2", "faster_whisper", "huggingface_hub", "lingua"),
    *("onnxruntime", "piper", "pydantic_settings", "soundfile", "torch", "zeroconf"),
)
HELP = """
import sys
from wyoming_voice_stack.cli.commands import main
status = 0
try:
    main()
except SystemExit as end:
    status = end.code
print(sorted(set(sys.argv[0].split(",")) & set(sys.modules)), file=sys.stderr)
sys.exit(status)
"""
LOOK_FOR = """
import sys
from wyoming_voice_stack.cli import commands as cli
from wyoming_voice_stack.announce import discovery
discovery.SERVICE_TYPE = sys.argv.pop()
cli.main()
"""


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def recording_of(sentence: str) -> AudioClip:
    samples = np.concatenate((silence(0.3), say(sentence), silence(0.3)))
    return AudioClip(16000, 2, 1, to_pcm16(samples))


def with_source(source: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", source, *arguments],
        env=clean_environment(),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def answering(reply: bytes) -> Iterator[int]:
    """A server that sends the same reply to any request of one client."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(1)
                client.sendall(reply)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


class TestSpeech:
    def test_pipe_of_the_readme_gives_the_words_back(
        self, asr_server: Server, tts_server: Server, tmp_path: Path
    ) -> None:
        environ = clean_environment(ASR_URI=asr_server.uri, TTS_URI=tts_server.uri)
        with subprocess.Popen(
            [*COMMAND, "say", SENTENCE, "-o", "-"], env=environ, stdout=subprocess.PIPE
        ) as saying:
            heard = subprocess.run(
                [*COMMAND, "transcribe", "-"],
                env=environ,
                stdin=saying.stdout,
                capture_output=True,
                check=True,
            )
        assert saying.returncode == 0
        # The voice varies from run to run, and the model is small.
        missing = set(words(SENTENCE)) - set(words(heard.stdout.decode()))
        assert len(missing) <= 2, heard.stdout
        assert heard.stdout.count(b"\n") == 1
        assert heard.stderr == b""

    def test_several_files_are_a_line_each(self, asr_server: Server, tmp_path: Path) -> None:
        sentences = ["Turn on the kitchen lights.", "What is the temperature in the living room?"]
        for number, sentence in enumerate(sentences):
            write_recording(str(tmp_path / f"{number}.wav"), recording_of(sentence))
        done = command(
            *("transcribe", "0.wav", "1.wav", "--uri", asr_server.uri, "--language", "en"),
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        lines = [line.partition(": ") for line in done.stdout.decode().splitlines()]
        assert [name for name, _, _ in lines] == ["0.wav", "1.wav"]
        assert [words(text) for _, _, text in lines] == [words(sentence) for sentence in sentences]
        assert done.stderr == b""

    def test_subtitles_of_a_file_without_sizes(self, asr_server: Server, tmp_path: Path) -> None:
        write_recording(str(tmp_path / "a.wav"), recording_of("Turn on the kitchen lights."))
        raw = bytearray((tmp_path / "a.wav").read_bytes())
        raw[40:44] = bytes(4)
        done = command(
            *("transcribe", "-", "--format", "srt", "--uri", asr_server.uri),
            cwd=tmp_path,
            stdin=bytes(raw),
        )
        number, times, text = done.stdout.decode().splitlines()
        assert (number, done.stderr) == ("1", b"")
        assert re.fullmatch(r"00:00:00,\d{3} --> 00:00:0\d,\d{3}", times)
        assert words(text) == ["turn", "on", "the", "kitchen", "lights"]

    def test_text_from_standard_input_into_a_wav_file(
        self, tts_server: Server, tmp_path: Path
    ) -> None:
        done = command(
            *("say", "-", "-o", "said.wav", "--uri", tts_server.uri),
            *("--voice", "en_US-joe-medium", "--language", "en"),
            cwd=tmp_path,
            stdin=SENTENCE.encode(),
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        with wave.open(str(tmp_path / "said.wav")) as file:
            form = (file.getframerate(), file.getsampwidth(), file.getnchannels())
            seconds = file.getnframes() / file.getframerate()
            sound = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        assert form == (22050, 2, 1)
        assert 1.5 < seconds < 10
        assert np.abs(sound.astype(int)).max() > 3000

    def test_wav_on_standard_output_is_nothing_but_wav(
        self, tts_server: Server, tmp_path: Path
    ) -> None:
        done = command("say", "Good night.", "-o", "-", "--uri", tts_server.uri, cwd=tmp_path)
        with wave.open(io.BytesIO(done.stdout)) as file:
            assert file.getnframes() > 5000
            pcm = file.readframes(file.getnframes())
        assert len(done.stdout) == 44 + len(pcm)


class TestRefusals:
    @pytest.mark.parametrize(
        ("option", "value", "message"),
        [
            ("--voice", "nobody", "en_US-joe-medium"),
            ("--language", "xx", "xx"),
        ],
    )
    def test_voice(
        self, tts_server: Server, tmp_path: Path, option: str, value: str, message: str
    ) -> None:
        done = command(
            *("say", "Hi.", "-o", "x.wav", "--uri", tts_server.uri, option, value), cwd=tmp_path
        )
        assert message in complaint(done, 1)
        assert list(tmp_path.iterdir()) == []

    def test_any_speaker_of_a_voice_with_one(self, tts_server: Server, tmp_path: Path) -> None:
        done = command(
            *("say", "Hi.", "-o", "x.wav", "--uri", tts_server.uri, "--speaker", "anna"),
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "x.wav").exists()

    @pytest.mark.parametrize(
        ("option", "value", "message"),
        [("--model", "nobody", "Available"), ("--language", "xx", "xx")],
    )
    def test_hearing(
        self, asr_server: Server, tmp_path: Path, option: str, value: str, message: str
    ) -> None:
        write_recording(str(tmp_path / "a.wav"), recording_of("Hello."))
        done = command("transcribe", "a.wav", "--uri", asr_server.uri, option, value, cwd=tmp_path)
        assert message in complaint(done, 1)

    def test_error_that_comes_before_the_upload_has_ended(
        self, asr_server: Server, tmp_path: Path
    ) -> None:
        large = AudioClip(16000, 2, 1, bytes(20_000_000))
        write_recording(str(tmp_path / "large.wav"), large)
        done = command(
            *("transcribe", "large.wav", "--uri", asr_server.uri, "--model", "nobody"), cwd=tmp_path
        )
        # The server's error may be lost when it closes the connection.
        assert re.search(r"unknown-model|broke|without an answer", complaint(done, 1))

    def test_text_without_words(self, tts_server: Server, tmp_path: Path) -> None:
        done = command("say", "🎉", "-o", "x.wav", "--uri", tts_server.uri, cwd=tmp_path)
        assert "empty-text" in complaint(done, 1)

    def test_no_server(self, tmp_path: Path) -> None:
        done = command("say", "Hi.", "-o", "x.wav", "--uri", NOBODY, cwd=tmp_path)
        assert NOBODY in complaint(done, 1)
        write_recording(str(tmp_path / "a.wav"), recording_of("Hello."))
        done = command("transcribe", "a.wav", cwd=tmp_path, ASR_URI=NOBODY)
        assert NOBODY in complaint(done, 1)

    @pytest.mark.parametrize(
        "uri", ["hello", "http://localhost:5001", "tcp://localhost", "tcp://h:99999", "tcp://[::"]
    )
    def test_address(self, tmp_path: Path, uri: str) -> None:
        done = command("say", "Hi.", "-o", "x.wav", "--uri", uri, cwd=tmp_path)
        assert "tcp://HOST:PORT" in complaint(done, 2)

    @pytest.mark.parametrize(
        ("reply", "message"),
        [
            (b"SSH-2.0-OpenSSH_9.6\r\n", "does not speak the Wyoming protocol"),
            (b"[1]\n", "does not speak the Wyoming protocol"),
            (b'{"type": "info", "data": 5}\n', "does not speak"),
            (INFO_OF_TTS + b'{"type": "audio-chunk", "data": {"rate": "x"}}\n', "does not speak"),
            (INFO_OF_TTS, "without an answer"),
            (b'{"type": "audio-chunk", "payload_length": 9}\n1234', "without an answer"),
            (b"", "without an answer"),
        ],
    )
    def test_server_of_another_kind(self, tmp_path: Path, reply: bytes, message: str) -> None:
        with answering(reply) as port:
            uri = f"tcp://127.0.0.1:{port}"
            done = command("say", "Hi.", "-o", "x.wav", "--uri", uri, cwd=tmp_path)
        assert message in complaint(done, 1)

    def test_say_to_speech_to_text(self, asr_server: Server, tmp_path: Path) -> None:
        done = command("say", "Hi.", "-o", "x.wav", "--uri", asr_server.uri, cwd=tmp_path)
        assert complaint(done, 2).strip() == (
            f"wyoming-voice-stack: {asr_server.uri} serves speech to text, not text to speech. Text to"
            " speech is served on port 5002 (TTS_PORT); use --uri tcp://127.0.0.1:5002, or set"
            " TTS_URI."
        )

    def test_transcribe_by_text_to_speech(self, tts_server: Server, tmp_path: Path) -> None:
        write_recording(str(tmp_path / "a.wav"), recording_of("Hello."))
        done = command("transcribe", "a.wav", cwd=tmp_path, ASR_URI=tts_server.uri, ASR_PORT="5011")
        message = (
            f"wyoming-voice-stack: {tts_server.uri} serves text to speech, not speech to text. Speech"
            " to text is served on port 5011 (ASR_PORT); use --uri tcp://127.0.0.1:5011, or set"
            " ASR_URI."
        )
        assert complaint(done, 2).strip() == message
        files = ("a.wav", "a.wav", "nothing.wav")
        done = command("transcribe", *files, cwd=tmp_path, ASR_URI=tts_server.uri, ASR_PORT="5011")
        assert complaint(done, 2).strip() == message, "said once, not for each file"

    def test_server_that_serves_neither(self, tmp_path: Path) -> None:
        with answering(b'{"type": "info", "data": {"wake": [{}]}}\n') as port:
            uri = f"tcp://127.0.0.1:{port}"
            settings = {"TTS_PORT": str(port), "TTS_URI": uri}
            done = command("say", "Hi.", "-o", "x.wav", cwd=tmp_path, settings=settings)
        assert complaint(done, 2).strip() == (
            f"wyoming-voice-stack: {uri} does not serve text to speech. Set --uri or TTS_URI to the"
            " address of a server that does."
        )

    def test_files(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("no sound at all")
        for name in ("notes.txt", "nothing.wav", "."):
            assert name in complaint(command("transcribe", name, cwd=tmp_path), 2)
        done = command("transcribe", "-", cwd=tmp_path, stdin=b"no sound")
        assert "Standard input is not a supported audio file" in complaint(done, 2)

    def test_output_that_cannot_be_written(self, tts_server: Server, tmp_path: Path) -> None:
        done = command("say", "Hi.", "-o", "no/x.wav", "--uri", tts_server.uri, cwd=tmp_path)
        assert "no/x.wav" in complaint(done, 2)


class TestRunningServers:
    def test_status(self, asr_server: Server, tts_server: Server, tmp_path: Path) -> None:
        done = command("status", cwd=tmp_path, ASR_URI=asr_server.uri, TTS_URI=tts_server.uri)
        assert (done.returncode, done.stderr) == (0, b"")
        rows = [line for line in done.stdout.decode().splitlines() if "tcp://" in line]
        for server, row in zip((asr_server, tts_server), rows, strict=True):
            assert server.uri in row
            assert __version__ in row
            assert "ready" in row
            assert "cpu" in row

    def test_voices_and_languages(
        self, asr_server: Server, tts_server: Server, tmp_path: Path
    ) -> None:
        voices = command("voices", "--uri", tts_server.uri, cwd=tmp_path)
        assert b"en_US-joe-medium" in voices.stdout
        languages = command("languages", "--uri", asr_server.uri, cwd=tmp_path)
        assert languages.returncode == 0, languages.stderr
        assert b" en " in languages.stdout


class TestHealth:
    def test_of_a_server(self, asr_server: Server, tmp_path: Path) -> None:
        done = command("health", cwd=tmp_path, SERVICE_MODE="asr", ASR_PORT=str(asr_server.port))
        assert done.returncode == 0, done.stderr
        assert b'"ready"' in done.stdout

    def test_a_proxy_is_not_asked(self, asr_server: Server, tmp_path: Path) -> None:
        url = f"http://127.0.0.1:{asr_server.port}/health"
        proxy = "http://127.0.0.1:1"
        done = command("health", "--url", url, cwd=tmp_path, http_proxy=proxy, HTTP_PROXY=proxy)
        assert done.returncode == 0, done.stderr

    def test_not_ready_is_told_in_the_servers_words(self, tmp_path: Path) -> None:
        body = b'{"state": "failed"}'
        head = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: %d\r\n\r\n" % len(body)
        with answering(head + body) as port:
            done = command("health", "--url", f"http://127.0.0.1:{port}/health", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, body + b"\n")

    @pytest.mark.parametrize(("option", "path"), [((), "/health"), (("--ready",), "/ready")])
    def test_nobody_answers(self, tmp_path: Path, option: tuple[str, ...], path: str) -> None:
        port = str(free_port())
        done = command("health", *option, cwd=tmp_path, SERVICE_MODE="tts", TTS_PORT=port)
        assert f":{port}{path}" in complaint(done, 1)

    def test_what_answers_is_no_http(self, tmp_path: Path) -> None:
        with answering(b"hello\n") as port:
            done = command("health", "--url", f"http://127.0.0.1:{port}/", cwd=tmp_path)
        assert str(port) in complaint(done, 1)

    @pytest.mark.parametrize(
        ("url", "status"), [("x", 2), ("file:///etc/hostname", 2), ("http://h:x/", 1)]
    )
    def test_address(self, tmp_path: Path, url: str, status: int) -> None:
        assert url in complaint(command("health", "--url", url, cwd=tmp_path), status)

    def test_of_no_mode(self, tmp_path: Path) -> None:
        assert "SERVICE_MODE" in complaint(command("health", cwd=tmp_path), 64)


class TestHelp:
    @pytest.mark.parametrize(
        "arguments",
        [
            *([], ["serve"], ["transcribe"], ["say"], ["discover"], ["health"], ["demo"]),
            *(["models"], ["models", "pull"], ["models", "list"]),
            *(["voices"], ["languages"], ["status"]),
        ],
        ids=" ".join,
    )
    def test_help_of_every_command_imports_nothing_heavy(
        self, tmp_path: Path, arguments: list[str]
    ) -> None:
        source = f"import sys; sys.argv[0] = {','.join(HEAVY)!r}\n{HELP}"
        done = with_source(source, *arguments, "--help", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "Usage" in done.stdout
        assert done.stderr == "[]\n"

    def test_version(self, tmp_path: Path) -> None:
        done = command("--version", cwd=tmp_path)
        assert (done.returncode, done.stdout.decode()) == (0, f"{__version__}\n")

    def test_installed_command(self, tmp_path: Path) -> None:
        installed = Path(sys.executable).parent / "wyoming-voice-stack"
        done = subprocess.run([installed, "--version"], capture_output=True, text=True, check=True)
        assert done.stdout == f"{__version__}\n"

    def test_unknown_command(self, tmp_path: Path) -> None:
        done = command("listen", cwd=tmp_path)
        assert done.returncode == 2
        assert b"listen" in done.stderr


class TestDiscover:
    def test_finds_a_server_that_announces_itself(self, tmp_path: Path) -> None:
        name = f"test-{os.getpid()}-{free_port()}"
        with running(
            "tts",
            tmp_path,
            wait_for="/health",
            TTS_MODEL=EMBEDDED_PIPER,
            ZEROCONF="true",
            ZEROCONF_NAME=name,
            HOST="0.0.0.0",
        ) as server:
            assert_found(name, server.port, tmp_path)

    def test_nobody_there_is_one_line(self, tmp_path: Path) -> None:
        """Other servers may be on the network, but none with this service type."""
        done = with_source(
            LOOK_FOR, "discover", "--timeout", "0.2", "_x9._tcp.local.", cwd=tmp_path
        )
        assert done.returncode != 0
        assert done.stdout == ""
        assert re.fullmatch(r"wyoming-voice-stack: .*(announced|network).*\n", done.stderr)


def assert_found(name: str, port: int, cwd: Path) -> None:
    tries = 5
    for _ in range(tries):
        # A server that has just answered another query stays silent for a second.
        done = command("discover", "--timeout", "2", cwd=cwd, COLUMNS="200")
        rows = [line for line in done.stdout.decode().splitlines() if name in line]
        if rows:
            assert str(port) in rows[0]
            return
    raise AssertionError(f"not found in {tries} tries: {done}")
