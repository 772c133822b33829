from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.speech import say, silence
from tests.tts.conftest import spoken
from tests.tts.tiny_xtts import SPEAKERS
from wyoming_voice_stack.errors import UnknownVoice
from wyoming_voice_stack.tts.engine import CloneSource, SynthesisRequest
from wyoming_voice_stack.tts.xtts import voices
from wyoming_voice_stack.tts.xtts.engine import XttsSynthesizer
from wyoming_voice_stack.tts.xtts.voices import Voices, studio_names

LIGHT = SynthesisRequest("turn on the light.", "en")
DOOR = SynthesisRequest("the door is open.", "en", voice="Damien Black")


class TestCloning:
    def test_speaks_with_a_voice_of_its_own(
        self, xtts: XttsSynthesizer, clone: CloneSource
    ) -> None:
        request = SynthesisRequest(LIGHT.text, "en", clone=clone)
        first = spoken(xtts, request)
        assert not np.array_equal(first[:8000], spoken(xtts, LIGHT)[:8000])
        spoken(xtts, DOOR)
        assert np.array_equal(spoken(xtts, request), first)

    @pytest.mark.parametrize("suffix", ["flac", "mp3", "ogg"])
    def test_reads_the_usual_forms(
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
        assert not np.array_equal(*(sound[:8000] for sound in sounds))

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
    def test_refuses_recordings_of_nobody(
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
    def test_refuses_what_is_no_recording(
        self, xtts: XttsSynthesizer, tmp_path: Path, content: bytes | None
    ) -> None:
        path = tmp_path / "bob.wav"
        if content is not None:
            path.write_bytes(content)
        request = SynthesisRequest("yes.", "en", clone=CloneSource("bob", (path,), "x"))
        with pytest.raises(UnknownVoice, match="save it as wav, flac or mp3"):
            spoken(xtts, request)


class TestVoices:
    """Which likenesses are kept; they are strings here."""

    @pytest.fixture
    def made(self) -> list[list[str]]:
        return []

    @pytest.fixture
    def kept(self, made: list[list[str]]) -> Voices:
        def make(paths: list[str]) -> tuple[str, str]:
            made.append(paths)
            return "latent", "embedding"

        return Voices({}, make)

    @pytest.fixture
    def request_of(self, recording: Path) -> Callable[[str], SynthesisRequest]:
        return lambda fingerprint: SynthesisRequest(
            "yes.", "en", clone=CloneSource("anna", (recording,), fingerprint)
        )

    def test_a_likeness_is_made_once(
        self, kept: Voices, made: list[Any], request_of: Callable[[str], SynthesisRequest]
    ) -> None:
        assert kept.of(request_of("1")) == kept.of(request_of("1"))
        assert len(made) == 1

    def test_the_one_not_used_for_longest_goes(
        self,
        kept: Voices,
        made: list[Any],
        request_of: Callable[[str], SynthesisRequest],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(voices, "MAX_KEPT_CLONES", 2)
        for fingerprint in "12131":
            kept.of(request_of(fingerprint))
        assert len(made) == 3
        kept.of(request_of("2"))
        assert len(made) == 4

    def test_a_model_without_speakers_says_so(self, kept: Voices) -> None:
        with pytest.raises(UnknownVoice, match="recording in the voices folder"):
            kept.of(LIGHT)


class TestStudioNames:
    def test_come_in_the_models_order(self, xtts_folder: Path) -> None:
        assert studio_names(xtts_folder / "speakers_xtts.pth") == SPEAKERS

    def test_are_read_from_an_ordered_dictionary(self, tmp_path: Path) -> None:
        from collections import OrderedDict

        import torch

        torch.save(OrderedDict(b={"x": torch.ones(2)}, a={}), tmp_path / "speakers")
        assert studio_names(tmp_path / "speakers") == ("b", "a")

    @pytest.mark.parametrize("content", [None, b"", b"\x80\x02}q\x00."])
    def test_no_such_file_has_none(self, tmp_path: Path, content: bytes | None) -> None:
        if content is not None:
            (tmp_path / "speakers").write_bytes(content)
        assert studio_names(tmp_path / "speakers") == ()

    @pytest.mark.parametrize(
        "pickled",
        [
            b"cos\nmkdir\n(V%s\ntR.",
            b"}V%s\ncos\nmkdir\n(V%s\ntRs.",
            b"\x80",
        ],
    )
    def test_nothing_in_the_file_is_run(self, tmp_path: Path, pickled: bytes) -> None:
        trap = tmp_path / "made"
        with zipfile.ZipFile(tmp_path / "speakers", "w") as archive:
            archive.writestr("x/data.pkl", pickled.replace(b"%s", os.fsencode(trap)))
        assert studio_names(tmp_path / "speakers") in {(), (str(trap),)}
        assert not trap.exists()
