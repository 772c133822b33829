from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.engines import alike, spoken
from tests.support.speech import say, silence
from wyoming_voice_stack.errors import UnknownVoice
from wyoming_voice_stack.tts.engine import CloneSource, SynthesisRequest
from wyoming_voice_stack.tts.engines.xtts.engine import XttsSynthesizer

LIGHT = SynthesisRequest("turn on the light.", "en")
DOOR = SynthesisRequest("the door is open.", "en", voice="Damien Black")


class TestCloning:
    def test_a_cloned_voice_has_its_own_sound(
        self, xtts: XttsSynthesizer, clone: CloneSource
    ) -> None:
        request = SynthesisRequest(LIGHT.text, "en", clone=clone)
        first = spoken(xtts, request)
        assert not alike(first[:8000], spoken(xtts, LIGHT)[:8000])
        spoken(xtts, DOOR)
        assert alike(spoken(xtts, request), first)

    @pytest.mark.parametrize("suffix", ["flac", "mp3", "ogg"])
    def test_reads_common_formats(
        self, xtts: XttsSynthesizer, recording: Path, tmp_path: Path, suffix: str
    ) -> None:
        import soundfile

        samples, sample_rate = soundfile.read(recording)
        path = tmp_path / f"anna.{suffix}"
        soundfile.write(path, np.stack([samples, samples], axis=1), sample_rate)
        request = SynthesisRequest(
            "yes.", "de", clone=CloneSource("anna", (path, recording), suffix)
        )
        assert len(spoken(xtts, request))

    def test_takes_new_recordings_for_a_new_voice(
        self, xtts: XttsSynthesizer, recording: Path, tmp_path: Path
    ) -> None:
        import soundfile

        other = tmp_path / "take.wav"
        soundfile.write(other, say("Nobody is at home today.", 16_000)[::-1], 16_000)
        sounds = [
            spoken(
                xtts,
                SynthesisRequest("yes.", "en", clone=CloneSource("anna", paths, fingerprint)),
            )
            for paths, fingerprint in [((recording,), "old"), ((other,), "new")]
        ]
        assert not alike(*(sound[:8000] for sound in sounds))

    @pytest.mark.parametrize(
        ("samples", "problem"),
        [
            (say("Yes.", 16_000)[:8_000], "0.5 s long, which is too short"),
            (silence(3.0), "silent or damaged"),
            (np.full(48_000, np.nan, np.float32), "silent or damaged"),
            (np.zeros(301 * 16_000, np.float32), "301 s long, which is too long"),
        ],
        ids=["short", "silent", "damaged", "long"],
    )
    def test_refuses_unsuitable_recordings(
        self, xtts: XttsSynthesizer, tmp_path: Path, samples: Any, problem: str
    ) -> None:
        import soundfile

        soundfile.write(tmp_path / "bob.wav", samples, 16_000, subtype="FLOAT")
        request = SynthesisRequest(
            "yes.", "en", clone=CloneSource("bob", (tmp_path / "bob.wav",), problem)
        )
        with pytest.raises(UnknownVoice, match=f"bob.wav.*{problem}"):
            spoken(xtts, request)

    @pytest.mark.parametrize("content", [None, b"", b"no sound at all"])
    def test_refuses_unreadable_files(
        self, xtts: XttsSynthesizer, tmp_path: Path, content: bytes | None
    ) -> None:
        path = tmp_path / "bob.wav"
        if content is not None:
            path.write_bytes(content)
        request = SynthesisRequest("yes.", "en", clone=CloneSource("bob", (path,), "x"))
        with pytest.raises(UnknownVoice, match="as wav, flac or mp3"):
            spoken(xtts, request)
