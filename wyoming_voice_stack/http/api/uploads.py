"""Uploaded forms (multipart/form-data): read in chunks, counted, and kept in memory within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import BodyPartReader, MultipartReader, StreamReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from wyoming_voice_stack.errors import TooLarge
from wyoming_voice_stack.http.api.api_errors import InvalidField, UnsupportedBody
from wyoming_voice_stack.http.api.body_budget import MIB, BodyBudget, BodyMemory
from wyoming_voice_stack.http.api.requests import (
    BODY_SECONDS,
    SEND_LESS,
    late_body,
    require_plain_body,
    require_size,
)
from wyoming_voice_stack.http.deadlines import deadlines_of
from wyoming_voice_stack.http.pacing import pace_of
from wyoming_voice_stack.machine.growing_buffer import Content, GrowingBuffer

MAX_FIELDS = 128
"""Parts of one form."""
MAX_FIELD_BYTES = 64 * 1024
"""Largest value of a field that is no file."""
MAX_FORM_BYTES = MIB
"""Everything of a form but its file: values, and the lines that the encoding adds."""
MAX_LINE_BYTES = 8 * 1024
MAX_PART_HEADERS = 32
CHUNK_BYTES = 8 * 1024
"""What is read of a form in one step: of a body in chunks of one byte, more would take tens of milliseconds."""
LESS_UPLOADED = "send less (MAX_UPLOAD_MB)"
"""What to do about a file that is too large."""
MIN_BUDGET_BYTES = 64 * MIB
MAX_BUDGET_BYTES = 1024 * MIB
MEMORY_SHARE = 1 / 16
"""Share of the available memory that uploads may occupy."""
_PLAIN_ENCODINGS = frozenset({"", "7bit", "8bit", "binary"})


def upload_budget_bytes(memory_bytes: int, max_file_bytes: int) -> int:
    """Return the memory for all uploads on a machine with so much available memory."""
    share = min(int(memory_bytes * MEMORY_SHARE), MAX_BUDGET_BYTES)
    return max(share, MIN_BUDGET_BYTES, max_file_bytes)


@dataclass(frozen=True)
class UploadedFile:
    """A file of a form. Name and type are what the client says, and may be wrong."""

    name: str
    content_type: str
    data: Content


@dataclass(frozen=True)
class UploadedForm:
    """The fields of a form, without the brackets that mark lists, and its file."""

    fields: Mapping[str, tuple[str, ...]]
    file: UploadedFile | None

    def value(self, name: str) -> str | None:
        """Return a field's last value without blanks around it; None if it is absent or blank."""
        values = self.values(name)
        return values[-1] if values else None

    def values(self, name: str) -> tuple[str, ...]:
        """Return all values of a field that are not blank."""
        return tuple(filter(None, (value.strip() for value in self.fields.get(name, ()))))


@asynccontextmanager
async def received_form(
    request: web.Request, budget: BodyBudget, *, max_file_bytes: int
) -> AsyncIterator[UploadedForm]:
    """Read a form with at most one file, in the field `file`; its memory is given back at the end.

    Raises:
        UnsupportedBody: the body is no form, or compressed.
        InvalidField: the form is damaged, or has too many fields.
        TooLarge: the file or a field is too large.
        Busy: all uploads together are too large.
        LateBody: the client sends too slowly.
    """
    require_form(request)
    require_size(request, max_file_bytes + MAX_FORM_BYTES, LESS_UPLOADED)
    memory = budget.open()
    try:
        reader = _FormReader(request, memory, max_file_bytes)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                form = await reader.read()
        except TimeoutError:
            raise late_body() from None
        yield form
    finally:
        memory.close()


def require_form(request: web.Request) -> None:
    """Accept a form that is not compressed.

    Raises:
        UnsupportedBody: the body is something else.
    """
    require_plain_body(request)
    if request.content_type != "multipart/form-data":
        raise UnsupportedBody(
            f"Content-Type {request.content_type!r:.100} is not supported; send multipart/form-data."
        )


