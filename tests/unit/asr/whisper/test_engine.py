from __future__ import annotations

import numpy as np
import pytest

from tests.support import sounds
from tests.support.scripted_recognizer import ScriptedVad, transcribe
from tests.support.speech import at_level, say, silence, words
from tests.support.whisper_speech import DOOR, ENGLISH, SENTENCES, like, text
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples, TranscriptionRequest
from wyoming_voice_stack.asr.whisper.catalogue import LANGUAGES_BEFORE_V3
from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer
from wyoming_voice_stack.audio import PcmFormat, SpeechDecoder, to_pcm16
from wyoming_voice_stack.errors import EngineError, UnknownLanguage


@pytest.mark.parametrize("sentence", SENTENCES)
def test_speech_is_transcribed(recognizer: WhisperRecognizer, sentence: str) -> None:
    result = transcribe(recognizer, say(sentence), ENGLISH)
    assert words(result.text) == words(sentence)
    assert result.text == " ".join(result.text.split())
    assert result.language == "en"


@pytest.mark.parametrize(
    ("rate", "width", "channels"),
    [(8_000, 2, 1), (16_000, 2, 2), (22_050, 4, 1), (44_100, 3, 1), (48_000, 3, 2)],
)
def test_speech_in_any_format(
    recognizer: WhisperRecognizer, rate: int, width: int, channels: int
) -> None:
    spoken = np.clip(say(DOOR, rate), -0.99, 0.99) * 2 ** (8 * width - 1)
    frames = np.repeat(spoken.astype("<i8")[:, None], channels, axis=1).reshape(-1, 1)
    data = frames.view(np.uint8)[:, :width].tobytes()
    decoder = SpeechDecoder(PcmFormat(rate, width, channels))
    pieces = [decoder.push(data[first : first + 1_001]) for first in range(0, len(data), 1_001)]
    assert text(recognizer, np.concatenate([*pieces, decoder.finish()])) == words(DOOR)


def test_speech_that_is_longer_than_whispers_window(recognizer: WhisperRecognizer) -> None:
    said = [*SENTENCES[:5], *SENTENCES[:5][::-1], *SENTENCES[:5]]
    pause = silence(0.6)
    speech = np.concatenate([piece for sentence in said for piece in (say(sentence), pause)])
    result, expected = text(recognizer, speech), words(" ".join(said))
    assert len(speech) > 35 * SAMPLE_RATE
    assert len(result) == len(expected)
    # The smallest model gets one word in a hundred wrong; none may be missing.
    assert sum(a != b for a, b in zip(result, expected, strict=True)) <= 3


def test_repeated_sentences_are_kept(recognizer: WhisperRecognizer) -> None:
    speech = np.concatenate([piece for _ in range(8) for piece in (say(DOOR), silence(0.3))])
    result = transcribe(recognizer, speech, ENGLISH).text
    assert len(words(result)) == pytest.approx(8 * len(words(DOOR)), abs=len(words(DOOR)))


@pytest.mark.parametrize("word", ["stop", "no", "yes"])
def test_a_word_that_is_said_eight_times_is_heard(recognizer: WhisperRecognizer, word: str) -> None:
    speech = np.concatenate([piece for _ in range(8) for piece in (say(f"{word}."), silence(0.3))])
    result = words(transcribe(recognizer, speech, ENGLISH).text)
    assert set(result) == {word}
    # The smallest model miscounts by a few.
    assert len(result) == pytest.approx(8, abs=3)


@pytest.mark.parametrize("dbfs", [-40, -50])
def test_quiet_speech(recognizer: WhisperRecognizer, dbfs: float) -> None:
    assert text(recognizer, at_level(say(DOOR), dbfs)) == words(DOOR)


@pytest.mark.parametrize("dbfs", [-30, -55])
@pytest.mark.parametrize("offset", [0.05, -0.3])
def test_speech_over_an_offset(recognizer: WhisperRecognizer, dbfs: float, offset: float) -> None:
    assert text(recognizer, at_level(say(DOOR), dbfs) + np.float32(offset)) == words(DOOR)


def test_stereo_whose_channels_cancel(recognizer: WhisperRecognizer) -> None:
    spoken = at_level(say(DOOR), -20)
    decoder = SpeechDecoder(PcmFormat(SAMPLE_RATE, 2, 2))
    mono = decoder.push(to_pcm16(np.stack([spoken, -spoken], axis=1).reshape(-1)))
    assert text(recognizer, np.concatenate([mono, decoder.finish()])) == words(DOOR)


@pytest.mark.parametrize(("before", "after"), [(0, 2.0), (1.0, 0), (5.0, 5.0), (40.0, 40.0)])
def test_silence_around_speech(recognizer: WhisperRecognizer, before: float, after: float) -> None:
    hiss = at_level(sounds.noise(before + after + 10, 1), -66)
    speech = np.concatenate([silence(before), say(DOOR), silence(after)])
    assert text(recognizer, speech + hiss[: len(speech)]) == words(DOOR)


