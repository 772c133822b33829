"""What the commands answer when something cannot be done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.integration.command_line import NOBODY, answering, recording_of
from tests.support.integration.commands import command, complaint
from tests.support.integration.servers import (
    Server,
)
from wyoming_voice_stack.cli.audio_files import write_recording
from wyoming_voice_stack.cli.client import AudioClip

INFO_OF_TTS = b'{"type": "info", "data": {"tts": [{}]}}\n'


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
