"""English names of Whisper's languages, which the HTTP API accepts and returns."""

from __future__ import annotations

from functools import cache

from wyoming_voice_stack.asr.whisper.catalogue import WHISPER_LANGUAGES, to_code, to_tag

_NAMES = (
    "English Chinese German Spanish Russian Korean French Japanese Portuguese Turkish Polish Catalan"
    " Dutch Arabic Swedish Italian Indonesian Hindi Finnish Vietnamese Hebrew Ukrainian Greek Malay"
    " Czech Romanian Danish Hungarian Tamil Norwegian Thai Urdu Croatian Bulgarian Lithuanian Latin"
    " Maori Malayalam Welsh Slovak Telugu Persian Latvian Bengali Serbian Azerbaijani Slovenian"
    " Kannada Estonian Macedonian Breton Basque Icelandic Armenian Nepali Mongolian Bosnian Kazakh"
    " Albanian Swahili Galician Marathi Punjabi Sinhala Khmer Shona Yoruba Somali Afrikaans Occitan"
    " Georgian Belarusian Tajik Sindhi Gujarati Amharic Yiddish Lao Uzbek Faroese Haitian_Creole"
    " Pashto Turkmen Nynorsk Maltese Sanskrit Luxembourgish Myanmar Tibetan Tagalog Malagasy Assamese"
    " Tatar Hawaiian Lingala Hausa Bashkir Javanese Sundanese Cantonese"
)
"""In the order of `WHISPER_LANGUAGES`."""
_OTHER_NAMES = {
    "burmese": "my",
    "castilian": "es",
    "farsi": "fa",
    "filipino": "tl",
    "flemish": "nl",
    "letzeburgesch": "lb",
    "mandarin": "zh",
    "moldavian": "ro",
    "panjabi": "pa",
    "pushto": "ps",
    "sinhalese": "si",
    "valencian": "ca",
}


def language_name(code: str) -> str:
    """Return the English name of Whisper's code in lower case, such as `german`."""
    return _by_code().get(code, code)


def code_of_language(name: str) -> str | None:
    """Return Whisper's code for an English name such as `German`; None for other names."""
    wanted = " ".join(name.casefold().replace("_", " ").split())
    codes = {known: code for code, known in _by_code().items()}
    return codes.get(wanted) or _OTHER_NAMES.get(wanted)


@cache
def _by_code() -> dict[str, str]:
    names = (name.lower().replace("_", " ") for name in _NAMES.split())
    return dict(zip(WHISPER_LANGUAGES, names, strict=True))


def language_tag(text: str) -> str:
    """Return the BCP 47 tag for a language that a client names: a tag, or an English name.

    A tag of a region that Whisper does not distinguish, such as `zh-TW`, is that of its language. A
    text that is neither is returned as it is, for the message that refuses it.
    """
    asked = text.strip()
    code = code_of_language(asked) or to_code(asked)
    return asked if code is None else to_tag(code)
