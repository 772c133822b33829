"""The command line against real servers, as the README shows it."""

from __future__ import annotations

import io
import re
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.support.fake_servers.one_answer import answering as answering_one_path
from tests.support.integration.client import words
from tests.support.integration.command_line import answering, recording_of
from tests.support.integration.commands import COMMAND, command, complaint
from tests.support.integration.servers import (
    Server,
    clean_environment,
    free_port,
)
from wyoming_voice_stack import __version__
from wyoming_voice_stack.cli.audio_files import write_recording

SENTENCE = "Please close the garage door and lock the front door."


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

    @pytest.mark.parametrize(("option", "path"), [((), "/health"), (("--ready",), "/ready")])
    @pytest.mark.parametrize("end", ["", "/"])
    def test_the_url_of_a_server_is_enough(
        self, tmp_path: Path, option: tuple[str, ...], path: str, end: str
    ) -> None:
        """At its root is the page, which a server without its model has, too."""
        with answering_one_path(b"yes", only=path) as port:
            url = f"http://127.0.0.1:{port}{end}"
            done = command("health", *option, "--url", url, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (0, b"yes\n")

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