def test_speech_in_noise(recognizer: WhisperRecognizer) -> None:
    speech = at_level(say(DOOR), -26)
    noise = at_level(sounds.noise(10, 1), -41)[: len(speech)]
    assert text(recognizer, speech + noise) == words(DOOR)


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(silence(0), id="nothing"),
        pytest.param(silence(5), id="silence"),
        pytest.param(at_level(sounds.noise(5, 1), -20), id="noise"),
        pytest.param(at_level(sounds.music(5), -20), id="music"),
        pytest.param(at_level(sounds.clicks(5, 8, 20), -20), id="typing"),
        pytest.param(at_level(sounds.hum(8, 50), -20), id="hum of 50 Hz"),
        pytest.param(at_level(sounds.hum(8, 60), -20), id="hum of 60 Hz"),
    ],
)
def test_no_speech_gives_no_text(recognizer: WhisperRecognizer, sound: Samples) -> None:
    assert transcribe(recognizer, sound, TranscriptionRequest()).text == ""
    assert transcribe(recognizer, sound, TranscriptionRequest()).language is None
    assert transcribe(recognizer, sound, ENGLISH).language == "en"


class EverythingIsSpeech:
    """A detector that takes everything for speech, so that only Whisper's own figures reject noise."""

    def stream(self) -> ScriptedVad:
        return ScriptedVad([], 1.0)


@pytest.mark.parametrize(
    "sound",
    [
        *(pytest.param(sounds.noise(8, slope), id=f"slope {slope}") for slope in (0, 1, 2)),
        pytest.param(sounds.clicks(8, 2, 5), id="clock"),
        pytest.param(sounds.clicks(8, 1, 80), id="knocking"),
        pytest.param(sounds.slam(3), id="slam"),
        pytest.param(sounds.music(8), id="music"),
    ],
)
def test_text_invented_from_noise_is_rejected(
    recognizer: WhisperRecognizer, sound: Samples
) -> None:
    undetected = like(recognizer, beam_size=1, vad=EverythingIsSpeech())
    assert transcribe(undetected, at_level(sound, -30).clip(-1, 1), ENGLISH).text == ""


def test_the_same_request_gives_the_same_text(recognizer: WhisperRecognizer) -> None:
    speech = at_level(say(DOOR), -30) + at_level(sounds.noise(10, 0), -30)[: len(say(DOOR))]
    result = {transcribe(recognizer, speech, ENGLISH).text for _ in range(3)}
    assert len(result) == 1


def test_names_change_how_a_word_is_written(recognizer: WhisperRecognizer) -> None:
    speech = say("Please call Kontor.")
    assert "Kontor" not in transcribe(recognizer, speech, ENGLISH).text
    for hinted in (
        {"names": ("Siobhan", "Kontor")},
        {"household_names": ("Cellar", "Kontor", "Attic")},
    ):
        request = TranscriptionRequest(language="en", **hinted)
        assert "Kontor" in transcribe(recognizer, speech, request).text


def test_a_huge_list_of_names_and_a_huge_prompt_do_no_harm(recognizer: WhisperRecognizer) -> None:
    request = TranscriptionRequest(
        language="en",
        names=tuple(f"Lamp of {name} {number}" for number in range(1_000) for name in "AB"),
        terms=("x" * 100_000,),
        initial_prompt="A household tells its machines what to do. " * 500,
    )
    assert words(transcribe(recognizer, say(DOOR), request).text) == words(DOOR)


def test_an_english_model_transcribes_whatever_the_task(recognizer: WhisperRecognizer) -> None:
    result = transcribe(recognizer, say(DOOR), TranscriptionRequest(task="translate"))
    assert (words(result.text), result.language) == (words(DOOR), "en")


@pytest.mark.parametrize(
    "request_", [TranscriptionRequest("de"), TranscriptionRequest(candidate_languages=("de",))]
)
def test_an_english_model_rejects_other_languages(
    recognizer: WhisperRecognizer, request_: TranscriptionRequest
) -> None:
    with pytest.raises(UnknownLanguage, match="'de'"):
        transcribe(recognizer, say(DOOR), request_)


@pytest.mark.parametrize(
    ("candidates", "detected"),
    [((), "de"), (("en", "fr"), "fr"), (("it",), "it"), (("xx", "en"), "en")],
)
def test_language_is_detected_among_the_candidates(
    polyglot: WhisperRecognizer, candidates: tuple[str, ...], detected: str
) -> None:
    result = transcribe(polyglot, say(DOOR), TranscriptionRequest(candidate_languages=candidates))
    assert (words(result.text), result.language) == (words(DOOR), detected)


def test_a_language_that_is_given_is_not_detected(polyglot: WhisperRecognizer) -> None:
    request = TranscriptionRequest(language="it", candidate_languages=("de", "fr"))
    assert transcribe(polyglot, say(DOOR), request).language == "it"
    assert polyglot.languages == LANGUAGES_BEFORE_V3


def test_a_translation_is_english(polyglot: WhisperRecognizer) -> None:
    result = transcribe(polyglot, say(DOOR), TranscriptionRequest(language="fr", task="translate"))
    assert result.language == "en"


def test_a_language_that_does_not_exist_is_rejected(polyglot: WhisperRecognizer) -> None:
    with pytest.raises(UnknownLanguage, match="'tlh'"):
        transcribe(polyglot, say(DOOR), TranscriptionRequest(language="tlh"))


def test_a_failing_engine_raises_its_cause(recognizer: WhisperRecognizer) -> None:
    broken = like(recognizer, beam_size=-1)
    with pytest.raises(EngineError) as caught:
        transcribe(broken, say(DOOR), ENGLISH)
    assert isinstance(caught.value.__cause__, ValueError | RuntimeError | TypeError)


def test_pcm16_gives_the_same_text(recognizer: WhisperRecognizer) -> None:
    again = SpeechDecoder(PcmFormat(SAMPLE_RATE, 2, 1)).push(to_pcm16(say(DOOR)))
    assert text(recognizer, again) == words(DOOR)
