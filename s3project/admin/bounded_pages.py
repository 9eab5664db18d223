"""Pages of a list that may be long: what is counted has a bound."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    # Django's takes its parameter in the type stubs only.
    AnyPaginator = Paginator

MAX_COUNTED = 5000


class BoundedPaginator(AnyPaginator):
    """Counts as far as MAX_COUNTED and shows so many; what lies beyond is found by a filter."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[:MAX_COUNTED].count())

    @property
    def said(self) -> str:
        """`1 found`, `5,000 found or more`"""
        return f"{self.count:,} found{' or more' if self.count == MAX_COUNTED else ''}"
