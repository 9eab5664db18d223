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

from s3project.rows import fetch_all, rows_of

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

# Of a limit that it is not told while it plans, PostgreSQL supposes that it is a tenth, and reads
# the index in its order. A number would mislead: the average owner has fewer rows than a page, so
# that all of an owner's would be read and sorted, however many they are.
LIMIT = "LIMIT (SELECT %s::bigint)"

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
    """One query, of rows without others that they are related to. The model has `created_at` and
    `id`, and an index that ends in both."""
    if page.after is not None:
        at, key = page.after.created_at, page.after.id
        # The first condition is what an index can begin at; the second only settles ties.
        rows = rows.filter(Q(created_at__lt=at) | Q(id__lt=key), created_at__lte=at)
    statement, parameters = rows.order_by("-created_at", "-id").query.sql_with_params()
    found = rows.model._default_manager.raw(f"{statement} {LIMIT}", [*parameters, page.limit + 1])
    return _shown(list(found), page)


class Listing(Generic[M]):
    """As `take_page`, written out: of these columns of a model, or of all. Building the query took
    most of the CPU of a list (docs/performance.md).
    """

    def __init__(self, model: type[M], *columns: str) -> None:
        self._model = model
        self._columns = columns
        self._statements: dict[tuple[str, bool], str] = {}

    def take(self, where: str, values: Sequence[Any], page: PageRequest) -> Page[M]:
        """The rows for which `where` is true, a text of ours with the `values`' placeholders. One
        query."""
        parameters = list(values)
        if page.after is not None:
            parameters += page.after.created_at, page.after.created_at, page.after.id
        statement = self._statement(where, page.after is not None)
        found = fetch_all(statement, [*parameters, page.limit + 1])
        rows = rows_of(self._model)
        return _shown([rows.instance(row, *self._columns) for row in found], page)

    def _statement(self, where: str, is_after: bool) -> str:
        known = self._statements.get((where, is_after))
        if known is None:
            after = "AND created_at <= %s AND (created_at < %s OR id < %s)" if is_after else ""
            known = self._statements[where, is_after] = f"""
                SELECT {rows_of(self._model).columns("listed", *self._columns)}
                  FROM {self._model._meta.db_table} AS listed
                 WHERE {where} {after}
                 ORDER BY created_at DESC, id DESC
                 {LIMIT}
            """
        return known


def _shown(found: Sequence[M], page: PageRequest) -> Page[M]:
    """Of the rows of a page, and one more where there is one."""
    shown = found[: page.limit]
    return Page(shown, _position(shown[-1]) if len(found) > len(shown) else None)


def _position(row: Any) -> Position:
    return Position(row.created_at, row.id)
