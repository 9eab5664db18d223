"""Searching a list by public ids, pasted as clients and logs show them."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from s3project import ids
from s3project.admin.page import M, PageAdmin


class SearchById(PageAdmin[M]):
    """`id_lookups` maps the prefix of a public id to what it finds. Several ids find any of them;
    a text without an id is searched for in `search_fields`.
    """

    id_lookups: ClassVar[Mapping[str, Callable[[UUID], Q]]] = {}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        found = [
            lookup(key)
            for word in search_term.lower().split()
            for prefix, lookup in self.id_lookups.items()
            if (key := ids.parse_public_id(prefix, word))
        ]
        if not found:
            return self.search_text(request, queryset, search_term)
        either = Q()
        for condition in found:
            either |= condition
        return queryset.filter(either), False

    def search_text(
        self, request: HttpRequest, queryset: QuerySet[Any], text: str
    ) -> tuple[QuerySet[M], bool]:
        """What a text without an id finds, and whether that may have duplicates."""
        return super().get_search_results(request, queryset, text)
