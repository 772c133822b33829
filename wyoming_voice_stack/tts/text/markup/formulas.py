"""LaTeX formulas as plain text with signs: `$x^2$` becomes `x²`."""

from __future__ import annotations

import re

_LONGEST_FORMULA = 300
_MAX_DEPTH = 4
"""Arguments inside each other that are resolved; deeper ones keep their braces."""
_DISPLAYED = re.compile(rf"\$\$([^$]{{1,{_LONGEST_FORMULA}}})\$\$")
_INLINE = re.compile(rf"(?<![\w$\\])\$(?![\s$])([^$\n]{{1,{_LONGEST_FORMULA}}})(?<!\s)\$(?![\w$])")
_DELIMITED = re.compile(
    rf"\\\((.{{1,{_LONGEST_FORMULA}}}?)\\\)|\\\[(.{{1,{_LONGEST_FORMULA}}}?)\\\]", re.DOTALL
)
_MATHEMATICAL = re.compile(r"[\\^_=+*/<>{}]|^\d*[^\W\d_](?:\(\w\))?$")
_ESCAPED = re.compile(r"[\\^=]")
_ARGUMENT = r"\{([^{}]{0,80})\}"
_FRACTION = re.compile(rf"\\[dtc]?frac\s?(?:{_ARGUMENT}\s?{_ARGUMENT}|(\d)(\d))")
_ROOT = re.compile(rf"\\sqrt(?:\[\d{{1,2}}\])?\s?(?:{_ARGUMENT}|(\w))")
_WRAPPED = re.compile(
    r"\\(?:text|textbf|textit|mathrm|mathbf|mathit|operatorname|boxed|overline|vec|hat|mbox|ce)"
    rf"\s?{_ARGUMENT}"
)
_DEGREE = re.compile(r"\^\s?(?:\{\s?\\circ\s?\}|\\circ(?![A-Za-z]))")
_RAISED = re.compile(r"\^\s?(?:\{([^{}]{1,40})\}|(\w))")
_LOWERED = re.compile(r"_\s?(?:\{([^{}]{1,40})\}|(\w))")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[a-z*]{1,20}\}|\\\\|&(?![a-z#])")
_NAME = re.compile(r"(?<![A-Za-z_:\\])\\([A-Za-z]{1,20})")
_BOUND = r"\s?(?:\{([^{}]{1,40})\}|(\\[A-Za-z]{1,10}|\w))"
_SUM = re.compile(rf"\\(sum|prod|int)(?:\\limits)?\s?_{_BOUND}\s?\^{_BOUND}")
_BRACES = re.compile(r"[{}]")
_SPACING = re.compile(r"\\[,;:! ]")
_ESCAPED_SIGN = re.compile(r"\\([%$#&_])")
_SQUARES = {"2": "\u00b2", "3": "\u00b3"}
_FRACTIONS = {
    ("1", "2"): "\u00bd",
    ("1", "4"): "\u00bc",
    ("3", "4"): "\u00be",
    ("1", "3"): "\u2153",
    ("2", "3"): "\u2154",
}
_SIGNS = {
    "times": "\u00d7",
    "cdot": "\u00d7",
    "div": "\u00f7",
    "pm": "\u00b1",
    "le": "\u2264",
    "leq": "\u2264",
    "ge": "\u2265",
    "geq": "\u2265",
    "ne": "\u2260",
    "neq": "\u2260",
    "approx": "\u2248",
    "infty": "\u221e",
    "degree": "\u00b0",
    "circ": "\u00b0",
    "to": "\u2192",
    "rightarrow": "\u2192",
    "Rightarrow": "\u21d2",
    "sum": "\u2211",
    "int": "\u222b",
    "prod": "\u220f",
    "ldots": "\u2026",
    "dots": "\u2026",
    "left": "",
    "limits": "",
    "right": "",
    "quad": " ",
    "qquad": " ",
    "displaystyle": "",
}
"""Signs by command. Any other command is spoken by its name, such as `pi`."""
_BRACED = ("frac{", "sqrt{", "text{", "boxed{", "mathrm{")
"""Commands that are no part of a path, and so are formulas without delimiters too."""


def plain_formulas(text: str) -> str:
    """Return `text` with its formulas as plain text."""
    if "$" in text:
        text = _DISPLAYED.sub(lambda match: f" {_plain(match[1])} ", text)
        text = _INLINE.sub(_inline, text)
    if "\\" not in text:
        return text
    text = _DELIMITED.sub(_delimited, text)
    is_formula = any(f"\\{command}" in text for command in _BRACED)
    return _without_commands(text) if is_formula else text


def _inline(match: re.Match[str]) -> str:
    return _plain(match[1]) if _MATHEMATICAL.search(match[1]) else match[0]


def _delimited(match: re.Match[str]) -> str:
    """Return the formula, unless the brackets are escaped Markdown around text."""
    formula = match[1] or match[2]
    return f" {_plain(formula)} " if _ESCAPED.search(formula) or len(formula) == 1 else match[0]


def _plain(formula: str) -> str:
    text = _ESCAPED_SIGN.sub(r"\1", _ENVIRONMENT.sub(" ", _SPACING.sub(" ", formula)))
    text = _SUM.sub(_with_bounds, text)
    text = _RAISED.sub(_raised, _without_commands(_DEGREE.sub("\u00b0", text)))
    return _BRACES.sub("", _LOWERED.sub(r" \1\2 ", text)).strip()


def _without_commands(text: str) -> str:
    for _ in range(_MAX_DEPTH):
        resolved = _FRACTION.sub(_fraction, _ROOT.sub(_root, _WRAPPED.sub(r" \1 ", text)))
        if resolved == text:
            break
        text = resolved
    return _NAME.sub(lambda match: _SIGNS.get(match[1], f" {match[1]} "), text)


def _with_bounds(match: re.Match[str]) -> str:
    """Return the sign with its bounds, between which two dots stand for a word: `\u2211 i=1 \u2025 n,`."""
    lower, upper = (match[2] or match[3]).strip(), (match[4] or match[5]).strip()
    return f"{_SIGNS[match[1]]} {lower} \u2025 {upper}, "


def _fraction(match: re.Match[str]) -> str:
    above, below = ((match[1] or match[3] or "").strip(), (match[2] or match[4] or "").strip())
    known = _FRACTIONS.get((above, below))
    return f" {known} " if known else f" {above} \u00f7 {below} "


def _root(match: re.Match[str]) -> str:
    return f" \u221a{match[1] or match[2] or ''} "


def _raised(match: re.Match[str]) -> str:
    exponent = (match[1] or match[2]).strip()
    return _SQUARES.get(exponent, f"^{exponent}")
