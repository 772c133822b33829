"""Who reaches the page: users of Home Assistant through its ingress, and no foreign web page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_servers.ingress_proxy import INGRESS_ADDRESS, PREFIX, IngressProxy
from tests.support.fake_servers.server_thread import ServerThread
from tests.support.integration.lan import HOME_ADDRESS, SERVER_ADDRESS, lan, require_namespaces
from tests.support.integration.servers import Server, running
from tests.support.integration.web_page import WebPage, browsing, require_browser

FORM = """
const form = document.createElement("form");
form.method = "post";
form.enctype = "multipart/form-data";
form.action = arguments[0];
document.body.append(form);
form.submit();
"""
FOREIGN_PAGE = "data:text/html,<title>elsewhere</title><body></body>"


@pytest.fixture(scope="module")
def tts(steady_voice: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    require_browser()
    settings = {"WEB_UI": "full", "TTS_MODEL": f"piper:{steady_voice}"}
    with running("tts", tmp_path_factory.mktemp("tts"), settings) as server:
        yield server


def refusals(page: WebPage) -> set[int]:
    """Return the status of every answer that the browser complains about."""
    # What a browser asks of any site is not part of the test.
    lines = [line for line in page.log() if "favicon.ico" not in line]
    found = [re.search(r"status of (\d+)", line) for line in lines]
    return {int(each[1]) if each else 0 for each in found}


def test_a_foreign_host_gets_no_page(page: WebPage, tts: Server) -> None:
    page.driver.get(f"http://evil.test:{tts.port}/ui/")
    page.wait_for_text("body", "is not a name of this server")
    assert not page.all("main")
    assert refusals(page) == {421}


@pytest.mark.parametrize("path", ["/ui/api/voices", "/v1/audio/speech"])
def test_a_form_of_a_foreign_page_changes_nothing(page: WebPage, tts: Server, path: str) -> None:
    page.driver.get(FOREIGN_PAGE)
    page.script(FORM, f"http://{tts.host}:{tts.port}{path}")
    page.wait_for_text("body", "error")
    assert refusals(page) == {403}


def test_a_script_of_a_foreign_page_reads_and_changes_nothing(page: WebPage, tts: Server) -> None:
    page.driver.get(FOREIGN_PAGE)
    for method, path in (("GET", "state"), ("PUT", "aliases"), ("DELETE", "voices/joe")):
        failure = page.driver.execute_async_script(
            "const [address, method, done] = arguments;"
            "fetch(address, {method, headers: method === 'GET' ? {} : {'X-Voice-Stack': '1'}})"
            ".then(() => done('answered'), (error) => done(error.name))",
            f"http://{tts.host}:{tts.port}/ui/api/{path}",
            method,
        )
        assert failure == "TypeError"
    assert all("CORS" in line or "ERR_FAILED" in line for line in page.log())


def test_home_assistants_users_may_change_things_through_its_ingress(
    steady_voice: Path, tmp_path: Path
) -> None:
    require_browser()
    require_namespaces()
    settings = {
        "WEB_UI": "full",
        "TTS_MODEL": f"piper:{steady_voice}",
        "SUPERVISOR_TOKEN": "x",
    }
    with lan() as house:
        house.home.ip(f"address add {INGRESS_ADDRESS}/32 dev lo")
        house.server.ip(f"route add {INGRESS_ADDRESS} via {HOME_ADDRESS}")
        with running("tts", tmp_path, settings, on=house.server, host=SERVER_ADDRESS) as server:
            # The proxy and the browser get the network of the thread that starts them.
            house.home.call(lambda: browse_through_ingress(server))


def browse_through_ingress(server: Server) -> None:
    proxy = IngressProxy(f"http://{SERVER_ADDRESS}:{server.port}")
    with ServerThread(proxy), browsing() as page:
        page.open(f"{proxy.url}{PREFIX}/ui/")
        page.wait_for("#log")
        page.wait_for("#voice-list li")
        page.click("#say")
        page.wait_for("#speak-result[data-phase=done]")
        assert page.log() == []
        page.leave()
        page.open(f"http://{SERVER_ADDRESS}:{server.port}/ui/")
        page.wait_for_any_text("#voices-why")
        assert not page.all("#log")
        page.leave()
