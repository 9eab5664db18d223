"""Pages over HTTP (contract §3.1): `?limit=` and `?cursor=` in, `meta.next_cursor` out."""

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from rest_framework.request import Request

from s3project.api.answers import Answer
from s3project.api.envelope import Meta
from s3project.errors import ValidationFailed
from s3project.pages import DEFAULT_LIMIT, MAX_LIMIT, M, Page, PageRequest, Position
from s3project.schema import Schema
from s3project.wording import quoted

Row = TypeVar("Row")
Cursor = Annotated[
    str, Schema(pattern="^[A-Za-z0-9_-]{36}$", example="AAZLuGUNGAABm6nJ8QB3Go2k5DwXS7Gf1ZKx")
]

DIGITS = re.compile(r"[0-9]{1,9}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CHECKSUM_BYTES = 3


def page_request(request: Request) -> PageRequest:
    """What the query string asks for. Raises ValidationFailed."""
    limit = query_value(request, "limit")
    if limit is None:
        size = DEFAULT_LIMIT
    elif DIGITS.fullmatch(limit) and 1 <= int(limit) <= MAX_LIMIT:
        size = int(limit)
    else:
        raise ValidationFailed(
            {"limit": [f"Must be an integer from 1 to {MAX_LIMIT}, not {quoted(limit)}."]}
        )
    cursor = query_value(request, "cursor")
    return PageRequest(size, None if cursor is None else decode_cursor(cursor))


def query_value(request: Request, name: str) -> str | None:
    """A parameter that may be given once. Raises ValidationFailed when it is given twice."""
    values = request.query_params.getlist(name)
    if len(values) > 1:
        raise ValidationFailed({name: [f"Must be given once, not {len(values)} times."]})
    return values[0] if values else None


class PageMeta(Meta):
    next_cursor: Annotated[
        Cursor | None, Schema("`cursor` of the next page; null on the last one.")
    ]


class PageAnswer(Answer[list[Row]], Generic[Row]):
    """The rows as an array in `data`, the next cursor in `meta`."""

    def __init__(self, page: Page[M], row_out: Callable[[M], Row]) -> None:
        super().__init__([row_out(row) for row in page.rows])
        self.meta = {"next_cursor": None if page.next is None else encode_cursor(page.next)}


def encode_cursor(position: Position) -> str:
    """36 characters for use in a URL. Not a secret: it selects nothing that is not the reader's."""
    microseconds = (position.created_at - EPOCH) // MICROSECOND
    packed = microseconds.to_bytes(8, "big", signed=True) + position.id.bytes
    return base64.urlsafe_b64encode(packed + _checksum(packed)).decode()


def decode_cursor(cursor: str) -> Position:
    """Raises ValidationFailed for a text that `encode_cursor` did not make."""
    try:
        raw = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        packed, checksum = raw[:24], raw[24:]
        if len(packed) != 24 or checksum != _checksum(packed):
            raise ValueError("not one of our cursors")
        microseconds = int.from_bytes(packed[:8], "big", signed=True)
        return Position(EPOCH + microseconds * MICROSECOND, UUID(bytes=packed[8:]))
    except (ValueError, OverflowError):
        raise ValidationFailed(
            {"cursor": ["Must be the meta.next_cursor of the page before."]}
        ) from None


def _checksum(packed: bytes) -> bytes:
    """Tells a cursor that was cut or mangled on its way from one that is ours."""
    return hashlib.blake2b(packed, digest_size=CHECKSUM_BYTES).digest()
