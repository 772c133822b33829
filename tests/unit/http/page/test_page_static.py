"""The files of the page: complete in every language, small, and without anything from elsewhere."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from tests.support.page_texts import texts_of
from wyoming_voice_stack.http.page.plain_page import PLAIN_PATH

STATIC = Path(str(files("wyoming_voice_stack.http.page") / "static"))
TEXTS = {path.name: path.read_text("utf-8") for path in STATIC.iterdir()}
SCRIPTS = {name: text for name, text in TEXTS.items() if name.endswith(".js")}
LANGUAGES = {name: texts_of(TEXTS[name]) for name in ("en.json", "de.json")}
MAX_BYTES = 100_000
MAX_FIRST_PAINT_BYTES = 30_000
ALLOWED_ADDRESSES = {
    # A name in XML, and a link that is followed only by a click.
    "//www.w3.org/2000/svg",
    "//my.home-assistant.io/redirect/config_flow_start/?domain=wyoming",
}
FORMS = (".one", ".other")
"""Ends of the keys of texts that depend on a number."""


def test_all_is_small() -> None:
    sizes = {path.name: path.stat().st_size for path in STATIC.iterdir()}
    assert sum(sizes.values()) < MAX_BYTES
    assert sizes["index.html"] + sizes["app.css"] < MAX_FIRST_PAINT_BYTES


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_nothing_comes_from_elsewhere(name: str) -> None:
    # A page of the browser's own settings is not elsewhere.
    text = TEXTS[name].replace("chrome://", "")
    found = {each.rstrip(",.;)") for each in re.findall(r"""//\w[^\s"'`<>]*""", text)}
    assert found <= ALLOWED_ADDRESSES
    assert not re.findall(r"@import|url\(", TEXTS[name])


def test_scripts_and_styles_are_files() -> None:
    html = TEXTS["index.html"]
    assert not re.findall(r"<style|\sstyle=|\son\w+=|javascript:", html)
    assert re.findall(r"<script[^>]*>", html) == ['<script type="module" src="app.js">']
    for reference in re.findall(r'(?:src|href)="([\w.-]+)"', html):
        # The server makes the plain page.
        assert reference in {*TEXTS, PLAIN_PATH}


def test_every_style_says_something() -> None:
    assert not re.findall(r"[^{}]+\{\s*\}", TEXTS["app.css"])


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_scripts_write_text_and_never_html(name: str) -> None:
    banned = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    assert not re.findall(banned, SCRIPTS[name])
    for module in re.findall(r'from "\./([^"]+)"|addModule\("([^"]+)"', SCRIPTS[name]):
        assert "".join(module) in TEXTS


def test_languages_have_the_same_keys() -> None:
    english, german = LANGUAGES.values()
    assert english.keys() == german.keys()
    for key, text in english.items():
        assert placeholders(text) == placeholders(german[key]), key
        assert text.strip()
        assert german[key].strip()


def test_every_text_is_used_and_there() -> None:
    keys = {key.removesuffix(FORMS[0]).removesuffix(FORMS[1]) for key in LANGUAGES["en.json"]}
    sources = "".join([TEXTS["index.html"], *SCRIPTS.values()])
    asked = set(re.findall(r'data-t(?:-label)?="([^"]+)"', sources))
    asked |= set(re.findall(r'\b(?:t|button)\("([^"]+)"', sources))
    assert asked <= keys
    # Texts are also chosen by a state, a kind or the name of an error.
    computed = re.findall(r"\bt\(`([\w.]+)\.\$", sources)
    computed += ["hear", "level", "voices", "activity"]
    quoted = set(re.findall(r'"(\w+\.[\w.-]+)"', sources))
    titles = {f"{name}.title" for name in re.findall(r'id="(\w+)-section"', sources)}
    assert titles <= keys
    rest = keys - asked - quoted - titles
    assert not {key for key in rest if key.rpartition(".")[0] not in computed}


def test_scripts_find_what_they_look_for() -> None:
    sources = "".join([TEXTS["index.html"], *SCRIPTS.values()])
    there = set(re.findall(r'\bid(?:="|: ")([\w-]+)"', sources))
    sections = set(re.findall(r'addSection\("(\w+)"', sources))
    assert {f"{name}-section" for name in sections} <= there
    by_id = r'\b(?:byId|note|on|onSubmit|show|showRecording|write|writeError)\("([\w-]+)"'
    wanted = {name for text in SCRIPTS.values() for name in re.findall(by_id, text)}
    assert wanted <= there
    assert set(re.findall(r'\bfor="([\w-]+)"', sources)) <= there


def test_every_control_has_a_label() -> None:
    html = TEXTS["index.html"]
    labelled = set(re.findall(r'<label for="([\w-]+)"', html))
    controls = re.findall(
        r'<(?:input|select|textarea)(?![^>]*type="hidden")[^>]*\bid="([\w-]+)"', html
    )
    assert len(controls) > 10
    assert set(controls) <= labelled


def test_texts_to_read_are_long_enough_to_clone_a_voice() -> None:
    texts = json.loads(TEXTS["reading.json"])
    assert {"en", "de"} <= texts.keys()
    assert all(180 < len(text) < 300 for text in texts.values())


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{\w+\}", text))
