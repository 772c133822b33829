from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from tests import sounds
from tests.speech import at_level, say, silence, words
from wyoming_voice_stack.asr.catalogue import LANGUAGES_BEFORE_V3
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples, TranscriptionRequest
from wyoming_voice_stack.asr.whisper import WhisperRecognizer, _heard, _join
from wyoming_voice_stack.audio import PcmFormat, SpeechDecoder, to_pcm16
from wyoming_voice_stack.errors import EngineError, UnknownLanguage

ENGLISH = TranscriptionRequest(language="en")
DOOR = "Close the garage door and turn off all the lights."
SENTENCES = (
    "Turn on the kitchen light.",
    "What is the weather like tomorrow in London?",
    "Set a timer for ten minutes.",
    DOOR,
    "No, thank you very much.",
    "Stop.",
)


def text(recognizer: WhisperRecognizer, samples: Samples) -> list[str]:
    return words(recognizer.transcribe(samples, ENGLISH).text)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_what_was_said_is_written(recognizer: WhisperRecognizer, sentence: str) -> None:
    heard = recognizer.transcribe(say(sentence), ENGLISH)
    assert words(heard.text) == words(sentence)
    assert heard.text == " ".join(heard.text.split())
    assert heard.language == "en"


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
    heard, expected = text(recognizer, speech), words(" ".join(said))
    assert len(speech) > 35 * SAMPLE_RATE
    assert len(heard) == len(expected)
    # The smallest model mishears a word of a hundred; none may be missing.
    assert sum(a != b for a, b in zip(heard, expected, strict=True)) <= 3


def test_who_says_the_same_again_and_again_is_written_so(recognizer: WhisperRecognizer) -> None:
    speech = np.concatenate([piece for _ in range(8) for piece in (say(DOOR), silence(0.3))])
    heard = recognizer.transcribe(speech, ENGLISH).text
    assert len(words(heard)) == pytest.approx(8 * len(words(DOOR)), abs=len(words(DOOR)))


@pytest.mark.parametrize("dbfs", [-40, -50])
def test_quiet_speech(recognizer: WhisperRecognizer, dbfs: float) -> None:
    assert text(recognizer, at_level(say(DOOR), dbfs)) == words(DOOR)


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
def test_where_nobody_speaks_nothing_is_written(
    recognizer: WhisperRecognizer, sound: Samples
) -> None:
    assert recognizer.transcribe(sound, TranscriptionRequest()).text == ""
    assert recognizer.transcribe(sound, TranscriptionRequest()).language is None
    assert recognizer.transcribe(sound, ENGLISH).language == "en"


class Figures(NamedTuple):
    """What Whisper says of a text."""

    avg_logprob: float
    no_speech_prob: float = 0.1
    compression_ratio: float = 1.0
    tokens: tuple[int, ...] = (1,) * 10
    text: str = "Yes."


@pytest.mark.parametrize(
    ("figures", "kept"),
    [
        (Figures(-0.3), True),
        (Figures(-1.2), True),
        (Figures(-1.4), False),
        (Figures(-0.4, no_speech_prob=0.7), True),
        (Figures(-0.6, no_speech_prob=0.7), False),
        (Figures(-0.2, compression_ratio=9), True),
        (Figures(-0.2, compression_ratio=9, no_speech_prob=0.7), False),
        (Figures(-0.2, compression_ratio=9, tokens=(1,) * 50), False),
        (Figures(-0.2, tokens=(1,) * 50), True),
    ],
)
def test_whispers_own_figures_decide(figures: Figures, *, kept: bool) -> None:
    assert _heard([figures], max_tokens=50) == (["Yes."] if kept else [])


@pytest.mark.parametrize(
    ("parts", "language", "joined"),
    [
        ([" Turn it on. ", "Now."], "en", "Turn it on. Now."),
        (["开灯", "。"], "zh", "开灯。"),
        ([" .", " ..."], "en", ""),
        ([" Yes\ufffd"], "en", "Yes"),
        ([], "en", ""),
    ],
)
def test_parts_become_one_text(parts: list[str], language: str, joined: str) -> None:
    assert _join(parts, language) == joined


