"""The Piper voice that is used for a language if the user names none.

The names are those of the repository `rhasspy/piper-voices`. Where a language has several voices, the
table has one of medium quality, which small machines synthesize faster than real time.
"""

from __future__ import annotations

from wyoming_voice_stack.languages import closest_language

_NAMES = """
ar_JO-kareem-medium ca_ES-upc_ona-medium cs_CZ-jirka-medium da_DK-talesyntese-medium
de_DE-thorsten-medium el_GR-rapunzelina-low en_US-lessac-medium en_GB-alba-medium
es_ES-davefx-medium es_MX-ald-medium eu_ES-antton-medium fa_IR-amir-medium fi_FI-harri-medium
fr_FR-siwis-medium hi_IN-pratham-medium hu_HU-anna-medium id_ID-news_tts-medium is_IS-bui-medium
it_IT-paola-medium ka_GE-natia-medium kk_KZ-issai-high lb_LU-marylux-medium lv_LV-aivars-medium
ne_NP-google-medium nl_NL-mls-medium nl_BE-nathalie-medium no_NO-talesyntese-medium
pl_PL-darkman-medium pt_PT-tug\N{LATIN SMALL LETTER A WITH TILDE}o-medium pt_BR-faber-medium
ro_RO-mihai-medium ru_RU-irina-medium sk_SK-lili-medium sl_SI-artur-medium
sr_RS-serbski_institut-medium sv_SE-nst-medium sw_CD-lanfrica-medium tr_TR-dfki-medium
uk_UA-ukrainian_tts-medium vi_VN-vais1000-medium zh_CN-huayan-medium
"""
_VOICES = {name.partition("-")[0].replace("_", "-"): name for name in _NAMES.split()}


def voice_for_language(language: str) -> str | None:
    """The voice for a BCP 47 tag such as `de`, `en-GB` or `pt_BR`; None if Piper has none."""
    wanted = language.replace("_", "-")
    # Scripts do not matter for speech: zh-Hant gets the voice for zh.
    for name in (wanted, wanted.partition("-")[0]):
        tag = closest_language(name, _VOICES)
        if tag is not None:
            return _VOICES[tag]
    return None


def default_voices() -> tuple[str, ...]:
    """The names of all default voices."""
    return tuple(_VOICES.values())
