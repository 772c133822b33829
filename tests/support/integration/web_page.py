"""The page in a real browser: Debian's Chromium, driven through its WebDriver."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

CHROMIUM = "/usr/bin/chromium"
DRIVER = "/usr/bin/chromedriver"
WAIT_S = 120.0
"""Only a broken page reaches it."""
LOUD = 0.3
QUIET = 0.02
LOOK_MS = 20
QUIET_LOOKS = 15
"""A pause between words is shorter."""
NOTE_LEVELS = """
    const [meter, interval] = arguments;
    window.notedLevels = [];
    setInterval(() => window.notedLevels.push(document.querySelector(meter).value), interval);
"""
"""Notes what a level meter shows; a look from outside takes too long on a busy machine."""
MAX_SHOWN = 3000
PHONE = (320, 800)
DESKTOP = (1200, 900)
FLAGS = (
    *("--headless=new", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
    "--autoplay-policy=no-user-gesture-required",
    "--lang=en",
)

Result = TypeVar("Result")


def require_browser() -> None:
    """Skip if there is no browser to drive; fail in CI."""
    lacking = _lacking()
    if lacking and os.environ.get("CI"):
        pytest.fail(f"a browser is needed: {lacking}")
    if lacking:
        pytest.skip(f"a browser is needed: {lacking}")


def _lacking() -> str:
    for program in (CHROMIUM, DRIVER):
        if not shutil.which(program):
            return f"there is no {program}; run scripts/install_system_deps.sh --with-tests"
    if importlib.util.find_spec("selenium") is None:
        return "the package selenium is missing; run scripts/test.sh, which installs it"
    return ""


class WebPage:
    """One window of the browser, with the waits that every check needs."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        """Load the page, and wait until it shows what the server is."""
        self.driver.get(url)
        self.wait(lambda: self.script("return document.body.dataset.ready ?? ''"))

    def find(self, css: str) -> Any:
        """Return the first element that matches, as soon as there is one."""
        return self.wait(lambda: next(iter(self.all(css)), None))

    def all(self, css: str) -> Sequence[Any]:
        found: Sequence[Any] = self.driver.find_elements("css selector", css)
        return found

    def click(self, css: str) -> None:
        """Click an element as soon as it can be; one that is built again meanwhile, too."""
        self.wait(lambda: self._clicked(css))

    def _clicked(self, css: str) -> bool:
        if not (self.is_shown(css) and self.find(css).is_enabled()):
            return False
        element = self.find(css)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()
        return True

    def type(self, css: str, text: str) -> None:
        """Replace the text of a field."""

        def typed() -> bool:
            element = self.find(css)
            element.clear()
            element.send_keys(text)
            return True

        self.wait(typed)

    def press(self, keys: str) -> None:
        """Press keys where the focus is."""
        self.driver.switch_to.active_element.send_keys(keys)

    def choose(self, css: str, value: str) -> None:
        """Choose an entry of a list by its value, as soon as it is there."""
        self.click(f"{css} option[value={value!r}]")

    def text(self, css: str) -> str:
        """Return the text of the first element that matches; empty without one."""
        code = "return document.querySelector(arguments[0])?.textContent ?? ''"
        return str(self.script(code, css))

    def shown(self) -> str:
        """Return what can be read on the page."""
        return str(self.script("return document.body.innerText"))[:MAX_SHOWN]

    def wait_for_text(self, css: str, part: str) -> str:
        """Wait until an element contains a text, and return all of its text."""
        self.wait(lambda: part in self.text(css), lambda: f"{css} says {self.text(css)!r}")
        return self.text(css)

    def wait_for_any_text(self, css: str) -> str:
        self.wait(lambda: self.text(css).strip())
        return self.text(css)

    def wait_for(self, css: str) -> None:
        self.wait(lambda: self.is_shown(css))

    def wait_for_the_end_of_speech(self, meter: str) -> None:
        """Wait until a level meter has shown speech, and silence after it."""
        self.script(NOTE_LEVELS, meter, LOOK_MS)

        def is_over() -> bool:
            heard: list[float] = self.script("return window.notedLevels")
            return max(heard, default=0.0) > LOUD and max(heard[-QUIET_LOOKS:]) < QUIET

        self.wait(is_over)

    def is_shown(self, css: str) -> bool:
        """Return whether an element can be seen."""
        return any(element.is_displayed() for element in self.all(css))

    def wait(
        self, condition: Callable[[], Result], explain: Callable[[], str] = lambda: ""
    ) -> Result:
        """Wait until a condition holds, and return what it returned."""
        from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
        from selenium.webdriver.support.ui import WebDriverWait

        waiting = WebDriverWait(
            self.driver, WAIT_S, 0.05, ignored_exceptions=[StaleElementReferenceException]
        )
        try:
            result: Result = waiting.until(lambda _: condition())
        except TimeoutException:
            raise AssertionError(f"{explain()} {self.log()} {self.shown()}") from None
        return result

    def script(self, code: str, *arguments: object) -> Any:
        return self.driver.execute_script(code, *arguments)

    def resize(self, size: tuple[int, int]) -> None:
        """Set the size of what is shown; a window cannot be as narrow as a phone."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def resize_to_desktop(self) -> None:
        self.resize(DESKTOP)
        self.prefer(prefers_color_scheme="light")

    def leave(self) -> None:
        """Leave the page, which ends its connections, and forget what it kept."""
        if self.driver.current_url.startswith("http"):
            self.script("localStorage.clear(); sessionStorage.clear();")
        self.driver.get("about:blank")

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than what is shown."""
        return int(self.script("return document.documentElement.scrollWidth - window.innerWidth"))

    def prefer(self, **features: str) -> None:
        """Set what the user prefers, such as `prefers_color_scheme="dark"`."""
        named = [
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()
        ]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": named})

    def violations(self, axe: str) -> list[tuple[str, list[str]]]:
        """Return what axe-core, given as a script, finds: each rule and the elements that break it."""
        self.script(axe)
        found = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run().then(({violations}) => done(violations))"
        )
        return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]

    def log(self) -> list[str]:
        """Return what the browser complained about since the last call."""
        return [str(entry["message"]) for entry in self.driver.get_log("browser")]


@contextmanager
def browsing(
    microphone: Path | None = None,
    *,
    flags: Sequence[str] = (),
    downloads: Path | None = None,
    language: str = "en",
) -> Iterator[WebPage]:
    """Open a browser until the end of the block; `microphone` is the wav file that is spoken into it."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    preferences: dict[str, object] = {"intl.accept_languages": language}
    if downloads is not None:
        preferences["download.default_directory"] = str(downloads)
    options.add_experimental_option("prefs", preferences)
    for flag in (*FLAGS, *flags):
        options.add_argument(flag)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    if microphone is not None:
        options.add_argument(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    service = webdriver.ChromeService(DRIVER, env=os.environ | {"SE_OFFLINE": "true"})
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield WebPage(driver)
    finally:
        driver.quit()
