"""Lists in pages, newest first.

Keyset pagination: a page begins after the position of the last row that was shown, so it costs the
same however deep it lies, and rows that are inserted meanwhile shift nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

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


def take_page(rows: QuerySet[M], page: PageRequest) -> Page[M]:
    """One query. The model has `created_at` and `id`, and an index that ends in both."""
    if page.after is not None:
        at, key = page.after.created_at, page.after.id
        # The first condition is what an index can begin at; the second only settles ties.
        rows = rows.filter(Q(created_at__lt=at) | Q(id__lt=key), created_at__lte=at)
    found = list(rows.order_by("-created_at", "-id")[: page.limit + 1])
    shown = found[: page.limit]
    return Page(shown, _position(shown[-1]) if len(found) > len(shown) else None)


def _position(row: Any) -> Position:
    return Position(row.created_at, row.id)
