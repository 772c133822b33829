from __future__ import annotations

import pytest
from yarl import URL

from tests.support.page_client import FILES, STRANGER, page
from wyoming_voice_stack.http.page.page_files import SECURITY_HEADERS

TYPES = {
    "": "text/html; charset=utf-8",
    "index.html": "text/html; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "app.css": "text/css; charset=utf-8",
}


@pytest.mark.parametrize("name", TYPES)
async def test_files_are_served_and_kept_by_browsers(name: str) -> None:
    async with page() as client:
        async with client.get(f"/ui/{name}", headers=STRANGER) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == TYPES[name]
            assert answer.headers["Cache-Control"] == "no-cache"
            assert SECURITY_HEADERS.items() <= answer.headers.items()
            assert await answer.read() == FILES[name or "index.html"]
            tag = answer.headers["ETag"]
        async with client.get(f"/ui/{name}", headers={"If-None-Match": tag}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")
            assert answer.headers["ETag"] == tag
        async with client.get(f"/ui/{name}", headers={"If-None-Match": '"other"'}) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/ui/page_files.py",
        "/ui/__init__.py",
        "/ui/..%2fpage_files.py",
        "/ui/%2e%2e/page_files.py",
        "/ui/%00",
        "/ui/api/nothing",
        "/ui/nothing/app.js",
        "/uiapp.js",
    ],
)
async def test_nothing_else_is_served(path: str) -> None:
    async with page() as client, client.get(URL(path, encoded=True)) as answer:
        assert answer.status == 404
        if path.startswith("/ui/"):
            assert set((await answer.json())["error"]) == {"message", "type", "param", "code"}
            assert SECURITY_HEADERS.items() <= answer.headers.items()


def test_nothing_from_elsewhere_is_allowed() -> None:
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert not {"unsafe-inline", "unsafe-eval", "http:", "https:", "*"} & set(
        policy.replace(";", " ").replace("'", "").split()
    )
