from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.kokoro_voices import write_voice
from wyoming_voice_stack.errors import ModelCorrupt, UnknownVoice
from wyoming_voice_stack.tts.engines.kokoro.text.phonemes import ESPEAK_VOICES
from wyoming_voice_stack.tts.engines.kokoro.voices import (
    FILE_BYTES,
    LANGUAGES,
    MAX_MIXED,
    PUBLISHED_VOICES,
    STYLES,
    VoiceFolder,
    kokoro_card,
    mixed_voices,
)


@pytest.fixture
def folder(tmp_path: Path) -> VoiceFolder:
    for name, value in {"af_heart": 0, "af_bella": 1000, "ef_dora": 5}.items():
        write_voice(tmp_path, name, value)
    return VoiceFolder(tmp_path)


class TestPublishedVoices:
    def test_has_every_voice_once(self) -> None:
        counts = dict.fromkeys(LANGUAGES, 0)
        for name in set(PUBLISHED_VOICES):
            counts[name[0]] += 1
        assert counts == {"a": 20, "b": 8, "e": 3, "f": 1, "h": 4, "i": 2, "p": 3}
        assert len(PUBLISHED_VOICES) == 41

    def test_every_language_has_phonemes(self) -> None:
        assert set(LANGUAGES.values()) == ESPEAK_VOICES.keys()


class TestVoiceFolder:
    def test_names_the_voices_on_disk_the_best_first(self, folder: VoiceFolder) -> None:
        assert folder.names == ("af_heart", "af_bella", "ef_dora")

    def test_names_own_voices_after_the_published_ones(self, tmp_path: Path) -> None:
        for name in ("am_mine", "bf_emma", "af_custom_2"):
            write_voice(tmp_path, name)
        assert VoiceFolder(tmp_path).names == ("bf_emma", "af_custom_2", "am_mine")

    @pytest.mark.parametrize("name", ["jf_alpha", "zm_yunxi", "af", "voices-v1.0", "xx_heart"])
    def test_leaves_out_what_cannot_be_spoken(self, tmp_path: Path, name: str) -> None:
        write_voice(tmp_path, name)
        assert VoiceFolder(tmp_path).names == ()

    def test_is_empty_if_the_folder_is_missing(self, tmp_path: Path) -> None:
        assert VoiceFolder(tmp_path / "missing").names == ()


class TestStyle:
    @pytest.mark.parametrize(("count", "row"), [(0, 0), (1, 0), (12, 11), (510, 509), (999, 509)])
    def test_is_that_of_the_number_of_tokens(
        self, folder: VoiceFolder, count: int, row: int
    ) -> None:
        style = folder.style("af_heart", count)
        assert style.shape == (1, 256)
        assert style.dtype == np.float32
        assert (style == row).all()

    def test_of_a_mixture_is_the_mean(self, folder: VoiceFolder) -> None:
        assert (folder.style("af_heart+af_bella", 1) == 500).all()

    def test_counts_a_voice_that_is_named_twice_twice(self, folder: VoiceFolder) -> None:
        assert (folder.style("af_heart+af_bella+af_bella+af_heart+af_heart", 1) == 400).all()

    def test_of_an_unknown_voice_is_an_error(self, folder: VoiceFolder) -> None:
        with pytest.raises(UnknownVoice, match=r"'\.\./af_heart'"):
            folder.style("../af_heart", 1)

    def test_is_read_only(self, folder: VoiceFolder) -> None:
        with pytest.raises(ValueError, match="read-only"):
            folder.style("af_heart", 1)[0, 0] = 1

    def test_of_a_short_file_is_an_error(self, tmp_path: Path) -> None:
        path = write_voice(tmp_path, "af_heart")
        path.write_bytes(path.read_bytes()[:-4])
        folder = VoiceFolder(tmp_path)
        with pytest.raises(ModelCorrupt, match=rf"af_heart\.bin has {FILE_BYTES - 4} bytes"):
            folder.style("af_heart", 1)
        with pytest.raises(ModelCorrupt, match=r"af_heart\.bin"):
            folder.check()

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_with_invalid_numbers_is_an_error(self, tmp_path: Path, value: float) -> None:
        path = write_voice(tmp_path, "af_heart")
        styles = np.fromfile(path, "<f4")
        styles[-1] = value
        styles.tofile(path)
        with pytest.raises(ModelCorrupt, match=r"af_heart\.bin contains invalid numbers"):
            VoiceFolder(tmp_path).style("af_heart", 1)

    def test_that_vanished_is_an_error(self, folder: VoiceFolder, tmp_path: Path) -> None:
        (tmp_path / "af_bella.bin").unlink()
        (tmp_path / "af_bella.bin").symlink_to(tmp_path / "missing")
        with pytest.raises(ModelCorrupt, match="cannot be read"):
            folder.style("af_bella", 1)


class TestMixtures:
    def test_consist_of_voices_of_one_language(self) -> None:
        assert mixed_voices("af_heart+am_puck", PUBLISHED_VOICES) == ("af_heart", "am_puck")

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("af_heart+bf_emma", "speak different languages"),
            ("af_heart+", "Unknown voice '' in the mixture 'af_heart.'"),
            ("af_heart+af_hart", "'af_hart' in the mixture .* Available: af_alloy, af_aoede"),
            ("jf_alpha+jm_kumo", r"Japanese \(j\) and Chinese \(z\) voices are not supported"),
            ("zf_xiaoni", r"Japanese \(j\) and Chinese \(z\) voices are not supported"),
            ("+".join(["af_heart"] * (MAX_MIXED + 3)), "has more than 8 voices"),
        ],
    )
    def test_are_checked(self, name: str, message: str) -> None:
        with pytest.raises(UnknownVoice, match=message):
            mixed_voices(name, PUBLISHED_VOICES)


class TestCard:
    def test_has_a_language_for_each_voice(self) -> None:
        card = kokoro_card(PUBLISHED_VOICES)
        assert card.languages == ("en-US", "en-GB", "es", "fr", "hi", "it", "pt-BR")
        assert {voice.name: voice.languages for voice in card.voices}["pf_dora"] == ("pt-BR",)
        assert not card.clones

    def test_has_only_the_languages_of_its_voices(self) -> None:
        assert kokoro_card(["ef_dora", "if_sara"]).languages == ("es", "it")

    def test_has_a_mixture_as_one_voice_more(self) -> None:
        names = ("af_heart", "af_bella", "ef_dora")
        card = kokoro_card(names, "af_heart + af_bella")
        assert [voice.name for voice in card.voices] == [*names, "af_heart+af_bella"]
        assert card.voices[-1].languages == ("en-US",)

    def test_needs_no_entry_for_a_single_voice(self) -> None:
        assert kokoro_card(["af_heart"], "af_heart") == kokoro_card(["af_heart"])

    def test_refuses_a_wrong_mixture(self) -> None:
        with pytest.raises(UnknownVoice):
            kokoro_card(["af_heart", "ef_dora"], "af_heart+ef_dora")


def test_a_file_has_the_styles_of_one_voice(tmp_path: Path) -> None:
    assert write_voice(tmp_path, "af_heart").stat().st_size == FILE_BYTES == STYLES * 1024
