"""Forms: what is read, and every bound."""

from __future__ import annotations

import asyncio
import gc
import io
import tracemalloc
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.http_api import serving_api
from tests.support.peers import peer
from wyoming_voice_stack.errors import Busy
from wyoming_voice_stack.http.api import uploads as uploads_module
from wyoming_voice_stack.http.api.body_budget import MIB, OWN_BYTES, BodyBudget, BodyMemory
from wyoming_voice_stack.http.api.requests import read_json
from wyoming_voice_stack.http.api.uploads import (
    MAX_FIELD_BYTES,
    MAX_FIELDS,
    received_form,
    upload_budget_bytes,
)
from wyoming_voice_stack.http.deadlines import Deadlines
from wyoming_voice_stack.http.pacing import Pace
from wyoming_voice_stack.machine.growing_buffer import GrowingBuffer

LIMIT = 2 * MIB


class Uploads:
    """A handler that repeats a form; may hold it until it is released."""

    def __init__(self, budget_bytes: int = 64 * MIB) -> None:
        self.budget = BodyBudget(budget_bytes)
        self.hold: asyncio.Event | None = None

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/form", self.handle)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        async with received_form(request, self.budget, max_file_bytes=LIMIT) as form:
            if self.hold is not None:
                await asyncio.wait_for(self.hold.wait(), WAIT_SECONDS)
            file = form.file
            return web.json_response(
                {
                    "fields": {name: form.values(name) for name in form.fields},
                    "file": file and [file.name, file.content_type, len(file.data)],
                }
            )


def form_of(size: int = 3, **fields: str) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    for name, value in fields.items():
        form.add_field(name, value)
    form.add_field("file", io.BytesIO(bytes(size)), filename="a.wav", content_type="audio/wav")
    return form


async def test_fields_and_file() -> None:
    form = form_of(model="base")
    for word in ("word", "segment"):
        form.add_field("timestamp_granularities[]", word)
    form.add_field("prompt", " ")
    async with serving_api(Uploads().routes()) as api:
        _, body = await api.ask("POST", "/v1/form", data=form)
    assert body == {
        "fields": {"model": ["base"], "timestamp_granularities": ["word", "segment"], "prompt": []},
        "file": ["a.wav", "audio/wav", 3],
    }


async def pieces(count: int, size: int = MIB) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield bytes(size)


HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


