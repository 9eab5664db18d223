"""Lists in pages (contract §3.1): `?limit=` and `?cursor=` in, `meta.next_cursor` out.

Keyset pagination, newest first: a cursor is the position of the last row that was shown, so a page
costs the same however deep it lies, and rows that are inserted meanwhile shift nothing.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from s3project.errors import ValidationFailed

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

DIGITS = re.compile(r"[0-9]{1,9}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CHECKSUM_BYTES = 3


M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Position:
    """A place between two rows of a list: after (that is, older than) the row with these two."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True)
class PageRequest:
    limit: int = DEFAULT_LIMIT
    after: Position | None = None


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some rows of a list, newest first, and where the next page begins; None on the last one."""

    rows: Sequence[M]
    next: Position | None


def page_request(request: Request) -> PageRequest:
    """What the query string asks for. Raises ValidationFailed."""
    limit = query_value(request, "limit")
    if limit is None:
        size = DEFAULT_LIMIT
    elif DIGITS.fullmatch(limit) and 1 <= int(limit) <= MAX_LIMIT:
        size = int(limit)
    else:
        raise ValidationFailed({"limit": [f"Must be a whole number from 1 to {MAX_LIMIT}."]})
    cursor = query_value(request, "cursor")
    return PageRequest(size, None if cursor is None else decode_cursor(cursor))


def query_value(request: Request, name: str) -> str | None:
    """A parameter that may be given once. Raises ValidationFailed when it is given twice."""
    values = request.query_params.getlist(name)
    if len(values) > 1:
        raise ValidationFailed({name: ["This parameter was given more than once."]})
    return values[0] if values else None


def take_page(rows: QuerySet[M], page: PageRequest) -> Page[M]:
    """One query. The model has `created_at` and `id`, and an index that ends in both."""
    return page_of(first_rows(rows, page), page)


def first_rows(rows: QuerySet[M], page: PageRequest) -> list[M]:
    """The rows of the page, and one more if there is one. One query."""
    if page.after is not None:
        at, key = page.after.created_at, page.after.id
        # The first condition is what an index can begin at; the second only settles ties.
        rows = rows.filter(Q(created_at__lt=at) | Q(id__lt=key), created_at__lte=at)
    return list(rows.order_by("-created_at", "-id")[: page.limit + 1])


def page_of(found: Sequence[M], page: PageRequest) -> Page[M]:
    """The page that begins with these rows; it is the last when there are no more than fit."""
    shown = found[: page.limit]
    more = len(found) > len(shown)
    return Page(shown, _position(shown[-1]) if more else None)


def _position(row: Any) -> Position:
    return Position(row.created_at, row.id)


class PageResponse(Response):
    """The rows as an array in `data`, the next cursor in `meta`."""

    def __init__(self, page: Page[M], row_out: Callable[[M], dict[str, Any]]) -> None:
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
            {"cursor": ["Must be a next_cursor from the previous page."]}
        ) from None


def _checksum(packed: bytes) -> bytes:
    """Tells a cursor that was cut or mangled on its way from one that is ours."""
    return hashlib.blake2b(packed, digest_size=CHECKSUM_BYTES).digest()
