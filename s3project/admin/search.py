"""Searching a list by public ids or their beginnings, pasted as clients and logs show them."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from s3project import ids
from s3project.admin.page import M, PageAdmin

# The first and the last key that are looked for; the same twice for a whole id.
Between = tuple[UUID, UUID]
# Without a prefix fewer would be a word or a number.
FEWEST_DIGITS = 10
# Of a text; longer ones are found in no column.
LONGEST = 200


class SearchById(PageAdmin[M]):
    """`id_lookups` maps the prefix of a public id to what the keys between two find. Several ids
    find any of them; a text without an id is searched for in `search_fields`. A key as the database
    writes it, or enough digits of one, is of the first kind.
    """

    id_lookups: ClassVar[Mapping[str, Callable[[Between], Q]]] = {}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        found = [
            lookup(between)
            for word in search_term.lower().split()
            for prefix, lookup in self.id_lookups.items()
            if (between := ids.beginning_with(prefix, self._public(word)))
        ]
        if not found:
            return self.search_text(request, queryset, search_term.replace("\0", "")[:LONGEST])
        either = Q()
        for condition in found:
            either |= condition
        return queryset.filter(either), False

    def _public(self, word: str) -> str:
        digits = word.replace("-", "")
        is_bare = len(digits) >= FEWEST_DIGITS and ids.BEGINNING.fullmatch(digits)
        return f"{next(iter(self.id_lookups))}_{digits}" if is_bare else word

    def search_text(
        self, request: HttpRequest, queryset: QuerySet[Any], text: str
    ) -> tuple[QuerySet[M], bool]:
        """What a text without an id finds, and whether that may have duplicates."""
        return super().get_search_results(request, queryset, text)