class EverythingIsSpeech:
    """A voice activity network that is always wrong, to see what Whisper's own figures hold off."""

    def speech_probabilities(self, samples: Samples) -> Samples:
        return np.ones(len(samples) // 512, np.float32)


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
def test_whisper_invents_nothing_either(recognizer: WhisperRecognizer, sound: Samples) -> None:
    gullible = WhisperRecognizer(
        recognizer._model, languages=("en",), beam_size=1, vad=EverythingIsSpeech()
    )
    assert gullible.transcribe(at_level(sound, -30).clip(-1, 1), ENGLISH).text == ""


def test_the_same_request_gives_the_same_text(recognizer: WhisperRecognizer) -> None:
    speech = at_level(say(DOOR), -30) + at_level(sounds.noise(10, 0), -30)[: len(say(DOOR))]
    heard = {recognizer.transcribe(speech, ENGLISH).text for _ in range(3)}
    assert len(heard) == 1


def test_names_change_how_a_word_is_written(recognizer: WhisperRecognizer) -> None:
    speech = say("Please call Katharyn.")
    request = TranscriptionRequest(language="en", names=("Catharine", "Katharyn"))
    assert "Katharyn" not in recognizer.transcribe(speech, ENGLISH).text
    assert "Katharyn" in recognizer.transcribe(speech, request).text


def test_a_huge_list_of_names_and_a_huge_prompt_do_no_harm(recognizer: WhisperRecognizer) -> None:
    request = TranscriptionRequest(
        language="en",
        names=tuple(f"Lamp of {name} {number}" for number in range(1_000) for name in "AB"),
        terms=("x" * 100_000,),
        initial_prompt="A household tells its machines what to do. " * 500,
    )
    assert words(recognizer.transcribe(say(DOOR), request).text) == words(DOOR)


def test_an_english_model_transcribes_whatever_the_task(recognizer: WhisperRecognizer) -> None:
    heard = recognizer.transcribe(say(DOOR), TranscriptionRequest(task="translate"))
    assert (words(heard.text), heard.language) == (words(DOOR), "en")


@pytest.mark.parametrize(
    "request_", [TranscriptionRequest("de"), TranscriptionRequest(candidate_languages=("de",))]
)
def test_an_english_model_refuses_other_languages(
    recognizer: WhisperRecognizer, request_: TranscriptionRequest
) -> None:
    with pytest.raises(UnknownLanguage, match="'de'"):
        recognizer.transcribe(say(DOOR), request_)


@pytest.mark.parametrize(
    ("candidates", "detected"),
    [((), "de"), (("en", "fr"), "fr"), (("it",), "it"), (("xx", "en"), "en")],
)
def test_language_is_detected_among_the_candidates(
    polyglot: WhisperRecognizer, candidates: tuple[str, ...], detected: str
) -> None:
    heard = polyglot.transcribe(say(DOOR), TranscriptionRequest(candidate_languages=candidates))
    assert (words(heard.text), heard.language) == (words(DOOR), detected)


def test_a_language_that_is_given_is_not_detected(polyglot: WhisperRecognizer) -> None:
    request = TranscriptionRequest(language="it", candidate_languages=("de", "fr"))
    assert polyglot.transcribe(say(DOOR), request).language == "it"
    assert polyglot.languages == LANGUAGES_BEFORE_V3


def test_a_translation_is_english(polyglot: WhisperRecognizer) -> None:
    heard = polyglot.transcribe(say(DOOR), TranscriptionRequest(language="fr", task="translate"))
    assert heard.language == "en"


def test_a_language_that_does_not_exist_is_refused(polyglot: WhisperRecognizer) -> None:
    with pytest.raises(UnknownLanguage, match="'tlh'"):
        polyglot.transcribe(say(DOOR), TranscriptionRequest(language="tlh"))


def test_a_failing_engine_raises_its_cause(recognizer: WhisperRecognizer) -> None:
    broken = WhisperRecognizer(
        recognizer._model, languages=("en",), beam_size=-1, vad=recognizer._vad
    )
    with pytest.raises(EngineError) as caught:
        broken.transcribe(say(DOOR), ENGLISH)
    assert isinstance(caught.value.__cause__, ValueError | RuntimeError | TypeError)


def test_pcm16_of_an_utterance_is_heard_as_well(recognizer: WhisperRecognizer) -> None:
    again = SpeechDecoder(PcmFormat(SAMPLE_RATE, 2, 1)).push(to_pcm16(say(DOOR)))
    assert text(recognizer, again) == words(DOOR)
