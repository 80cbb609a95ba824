"""Files that people send with a form: bounded while they arrive, and named by us.

A form with files is `multipart/form-data` (RFC 7578). What the browser calls a file is never used but for its ending.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

MOST_FILES, MOST_FIELDS, LARGEST_FIELD = 4, 20, 1 << 14
BESIDE = 1 << 16  # bytes of a request beside its files: boundaries and small fields


@dataclass(frozen=True, slots=True)
class Sent:
    """One file as it was sent. `ending` is its name's last part in small letters, "" where it has none."""

    size: int
    ending: str
    content: BinaryIO

    def save(self, path: Path) -> None:
        """Write it to a new file."""
        self.content.seek(0)
        with path.open("xb") as file:
            shutil.copyfileobj(self.content, file)


class TooLarge(Exception):
    """More bytes than this form may have."""


@asynccontextmanager
async def received(request: Request, most: int) -> AsyncIterator[tuple[dict[str, str], Mapping[str, Sent]] | None]:
    """The fields and the files of a form, for as long as the files are needed; None for a form that cannot be read.

    Raises TooLarge after at most `most` bytes: the length that a request claims is not believed, what arrives is counted.
    Larger files lie on disk, not in memory.
    """
    parser = MultiPartParser(
        request.headers,
        _at_most(request, most + BESIDE),
        max_files=MOST_FILES,
        max_fields=MOST_FIELDS,
        max_part_size=LARGEST_FIELD,
    )
    try:
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            raise MultiPartException("another kind of form")
        found = await parser.parse()
    except (MultiPartException, UnicodeDecodeError):
        yield None
        return
    try:
        yield _sorted(found)
    finally:
        await found.close()


def _sorted(found: FormData) -> tuple[dict[str, str], Mapping[str, Sent]]:
    """Each field's first value. A file field that was left empty is sent as a file without a name."""
    fields: dict[str, str] = {}
    files: dict[str, Sent] = {}
    for name, value in found.multi_items():
        if not isinstance(value, UploadFile):
            fields.setdefault(name, value)
        elif value.filename:
            files.setdefault(name, Sent(value.size or 0, PurePosixPath(value.filename).suffix.lower(), value.file))
    return fields, files


async def body(request: Request, most: int) -> bytes:
    """A small body, whole. Raises TooLarge: what arrives is counted, whatever length the request claims."""
    return b"".join([piece async for piece in _at_most(request, most)])


async def _at_most(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    count = 0
    async for piece in request.stream():
        count += len(piece)
        if count > most:
            raise TooLarge
        yield piece
