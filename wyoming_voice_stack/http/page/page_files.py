"""The page's files, read once, and the headers of everything that the page consists of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from aiohttp import web

from wyoming_voice_stack.http.api.api_errors import NotServed

INDEX = "index.html"
FOLDER = "static"
CONTENT_TYPES: Mapping[str, str] = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "webmanifest": "application/manifest+json",
}
"""Types by the end of a file's name; other files are not served."""
ETAG_CHARACTERS = 20

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'self'",
)
SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self)",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""With every answer below `/ui/`: nothing from elsewhere runs, and no other site frames the page."""


@dataclass(frozen=True)
class PageFile:
    """One file of the page."""

    body: bytes
    content_type: str
    etag: str


class PageFiles:
    """Serves the files of the page by their names; a name from a browser is only looked up."""

    def __init__(self, found: Mapping[str, PageFile] | None = None) -> None:
        """`found` are the files; without it, those in the package."""
        self._files = read_page_files() if found is None else found

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def answer(self, request: web.Request, name: str) -> web.Response:
        """Return a file, or 304 if the browser has it.

        Raises:
            NotServed: there is no such file.
        """
        file = self._files.get(name)
        if file is None:
            raise NotServed(f"The page has no file {name!r:.200}.")
        headers = {"ETag": f'"{file.etag}"', "Cache-Control": "no-cache"}
        if any(tag.value in {file.etag, "*"} for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        return web.Response(body=file.body, headers=headers | {"Content-Type": file.content_type})


def read_page_files() -> dict[str, PageFile]:
    """Read the files in the package, by their names."""
    folder = files(__package__).joinpath(FOLDER)
    if not folder.is_dir():
        return {}
    return {
        entry.name: page_file(entry.name, entry.read_bytes())
        for entry in folder.iterdir()
        if entry.is_file() and _suffix(entry.name) in CONTENT_TYPES
    }


def page_file(name: str, body: bytes) -> PageFile:
    """Make a file of the page from its content."""
    digest = hashlib.sha256(body).hexdigest()[:ETAG_CHARACTERS]
    return PageFile(body, CONTENT_TYPES[_suffix(name)], digest)


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()
