"""Which voice a request selects, and which voices Home Assistant is shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from wyoming.event import Event
from wyoming.info import Info
from wyoming.tts import (
    Synthesize,
    SynthesizeVoice,
)

from tests.support.fakes import FAKE_CARD, FakeSynthesizer
from tests.support.tts_client import open_session, serving, tell
from tests.support.voice_files import speech, write
from wyoming_voice_stack import __version__
from wyoming_voice_stack.errors import MalformedEvent, UnknownLanguage, UnknownVoice
from wyoming_voice_stack.protocol.tts_session import TtsFrontEnd
from wyoming_voice_stack.tts.engine import Voice
from wyoming_voice_stack.tts.voices.catalogue import VoiceCatalogue, VoiceRequest


@pytest.fixture
def engine() -> FakeSynthesizer:
    return FakeSynthesizer()


def advertised(front_end: TtsFrontEnd) -> list[str]:
    return [voice.name for voice in Info.from_event(front_end.info()).tts[0].voices]


class TestVoices:
    @pytest.mark.parametrize(
        ("voice", "name", "language"),
        [
            (None, "anna", "en"),
            (SynthesizeVoice(name="anna"), "anna", "en"),
            (SynthesizeVoice(name="anna [de]"), "anna", "de"),
            (SynthesizeVoice(name="bert"), "bert", "de"),
            (SynthesizeVoice(language="de-AT"), "anna", "de"),
            (SynthesizeVoice(name="default"), "anna", "en"),
        ],
    )
    async def test_choice(
        self,
        engine: FakeSynthesizer,
        tmp_path: Path,
        voice: SynthesizeVoice | None,
        name: str,
        language: str,
    ) -> None:
        async with serving(engine, tmp_path) as service:
            await tell(open_session(service), Synthesize(text="Hello.", voice=voice).event())
        assert (engine.requests[0].voice, engine.requests[0].language) == (name, language)

    @pytest.mark.parametrize(
        ("asked", "options", "said"),
        [
            (None, {}, "March fourth"),
            (None, {"language": "en-GB"}, "the third of April"),
            (
                SynthesizeVoice(language="en"),
                {"language": None, "household": ("de", "en-GB")},
                "the third of April",
            ),
            (SynthesizeVoice(language="en-AU"), {"language": "en-US"}, "the third of April"),
            (SynthesizeVoice(name="anna [en]", language="x" * 99), {}, "March fourth"),
        ],
    )
    async def test_region_tells_how_a_text_is_read(
        self,
        engine: FakeSynthesizer,
        tmp_path: Path,
        asked: SynthesizeVoice | None,
        options: dict[str, Any],
        said: str,
    ) -> None:
        text = "The meeting tomorrow is the one of 3/4/2026."
        async with serving(engine, tmp_path, **options) as service:
            await tell(open_session(service), Synthesize(text=text, voice=asked).event())
        assert engine.requests[0].language == "en"
        assert said in engine.requests[0].text

    async def test_null_voice(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            await tell(open_session(service), Event("synthesize", {"text": "Hi.", "voice": None}))
        assert engine.requests[0].voice == "anna"

    @pytest.mark.parametrize("name", ["nobody", "/etc/passwd", "../anna", "anna [xx]", "anna/take"])
    async def test_unknown_voice_lists_what_there_is(
        self, engine: FakeSynthesizer, tmp_path: Path, name: str
    ) -> None:
        async with serving(engine, tmp_path / "voices") as service:
            with pytest.raises(UnknownVoice, match="anna, bert"):
                await tell(
                    open_session(service),
                    Synthesize(text="Hi.", voice=SynthesizeVoice(name=name)).event(),
                )

    async def test_unknown_language(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            sentence = r"Voice 'anna' does not support language 'fr'\. Supported: en, de\."
            with pytest.raises(UnknownLanguage, match=sentence):
                await tell(
                    open_session(service),
                    Synthesize(text="Hi.", voice=SynthesizeVoice(language="fr")).event(),
                )

    async def test_speakers(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            two = SynthesizeVoice(name="bert", speaker="two")
            await tell(open_session(service), Synthesize(text="Hi.", voice=two).event())
            assert engine.requests[0].speaker == "two"
            three = SynthesizeVoice(name="bert", speaker="three")
            sentence = r"Unknown speaker 'three' of voice 'bert'\. Available speakers: one, two\."
            with pytest.raises(UnknownVoice, match=sentence):
                await tell(open_session(service), Synthesize(text="Hi.", voice=three).event())

    @pytest.mark.parametrize(
        ("ids", "speaker", "expected"),
        [
            ((), "0", "one"),
            ((), "1", "7"),
            ((), "7", "7"),
            ((4, 1), "1", "7"),
            ((4, 1), "4", "one"),
        ],
    )
    def test_a_speaker_by_its_number(
        self, ids: tuple[int, ...], speaker: str, expected: str
    ) -> None:
        voice = Voice("bert", ("de",), ("one", "7"), ids)
        catalogue = VoiceCatalogue(replace(FAKE_CARD, voices=(voice,)), {})
        assert catalogue.select(VoiceRequest("bert", speaker=speaker)).speaker == expected
        with pytest.raises(UnknownVoice, match="Unknown speaker '9'"):
            catalogue.select(VoiceRequest("bert", speaker="9"))

    @pytest.mark.parametrize("speaker", ["0", "anna", "x"])
    def test_a_voice_with_one_speaker_needs_no_choice(self, speaker: str) -> None:
        catalogue = VoiceCatalogue(FAKE_CARD, {})
        assert catalogue.select(VoiceRequest("anna", speaker=speaker)).speaker is None

    async def test_empty_fields_leave_the_choice_to_the_server(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        nothing = SynthesizeVoice(name="", language="", speaker="")
        async with serving(engine, tmp_path) as service:
            await tell(
                open_session(service),
                Event("synthesize", {"text": "Hi.", "voice": dict(vars(nothing))}),
            )
        assert (engine.requests[0].voice, engine.requests[0].speaker) == ("anna", None)

    async def test_configured_voice_and_language(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        async with serving(engine, tmp_path, voice="bert") as service:
            await tell(open_session(service), Synthesize(text="Hi.").event())
        # The default language is not spoken by this voice, so its own is taken.
        assert (engine.requests[0].voice, engine.requests[0].language) == ("bert", "de")

    async def test_configured_voice_that_is_not_there(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        async with serving(engine, tmp_path, voice="nobody") as service:
            with pytest.raises(
                UnknownVoice, match=r"Unknown voice 'nobody' in TTS_VOICE\. Available voices: anna"
            ):
                await tell(open_session(service), Synthesize(text="Hi.").event())
            anna = SynthesizeVoice(name="anna [en]")
            await tell(open_session(service), Synthesize(text="Hi.", voice=anna).event())
        assert engine.requests[0].voice == "anna"

    async def test_configured_voice_that_vanishes_is_logged_once(
        self, engine: FakeSynthesizer, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        recording = write(tmp_path / "clara.wav", speech())
        async with serving(engine, tmp_path, voice="clara") as service:
            await service.refresh_voices()
            assert "TTS_VOICE" not in caplog.text
            recording.unlink()
            for _ in range(2):
                await service.refresh_voices()
        assert caplog.text.count("Unknown voice 'clara' in TTS_VOICE. Available voices: anna") == 1

    async def test_new_recording_is_a_voice_at_once(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        async with serving(engine, tmp_path) as service:
            front_end = TtsFrontEnd(service)
            assert "clara [de]" not in advertised(front_end)
            write(tmp_path / "clara.wav", speech())
            clara = SynthesizeVoice(name="clara [de]")
            await tell(open_session(service), Synthesize(text="Hi.", voice=clara).event())
            assert "clara [de]" in advertised(front_end)
            assert front_end.info() is front_end.info()
            (tmp_path / "clara.wav").unlink()
            await service.refresh_voices()
            assert "clara [de]" not in advertised(front_end)
        request = engine.requests[0]
        assert request.voice is None
        assert request.clone is not None
        assert request.clone.paths == (tmp_path / "clara.wav",)


class TestDefault:
    @pytest.mark.parametrize(
        ("voice", "language", "household", "expected"),
        [
            (None, None, (), ("anna", "auto")),
            (None, "de", (), ("anna", "de")),
            (None, "de-AT", (), ("anna", "de")),
            (None, "fr", (), ("anna", "auto")),
            (None, None, ("de",), ("anna", "de")),
            ("anna", None, (), ("anna", "auto")),
            ("anna [de]", None, (), ("anna", "de")),
            ("anna [de]", "en", (), ("anna", "de")),
            ("bert", "en", (), ("bert", "de")),
            ("clara", None, (), ("clara", "auto")),
            ("clara", "en", (), ("clara", "en")),
        ],
    )
    def test_voice_and_language_of_a_request_that_names_neither(
        self,
        voice: str | None,
        language: str | None,
        household: tuple[str, ...],
        expected: tuple[str, str],
    ) -> None:
        assert VoiceCatalogue(FAKE_CARD, {}, household, voice, language).default == expected

    def test_before_the_voices_are_known(self) -> None:
        card = replace(FAKE_CARD, voices=())
        assert VoiceCatalogue(card, {}).default == ("default", "auto")


class TestInfo:
    async def test_description_names_what_is_served(
        self, engine: FakeSynthesizer, tmp_path: Path
    ) -> None:
        async with serving(engine, tmp_path) as service:
            front_end = TtsFrontEnd(service)
            await tell(open_session(service), Synthesize(text="Hi.").event())
            [program] = Info.from_event(front_end.info()).tts
        served = "model fake, voice anna, language en, device cpu"
        assert program.description == f"A fake voice: {served}"
        assert program.version == __version__

    async def test_one_voice_per_language(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path) as service:
            [program] = Info.from_event(TtsFrontEnd(service).info()).tts
        assert program.installed
        assert program.supports_synthesize_streaming
        listed = {voice.name: voice.languages for voice in program.voices}
        assert listed == {"anna [en]": ["en"], "anna [de]": ["de"], "bert": ["de"]}
        speakers = {v.name: [s.name for s in v.speakers or []] for v in program.voices}
        assert speakers["bert"] == ["one", "two"]
        assert all(voice.installed for voice in program.voices)

    async def test_household_languages(self, engine: FakeSynthesizer, tmp_path: Path) -> None:
        async with serving(engine, tmp_path, household=("de-DE",)) as service:
            assert set(advertised(TtsFrontEnd(service))) == {"anna [de]", "bert"}

    async def test_never_empty(self, tmp_path: Path) -> None:
        engine = FakeSynthesizer(replace(FAKE_CARD, voices=()))
        async with serving(engine, tmp_path) as service:
            voices = advertised(TtsFrontEnd(service))
            assert voices == ["default [en]", "default [de]"]
            wanted = SynthesizeVoice(name="default [de]")
            await tell(open_session(service), Synthesize(text="Hi.", voice=wanted).event())
        assert engine.requests[0].voice is None
        assert engine.requests[0].language == "de"

    @pytest.mark.parametrize(
        "event",
        [
            Event("synthesize", {}),
            Event("synthesize", {"text": []}),
            Event("synthesize", {"text": "x", "voice": []}),
            Event("synthesize", {"text": "x", "voice": {"name": {}}}),
            Event("synthesize-start", {"voice": []}),
        ],
    )
    async def test_malformed(self, engine: FakeSynthesizer, tmp_path: Path, event: Event) -> None:
        async with serving(engine, tmp_path) as service:
            with pytest.raises(MalformedEvent):
                await tell(open_session(service), event)
