from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voice_stack.tts.text.character_folding import fold_characters
from wyoming_voice_stack.tts.text.cleaning import clean_text

SIGNS = [
    ("✓ Kitchen light is on", "Kitchen light is on."),
    ("✔️ Done ✗ Not done", "Done Not done."),
    ("Rating: ★★★★☆. Good", "Rating. Good."),
    ("☐ Milk", "Milk."),
    ("➜ Open Settings ➜ Devices → Add", "Open Settings, Devices, Add."),
    ("up ↑ down ↓", "up down."),
    ("│ a │ ├── src █████ 80%", "a src 80%."),
    ("■ one ▲ two ◆ three", "one two three."),
    ("⌘C copies ⏎", "C copies."),
    ("⠿ ␀ \ue000 \ufffd ☃ me", "me."),
    ("Foo™ and Bar® © 2024", "Foo and Bar 2024."),
    ("It is 21 °C, № 5", "It is 21 °C, № 5."),
    ("a ≤ b ≈ c ± 1", "a ≤ b ≈ c ± 1."),
]
WIDTHS = [
    ("时间是１８：３０，２６．５度。", "时间是18:30，26.5度。"),
    ("１，２３４円と１，２", "1,234円と1，2。"),
    ("（ＡＢＣ）！", "(ABC)!"),
    ("（ＡＢＣ）好！", "（ABC）好！"),
    ("Ａｐｐｌｅ！　５０％，＄５", "Apple! 50%,$5."),
    ("３，５ Grad", "3,5 Grad."),
    ("ﾃｽﾄ", "テスト。"),
    ("２㎏ ㎞ ㎝", "2kg km cm."),
    ("21℃ 70℉", "21°C 70°F."),
    ("ofﬁce", "office."),
    ("１０％～２０％ ℃ ~5", "10%–20% °C ~5."),
    ("Wi‑Fi", "Wi-Fi."),
    ("￥99 ￦5", "¥99 ₩5."),
]
SCRIPTS = [
    ("٢١٫٥ و ١٬٢٣٤", "21.5 و 1234."),
    ("۱۲:۳۰", "12:30."),
    ("तापमान २१.५", "तापमान 21.5।"),
    ("১২ টা", "12 টা।"),
    ("𝟏𝟐 𝐁𝐨𝐥𝐝 𝑖𝑡𝑎𝑙𝑖𝑐 𝒮𝒸𝓇𝒾𝓅𝓉", "12 Bold italic Script."),
    ("①Open ② Close ❸ Go ⑴ ⑳ ㊿", "1 Open 2 Close 3 Go 1 20 50."),
    ("①打开", "1 打开。"),
    ("H₂O, CO₂ and x₁", "H2O, CO2 and x1."),
    ("10⁶ and 10⁻³, 2ⁿ and x⁴", "10^6 and 10^-3, 2^n and x^4."),
    ("5 m² and 6 m³ at 3 m·s⁻¹", "5 m² and 6 m³ at 3 m·s^-1."),
    ("as he said¹ and wrote¹²", "as he said and wrote."),
    (
        "the 1ˢᵗ, s\u0336t\u0336r\u0336u\u0336c\u0336k\u0336 and \u0308 alone",
        "the 1st, struck and alone.",
    ),
    ("le XIXᵉ siècle, la 2ᵉ, 4ᵗʰ", "le XIXe siècle, la 2e, 4th."),
]


@pytest.mark.parametrize(("text", "cleaned"), [*SIGNS, *WIDTHS, *SCRIPTS])
def test_characters_are_folded(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


@given(st.text())
def test_any_text_has_plain_digits_and_no_pictograms(text: str) -> None:
    folded = fold_characters(text)
    for character in folded:
        assert character.isascii() or not character.isdecimal()
        assert unicodedata.category(character) not in {"So", "Co"} or character in "°№"


@given(st.text("0123456789 abcäß.,:;!?\n"))
def test_plain_text_stays(text: str) -> None:
    assert fold_characters(text) == text
