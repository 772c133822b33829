from __future__ import annotations

import pytest

from wyoming_voice_stack.tts.text.markup.formulas import plain_formulas

FORMULAS = {
    "$x^2 + y^2 = z^2$": "x\u00b2 + y\u00b2 = z\u00b2",
    "$E = mc^2$": "E = mc\u00b2",
    r"$\frac{1}{2}x$": "\u00bd x",
    r"$\frac{a+b}{c}$": "a+b \u00f7 c",
    r"$\frac12$": "\u00bd",
    r"$\sqrt{16} = 4$": "\u221a16 = 4",
    r"$3 \times 4 \leq 12$": "3 \u00d7 4 \u2264 12",
    r"$x_1 + x_{2}$": "x 1 + x 2",
    r"$25^\circ\text{C}$": "25\u00b0 C",
    r"$2^{10}$": "2^10",
    r"$\pi r^2$": "pi r\u00b2",
    "$x$": "x",
    "$f(x)$": "f(x)",
    r"\(a = b\)": "a = b",
    r"\[a^3\]": "a\u00b3",
    "$$a = b$$": "a = b",
    r"\boxed{42}": "42",
    r"\frac{3}{4} cup": "\u00be cup",
    r"$\sqrt{\frac{1}{2}}$": "\u221a \u00bd",
    r"$50\%$": "50%",
    r"$\sum_{i=1}^{n} i$": "\u2211 i=1 \u2025 n, i",
    r"$\prod\limits_1^\infty a$": "\u220f 1 \u2025 \u221e, a",
    r"$\int x dx$": "\u222b x dx",
}
NO_FORMULAS = [
    "We have $5 and $10 left.",
    "It costs $5/month or $50/year.",
    "$AAPL, $TSLA and $5-$10",
    "**$5** or **$10**",
    "5$ to 10$",
    "echo $HOME/$USER",
    r"C:\Users\text\times",
    r"\[not a link\]",
    "US$5 is 5$",
]


@pytest.mark.parametrize(("text", "expected"), FORMULAS.items())
def test_formulas_become_text(text: str, expected: str) -> None:
    assert " ".join(plain_formulas(text).split()) == expected


@pytest.mark.parametrize("text", NO_FORMULAS)
def test_other_text_stays(text: str) -> None:
    assert plain_formulas(text) == text
