"""Bodies that are no form, and forms whose lines are too long, too many, or never end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from tests.support.http_api import serving_api
from wyoming_voice_stack.http.api.body_budget import MIB, BodyBudget
from wyoming_voice_stack.http.api.uploads import (
    MAX_FORM_BYTES,
    MAX_LINE_BYTES,
    MAX_PART_HEADERS,
    received_form,
)
from wyoming_voice_stack.http.pacing import Pace

KIND = {"Content-Type": "multipart/form-data; boundary=x"}
DISPOSITION = b'Content-Disposition: form-data; name="a"'
END = b"\r\n\r\nb\r\n--x--\r\n"
FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
LONG = b"a" * (2 * MAX_LINE_BYTES)


async def read_form(request: web.Request) -> web.StreamResponse:
    async with received_form(request, BodyBudget(MIB), max_file_bytes=4 * MIB) as form:
        return web.json_response(list(form.fields))


ROUTES = [web.post("/v1/form", read_form)]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({**KIND, "Content-Encoding": "gzip"}, b"", 415),
        ({"Content-Type": "multipart/form-data"}, b"--x--\r\n", 400),
        (KIND, b"no form\r\n", 400),
        (KIND, FILE + b"cut off", 400),
        (KIND, b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n", 400),
        (
            KIND,
            FILE.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
            + b"QQ==\r\n--x--\r\n",
            415,
        ),
        (KIND, FILE + b"1\r\n" + FILE + b"2\r\n--x--\r\n", 400),
        (
            KIND,
            b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n\xff\r\n--x--\r\n',
            400,
        ),
    ],
)
async def test_bodies_that_are_no_form(headers: dict[str, str], body: bytes, status: int) -> None:
    async with serving_api(ROUTES) as api:
        answer, told = await api.ask("POST", "/v1/form", data=body, headers=headers)
        assert answer.status == status, told
        assert told["error"]["message"]  # type: ignore[index]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"--x\r\n" + DISPOSITION + b"; filename=" + LONG + END, id="value"),
        pytest.param(b"--x\r\n" + DISPOSITION + b"\r\nX-" + LONG + END, id="name"),
        pytest.param(
            b"--x\r\n" + DISPOSITION + b"\r\nX-A: a" * MAX_PART_HEADERS * 2 + END, id="number"
        ),
        pytest.param(16 * LONG + b"\r\n--x\r\n" + DISPOSITION + END, id="before the first part"),
    ],
)
async def test_long_lines(body: bytes) -> None:
    async with serving_api(ROUTES) as api:
        answer, error = await api.ask("POST", "/v1/form", data=body, headers=KIND)
    assert answer.status == 400
    assert "The form is damaged" in str(error)


async def test_lines_before_the_first_part_are_bounded() -> None:
    line = b"a" * 1022 + b"\r\n"
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 16 * MAX_FORM_BYTES:
            sent += len(line)
            yield line

    async with serving_api(ROUTES) as api:
        answer, error = await api.ask("POST", "/v1/form", data=endless(), headers=KIND)
    assert answer.status == 413
    assert "The fields are larger than 1024 KiB." in str(error)


async def test_each_line_is_paced() -> None:
    paced: list[int] = []

    def new_pace() -> Pace:
        async def pace(size: int) -> None:
            paced.append(size)

        return pace

    lines = (b"before\r\n", b"--x\r\n", DISPOSITION + b"\r\n", b"\r\n", b"--x--\r\n")
    body = b"".join((*lines[:4], b"b\r\n", lines[4]))
    async with serving_api(ROUTES, new_pace=new_pace) as api:
        _, found = await api.ask("POST", "/v1/form", data=body, headers=KIND)
    assert found == ["a"]
    assert set(map(len, lines)) <= set(paced)
