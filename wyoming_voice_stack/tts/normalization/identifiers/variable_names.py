"""Identifiers in software: Home Assistant entity IDs and snake_case names."""

from __future__ import annotations

import re

from wyoming_voice_stack.tts.normalization.locale.notation import WIDE_LETTER

_DOMAINS = (
    "alarm_control_panel|automation|binary_sensor|button|calendar|camera|climate|conversation|counter"
    r"|cover|device_tracker|event|fan|group|homeassistant(?!\.local)|humidifier|image|input_boolean|input_button"
    "|input_datetime|input_number|input_select|input_text|lawn_mower|light|lock|media_player|notify"
    "|number|person|plant|remote|scene|schedule|script|select|sensor|siren|stt|sun|switch|text|time"
    "|timer|todo|tts|update|vacuum|valve|wake_word|water_heater|weather|zone"
)
_ENTITY = re.compile(
    rf"(?:(?<![\w.])|(?<={WIDE_LETTER}))(?:{_DOMAINS})\.[a-z0-9_]+(?:(?![\w(]|\.\w)|(?={WIDE_LETTER}))"
)
_STANDARD = re.compile(r"(?<![\w.])([A-Z]{1,2})\.(?=\d{3,4}(?!\w|\.\d))")
"""The letters of a standard such as `H.264`."""
_SNAKE = re.compile(r"(?<![\w@])_{0,2}[^\W_]+(?:_+[^\W_]+)+_{0,2}(?!\w)")


def verbalize_identifiers(text: str) -> str:
    """Rewrite `light.living_room` as `light living room`, in any language."""
    if "." in text:
        text = _ENTITY.sub(lambda match: match[0].replace(".", " ").replace("_", " "), text)
    text = _STANDARD.sub(r"\1 ", text)
    if "_" in text:
        text = _SNAKE.sub(lambda match: " ".join(match[0].replace("_", " ").split()), text)
    return text