class _Lines:
    """A body whose lines are counted: what is before the first part may have any number of them."""

    def __init__(self, content: StreamReader, count: Callable[[int], Awaitable[None]]) -> None:
        self._content = content
        self._count = count

    async def readline(self, **limits: Any) -> bytes:
        """Return the next line."""
        line = await self._content.readline(**limits)
        await self._count(len(line))
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)


class _FormReader:
    """Reads one form."""

    def __init__(self, request: web.Request, memory: BodyMemory, max_file_bytes: int) -> None:
        self._request = request
        self._memory = memory
        self._max_file_bytes = max_file_bytes
        self._read_s = deadlines_of(request).read_s
        self._pace = pace_of(request)
        self._form_bytes = 0
        self._fields: dict[str, tuple[str, ...]] = {}
        self._file: UploadedFile | None = None

    async def read(self) -> UploadedForm:
        try:
            content = cast("StreamReader", _Lines(self._request.content, self._count_line))
            parts = MultipartReader(
                *(self._request.headers, content),
                max_field_size=MAX_LINE_BYTES,
                max_headers=MAX_PART_HEADERS,
            )
            count = 0
            while (part := await self._next(parts)) is not None:
                count += 1
                if count > MAX_FIELDS:
                    raise InvalidField(f"The form has more than {MAX_FIELDS} fields; send fewer.")
                await self._take(part)
        except (ValueError, AssertionError, UnicodeError, HttpProcessingError) as error:
            # What aiohttp raises if boundaries or headers of a part are missing or too long.
            raise InvalidField("The form is damaged; send valid multipart/form-data.") from error
        return UploadedForm(self._fields, self._file)

    async def _next(self, parts: MultipartReader) -> BodyPartReader | None:
        async with asyncio.timeout(self._read_s):
            part = await parts.next()
        if part is not None and not isinstance(part, BodyPartReader):
            raise InvalidField("The form has a form inside; send a plain one.")
        return part

    async def _take(self, part: BodyPartReader) -> None:
        encoding = part.headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "").strip().lower()
        if encoding not in _PLAIN_ENCODINGS or hdrs.CONTENT_ENCODING in part.headers:
            raise UnsupportedBody("Encoded parts of a form are not supported; send them as binary.")
        name = (part.name or "").removesuffix("[]")
        if name != "file":
            value = await self._bytes(part, MAX_FIELD_BYTES, f"Field {name!r:.100}")
            self._count_field(len(value))
            self._fields[name] = (*self._fields.get(name, ()), bytes(value.content()).decode())
            return
        if self._file is not None:
            raise InvalidField("The form has more than one file; send one.", param="file")
        data = await self._bytes(part, self._max_file_bytes, "The file")
        kind = part.headers.get(hdrs.CONTENT_TYPE, "")
        self._file = UploadedFile(part.filename or "", kind, data.content())

    async def _count_line(self, count: int) -> None:
        self._count_field(count)
        await self._pace(count)

    def _count_field(self, count: int) -> None:
        self._form_bytes += count
        if self._form_bytes > MAX_FORM_BYTES:
            raise TooLarge(f"The fields are larger than {MAX_FORM_BYTES // 1024} KiB.")

    async def _bytes(self, part: BodyPartReader, limit_bytes: int, what: str) -> GrowingBuffer:
        data = self._memory.buffer()
        while True:
            async with asyncio.timeout(self._read_s):
                chunk = await part.read_chunk(CHUNK_BYTES)
            if not chunk:
                return data
            if len(data) + len(chunk) > limit_bytes:
                remedy = LESS_UPLOADED if what == "The file" else SEND_LESS
                raise TooLarge(f"{what} is larger than {_size(limit_bytes)}; {remedy}.")
            self._memory.add(len(chunk))
            data.append(chunk)
            await self._pace(len(chunk))


def _size(count: int) -> str:
    return f"{count // MIB} MiB" if count >= MIB else f"{count // 1024} KiB"
