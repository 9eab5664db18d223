"""Searching a list by public ids, their beginnings or ends, as clients and logs show them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from s3project import ids
from s3project.admin.page import M, PageAdmin
from s3project.ends_of_ids import FEWEST, keys_ending

# The first and the last key that are looked for; the same twice for a whole id.
Between = tuple[UUID, UUID]
# Without a prefix fewer would be a word or a number.
FEWEST_DIGITS = 10
# `…4b19ab`, `job_…4b19ab` or the digits alone.
END = re.compile(
    rf"(?:(?P<prefix>[a-z]+)_(?=…|\.))?(?:…|\.{{2,}})?(?P<digits>[0-9a-f]{{{FEWEST},32}})"
)
CUT = re.compile(r"(?:…|\.{2,})$")
# So many digits that end an id by chance only once among thousands of searches.
SURE = 8
# Of a text; longer ones are found in no column.
LONGEST = 200


class SearchById(PageAdmin[M]):
    """`id_lookups` maps the prefix of a public id to what the keys between two find. Several ids
    find any of them; a text without an id is searched for in `search_fields`. A key as the database
    writes it, or enough digits of one, is of the first kind. `id_ends` are those kinds that are
    found by the end of an id too.
    """

    id_lookups: ClassVar[Mapping[str, Callable[[Between], Q]]] = {}
    id_ends: ClassVar[Mapping[str, type[Model]]] = {}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        words = search_term.lower().split()
        begun = [
            lookup(between)
            for word in words
            for prefix, lookup in self.id_lookups.items()
            if (between := ids.beginning_with(prefix, self._public(word)))
        ]
        ended = list(self._ended(words))
        if begun or (ended and all(len(word) >= SURE for word in words)):
            return queryset.filter(_any_of([*begun, *ended])), False
        text = search_term.replace("\0", "")[:LONGEST]
        found, may_repeat = self.search_text(request, queryset, text)
        # Fewer digits may be a number or a word in a text as well.
        return (found | queryset.filter(_any_of(ended)) if ended else found), may_repeat

    def _public(self, word: str) -> str:
        word = CUT.sub("", word)
        digits = word.replace("-", "")
        is_bare = len(digits) >= FEWEST_DIGITS and ids.BEGINNING.fullmatch(digits)
        return f"{next(iter(self.id_lookups))}_{digits}" if is_bare else word

    def _ended(self, words: Iterable[str]) -> Iterator[Q]:
        for word in words:
            end = END.fullmatch(word.replace("-", ""))
            for prefix, model in self.id_ends.items() if end else ():
                if end and end["prefix"] in (None, prefix):
                    for key in keys_ending(model, end["digits"]):
                        yield self.id_lookups[prefix]((key, key))

    def search_text(
        self, request: HttpRequest, queryset: QuerySet[Any], text: str
    ) -> tuple[QuerySet[M], bool]:
        """What a text without an id finds, and whether that may have duplicates."""
        return super().get_search_results(request, queryset, text)


def _any_of(conditions: Iterable[Q]) -> Q:
    either = Q()
    for condition in conditions:
        either |= condition
    return either
