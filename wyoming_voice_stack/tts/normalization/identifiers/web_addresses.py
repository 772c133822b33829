"""E-mail addresses, IP addresses, host names, paths and file names.

A query and a fragment are not spoken.
"""

from __future__ import annotations

import re

from wyoming_voice_stack.tts.normalization.identifiers.acronyms import is_spelled
from wyoming_voice_stack.tts.normalization.locale.locale_rules import LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import WIDE_LETTER

_MAIL = re.compile(
    rf"(?:(?<![\w.+-])|(?<={WIDE_LETTER}))[A-Za-z0-9][\w.+-]{{0,63}}@[A-Za-z0-9-]{{1,63}}(?:\.[A-Za-z0-9-]{{1,63}})+"
)
_IP = re.compile(
    r"(?<![\d.])(\d{1,3}(?:\.\d{1,3}){3})(?:(?P<sign>[:/])(?P<more>\d{1,5}))?(?![\d]|\.\d)"
    r"(?P<path>(?:/[A-Za-z_~][\w~-]*(?:\.[\w~-]+)*)*)"
)
_MAX_BYTE = 255
_TOP_DOMAINS = (
    "com|org|net|edu|gov|info|local|lan|home|app|dev|cloud|tv|io|ai|eu|de|at|ch|uk|ie|us|ca|au|nz|fr"
    "|be|nl|es|it|pt|br|pl|cz|hu|ru|tr|cn|jp|kr|in"
)
_HOST = re.compile(
    rf"(?:(?<![\w@.-])|(?<={WIDE_LETTER}))(?:(?:[a-zA-Z0-9][a-zA-Z0-9-]{{0,62}}\.)+(?:{_TOP_DOMAINS})|localhost(?=:\d))(?:\b|(?={WIDE_LETTER}))(?![@-]|\.\w)"
    r"(?::(?P<port>\d{1,5}))?(?P<path>(?:/\.?[\w~-]+(?:\.[\w~-]+)*)*/?)(?P<rest>[?#][\w%#/?=&.+:;,@!~-]*[\w%#/=&-])?",
)
_SCHEME = re.compile(r"(?<!\w)(?:mailto|tel|sms):(?=[\w+])", re.IGNORECASE)
_PATH = re.compile(
    rf"(?:(?<![^\s(\[\"'=:])|(?<={WIDE_LETTER})(?=/[A-Za-z][\w.-]*/))(?:~|\.{{1,2}})?(?:/[\w.-]*[A-Za-z_][\w.-]*)+/?(?<![.])"
)
_WINDOWS_PATH = re.compile(r"(?<![\w\\])[A-Za-z]:(?:\\[\w.-]+){1,20}\\?(?<![.])")
_SHARE = re.compile(r"(?<![\w\\:.])\\{1,2}[\w.-]+(?:\\[\w.$-]+){1,20}(?<!\.)")
"""A folder on a server: `\\\\nas\\music`."""
_FILE = re.compile(
    r"(?<![\w.@/-])[\w-]+(?:\.[\w-]+)*\."
    r"(?:ya?ml|json|py|txt|log|md|conf|cfg|ini|toml|sh|js|ts|css|html?|csv|xml|pdf|zip|db|sqlite"
    r"|mp3|mp4|wav|flac|ogg|jpe?g|png|gif|svg|onnx|pth|gz|tar|exe|docx?|xlsx?)\b(?!\.\w)",
)


def verbalize_addresses(text: str, locale: LocaleRules) -> str:
    """Verbalize addresses: words for the punctuation, and their numbers digit by digit."""
    if ":" in text:
        text = _SCHEME.sub("", text)
    if text.endswith(".") and _ends_in_address(text, locale):
        # With the full stop, the last part would be an abbreviation: `example.pl.`
        text = text[:-1]
    if "@" in text:
        text = _MAIL.sub(lambda match: _with_signs(match[0], locale), text)
    if ":\\" in text:
        text = _WINDOWS_PATH.sub(
            lambda match: _path(match[0].replace(":\\", "/").replace("\\", "/"), locale), text
        )
    if "\\" in text:
        text = _SHARE.sub(lambda match: _path(match[0].replace("\\", "/"), locale), text)
    if "/" in text:
        text = _PATH.sub(lambda match: _path(match[0], locale), text)
    if "." in text:
        text = _IP.sub(lambda match: _ip(match, locale), text)
        text = _FILE.sub(lambda match: _with_signs(match[0], locale), text)
    if "." in text or "localhost:" in text:
        text = _HOST.sub(lambda match: _host(match, locale), text)
    return text


def _ends_in_address(text: str, locale: LocaleRules) -> bool:
    end = len(text) - 1
    hosts = (match for match in _HOST.finditer(text) if match.end() == end)
    is_host = any(not is_spelled(f"{match[0]}.", locale) for match in hosts)
    return is_host or any(match.end() == end for match in _MAIL.finditer(text))


def _with_signs(address: str, locale: LocaleRules) -> str:
    words = locale.lexicon
    spoken = {
        "@": words.at,
        ".": words.dot,
        "-": words.dash,
        "_": words.underscore,
        "+": locale.sign("plus") or "+",
        "/": words.slash,
    }
    pieces = re.split(r"([@.\-_+/])", address)
    return " ".join(spoken.get(piece, piece) for piece in pieces if piece)


def _ip(match: re.Match[str], locale: LocaleRules) -> str:
    numbers = match[1].split(".")
    if any(int(number) > _MAX_BYTE for number in numbers):
        return match[0]
    spoken = f" {locale.lexicon.dot} ".join(map(locale.numerals.digits, numbers))
    if match["sign"]:
        sign = f" {locale.lexicon.slash}" if match["sign"] == "/" else ","
        spoken += f"{sign} {locale.numerals.digits(match['more'])}"
    return f"{spoken} {_with_signs(match['path'], locale)}" if match["path"] else spoken


def _host(match: re.Match[str], locale: LocaleRules) -> str:
    if match.string[match.end() :].startswith(".") and is_spelled(f"{match[0]}.", locale):
        return match[0]
    path = match["path"].rstrip("/")
    host = match[0].removesuffix(match["rest"] or "").removesuffix(match["path"])
    port = match["port"]
    spoken = _with_signs(host.removesuffix(f":{port}"), locale)
    if port:
        spoken += f", {locale.numerals.digits(port)}"
    return spoken + (f" {_with_signs(path, locale)}" if path else "")


def _path(path: str, locale: LocaleRules) -> str:
    folders = re.sub(r"[/~_-]+", " ", re.sub(r"^\.{1,2}/", "", path))
    return " ".join(folders.replace(".", f" {locale.lexicon.dot} ").split())