async def chunked_form(size: int) -> AsyncIterator[bytes]:
    yield HEAD
    async for piece in pieces(size // MIB):
        yield piece
    yield b"\r\n--x--\r\n"


@pytest.mark.parametrize("announced", [True, False])
async def test_a_file_that_is_too_large(announced: bool) -> None:
    """Told at once, also to a client that sends everything before it reads."""
    size = 26 * MIB
    body = form_of(size) if announced else chunked_form(size)
    headers = {} if announced else {"Content-Type": "multipart/form-data; boundary=x"}
    uploads = Uploads()
    async with serving_api(uploads.routes()) as api:
        gc.collect()
        answer, told = await api.ask("POST", "/v1/form", data=body, headers=headers)
        assert answer.status == 413
        assert "larger than" in str(told)
        assert "MAX_UPLOAD_MB" in str(told)
        assert uploads.budget.used_bytes == 0


@pytest.mark.parametrize("size", [LIMIT, 2 * LIMIT])
async def test_an_upload_is_not_kept_by_what_still_refers_to_it(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as the traceback of the error that refused it."""
    buffers: list[GrowingBuffer] = []

    def buffer(memory: BodyMemory) -> GrowingBuffer:
        buffers.append(original(memory))
        return buffers[-1]

    original = BodyMemory.buffer
    monkeypatch.setattr(BodyMemory, "buffer", buffer)
    async with serving_api(Uploads().routes()) as api:
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        await api.ask("POST", "/v1/form", data=chunked_form(size), headers=headers)
    assert [len(data) for data in buffers] == [0]


async def test_a_client_that_sends_everything_before_it_reads() -> None:
    size = 26 * MIB
    async with serving_api(Uploads().routes()) as api, peer(api.port) as client:
        for part in (
            b"POST /v1/form HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n" % size,
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n",
            bytes(size),
        ):
            await client.send_raw(part)
        assert b" 413 " in await asyncio.wait_for(client.reader.readline(), WAIT_SECONDS)
        # All of it was read and discarded, so the connection goes on.
        await client.reader.readuntil(b"too_large")
        await client.send_raw(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b" 200 " in await asyncio.wait_for(client.reader.readuntil(b"200 OK"), WAIT_SECONDS)


async def test_an_endless_upload_takes_no_memory() -> None:
    uploads = Uploads()
    async with serving_api(uploads.routes()) as api, peer(api.port) as client:
        await client.send_raw(
            b"POST /v1/form HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        )
        block = b"%x\r\n" % MIB + bytes(MIB) + b"\r\n"
        await client.send_raw(b"%x\r\n" % len(HEAD) + HEAD + b"\r\n")
        tracemalloc.start()
        try:
            for _ in range(12):
                await client.send_raw(block)
            answer = await client.reader.readuntil(b"too_large")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert b" 413 " in answer
    assert peak < 8 * MIB


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        (
            {f"f{number}": "" for number in range(MAX_FIELDS)},
            400,
            "The form has more than 128 fields; send fewer.",
        ),
        (
            {"prompt": "x" * (MAX_FIELD_BYTES + 1)},
            413,
            "Field 'prompt' is larger than 64 KiB; send less.",
        ),
        (
            {f"f{number}": "x" * MAX_FIELD_BYTES for number in range(17)},
            413,
            "The fields are larger than 1024 KiB.",
        ),
    ],
)
async def test_fields_are_bounded(fields: dict[str, str], status: int, message: str) -> None:
    async with serving_api(Uploads().routes()) as api:
        answer, told = await api.ask("POST", "/v1/form", data=form_of(3, **fields))
        assert answer.status == status
        assert told["error"]["message"] == message  # type: ignore[index]


@pytest.mark.parametrize(("pause_s", "body_s"), [(30.0, 0.05), (0.05, 30.0)])
@pytest.mark.parametrize("begin", [b"", b"--x\r\n", HEAD, HEAD + b"RIFF"])
async def test_a_client_that_stops_sending(
    pause_s: float, body_s: float, begin: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads_module, "BODY_SECONDS", body_s)
    uploads = Uploads()
    serving = serving_api(uploads.routes(), deadlines=Deadlines(read_s=pause_s))
    async with serving as api, peer(api.port) as client:
        await client.send_raw(
            b"POST /v1/form HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n" + begin
        )
        assert b" 408 " in await asyncio.wait_for(client.reader.readline(), WAIT_SECONDS)
        await eventually(lambda: not api.listener._http_connections.requests)
    assert uploads.budget.used_bytes == 0


async def test_uploads_share_a_budget() -> None:
    """Large ones are refused; a command still gets through, and the memory is given back."""
    uploads = Uploads(budget_bytes=MIB)
    uploads.hold = asyncio.Event()
    async with serving_api(uploads.routes()) as api:
        held = asyncio.create_task(api.ask("POST", "/v1/form", data=form_of(LIMIT)))
        await eventually(lambda: uploads.budget.used_bytes == LIMIT - OWN_BYTES)
        answer, _ = await api.ask("POST", "/v1/form", data=form_of(LIMIT))
        assert answer.status == 429
        command = asyncio.create_task(api.ask("POST", "/v1/form", data=form_of(OWN_BYTES)))
        await eventually(lambda: api.listener._http_connections.requests == 2)
        uploads.hold.set()
        assert (await held)[0].status == (await command)[0].status == 200
        assert uploads.budget.used_bytes == 0


def test_budget() -> None:
    budget = BodyBudget(10)
    memory = budget.open()
    memory.add(OWN_BYTES - 1)
    memory.add(11)
    assert budget.used_bytes == 10
    with pytest.raises(Busy):
        memory.add(1)
    memory.close()
    memory.close()
    assert budget.used_bytes == 0


@pytest.mark.parametrize(
    ("memory", "file", "expected"),
    [(0, 25 * MIB, 64 * MIB), (32 * 1024 * MIB, 25 * MIB, 1024 * MIB), (0, 99 * MIB, 99 * MIB)],
)
def test_size_of_the_budget(memory: int, file: int, expected: int) -> None:
    assert upload_budget_bytes(memory, file) == expected


@pytest.mark.parametrize("kind", ["form", "json"])
async def test_bodies_are_paced(kind: str) -> None:
    """Each body has a pace of its own, and takes turns with the other work of the server."""
    paces: list[list[int]] = []

    def new_pace() -> Pace:
        sizes: list[int] = []
        paces.append(sizes)

        async def pace(size: int) -> None:
            sizes.append(size)

        return pace

    async def read(request: web.Request) -> web.Response:
        return web.json_response(len(await read_json(request, MIB)))

    routes = [*Uploads().routes(), web.post("/v1/json", read)]
    async with serving_api(routes, new_pace=new_pace) as api:
        for _ in range(2):
            body = (
                {"data": form_of(LIMIT)}
                if kind == "form"
                else {"json": {"input": "x" * (MIB - 100)}}
            )
            answer, _ = await api.ask("POST", f"/v1/{kind}", **body)
            assert answer.status == 200
    assert len(paces) == 2
    assert all(sum(sizes) > MIB // 2 and max(sizes) < MIB for sizes in paces)
