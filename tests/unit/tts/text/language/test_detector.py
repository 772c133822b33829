from __future__ import annotations

import subprocess
import sys

import pytest

from wyoming_voice_stack.tts.text.language.detector import LanguageDetector

SPOKEN = {
    "en": ["Turn on the light in the kitchen.", "Sorry, I did not understand that."],
    "de": ["Das Licht in der Küche ist an.", "Dein Timer ist fertig."],
    "fr": ["La lumière de la cuisine est allumée.", "Désolé, je n'ai pas compris."],
    "es": ["La luz de la cocina está encendida.", "Lo siento, no te he entendido."],
    "it": ["La luce della cucina è accesa.", "Mi dispiace, non ho capito."],
    "pt": ["A luz da cozinha está ligada.", "Desculpe, não entendi."],
    "pl": ["Światło w kuchni jest włączone.", "Przepraszam, nie zrozumiałem."],
    "tr": ["Mutfaktaki ışık açık.", "Üzgünüm, anlamadım."],
    "ru": ["Свет на кухне включён.", "Извините, я не понял."],
    "nl": ["Het licht in de keuken is aan.", "Sorry, dat heb ik niet begrepen."],
    "cs": ["Světlo v kuchyni je zapnuté.", "Promiňte, nerozuměl jsem."],
    "ar": ["الضوء في المطبخ مضاء.", "آسف، لم أفهم."],
    "zh-CN": ["厨房的灯已经打开了。", "对不起，我没听懂。"],
    "hu": ["A konyhában ég a lámpa.", "Sajnálom, nem értettem."],
    "ko": ["부엌 불이 켜져 있습니다.", "죄송합니다, 이해하지 못했습니다."],
    "ja": ["台所の電気がついています。", "すみません、わかりませんでした。"],
    "hi": ["रसोई की बत्ती जल रही है।", "माफ़ कीजिए, मैं समझा नहीं।"],
}


@pytest.fixture(scope="module")
def among_all() -> LanguageDetector:
    detector = LanguageDetector(list(SPOKEN))
    detector.preload()
    return detector


@pytest.mark.parametrize(
    ("language", "text"),
    [(language, text) for language, texts in SPOKEN.items() for text in texts],
)
def test_a_short_sentence_is_known_among_all(
    among_all: LanguageDetector, language: str, text: str
) -> None:
    assert among_all.detect(text) == language


@pytest.mark.parametrize("text", ["", "21.5", "!!!", "🎉", "5 € + 3 %"])
def test_text_without_letters_gives_the_fallback(text: str) -> None:
    assert LanguageDetector(["en", "de"]).detect(text) == "en"
    assert LanguageDetector(["de", "en"]).detect(text) == "de"


def test_two_languages() -> None:
    detector = LanguageDetector(["en", "de"])
    assert detector.detect("Mach bitte das Licht an.") == "de"
    assert detector.detect("Please turn on the light.") == "en"


def test_what_may_be_either_gives_the_fallback() -> None:
    assert LanguageDetector(["en", "de"]).detect("OK.") == "en"
    assert LanguageDetector(["de", "en"]).detect("OK.") == "de"


def test_tags_come_back_as_given_and_the_first_of_a_language_wins() -> None:
    detector = LanguageDetector(["de-AT", "de", "en-US", "en-GB", "zh_CN", "no"])
    assert detector.detect("Mach bitte das Licht an.") == "de-AT"
    assert detector.detect("Please turn on the light.") == "en-US"
    assert detector.detect("厨房的灯已经打开了。") == "zh_CN"
    assert detector.detect("Lyset på kjøkkenet er slått på nå.") == "no"


def test_a_script_of_none_of_the_languages_gives_the_fallback() -> None:
    assert LanguageDetector(["de", "en"]).detect("厨房的灯") == "de"


def test_unknown_languages_break_nothing() -> None:
    assert LanguageDetector(["tlh", "de"]).detect("Mach das Licht an.") == "tlh"
    assert LanguageDetector(["de", "tlh"]).detect("Mach das Licht an.") == "de"
    detector = LanguageDetector(["tlh", "de", "en"])
    assert detector.detect("Mach bitte das Licht an.") == "de"
    assert detector.detect("厨房的灯") == "tlh"


def test_no_language_is_refused() -> None:
    with pytest.raises(ValueError, match="no language"):
        LanguageDetector([])


@pytest.mark.parametrize(
    ("languages", "is_loaded"), [(["en-US", "en-GB"], False), (["en", "de"], True)]
)
def test_lingua_is_loaded_only_for_a_choice(languages: list[str], *, is_loaded: bool) -> None:
    script = (
        "import sys\n"
        "from wyoming_voice_stack.tts.text.language.detector import LanguageDetector\n"
        f"detector = LanguageDetector({languages!r})\n"
        "assert 'lingua' not in sys.modules\n"
        "detector.detect('Hello there')\n"
        f"assert ('lingua' in sys.modules) is {is_loaded}\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
