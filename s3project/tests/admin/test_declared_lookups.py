"""No address of a list looks up, sorts or searches by what the list does not declare."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import Model
from django.db.models.constants import LOOKUP_SEP
from django.db.models.expressions import OrderBy
from django.test import Client, RequestFactory
from django.urls import reverse

from s3project.admin.page import PageAdmin
from s3project.admin.search import SearchById
from users.models import User
from users.tests.factories import make_user
from users.tests.operators import browser_of, make_operator

pytestmark = pytest.mark.django_db

PAGES = sorted(admin.site._registry, key=lambda model: model._meta.label)
LOOKUPS = (
    *("", "exact", "iexact", "contains", "startswith", "istartswith", "endswith", "regex"),
    *("gt", "gte", "lt", "lte", "in", "isnull", "range"),
)
HOPS = 3
# What a filter of each kind takes beside the name of its field.
FILTERED = ("exact", "isnull", "gte", "lt")
NOBODYS = {"password", "device_hash", "refresh_digest", "session_data", "key", "token", "digest"}


def paths(model: type[Model], hops: int = HOPS) -> Iterator[str]:
    """The lookups of every field of a model and, through relations in both directions, of those
    that it leads to."""
    for field in model._meta.get_fields():
        name = field.name
        yield name
        if field.is_relation and field.related_model is not None and hops:
            for rest in paths(field.related_model, hops - 1):
                yield f"{name}{LOOKUP_SEP}{rest}"


def declared(page: "admin.ModelAdmin[Model]") -> set[str]:
    names: set[str] = set()
    for given in page.list_filter:
        if isinstance(given, str):
            names |= {f"{given}{LOOKUP_SEP}{word}" for word in FILTERED}
        else:
            names.add(given.parameter_name)  # type: ignore[union-attr]  # no field's class is given
    return names


def name_of(model: type[Model]) -> str:
    return model._meta.label


@pytest.mark.parametrize("model", PAGES, ids=name_of)
def test_a_list_takes_its_own_filters_and_no_other_field_by_any_way(model: type[Model]) -> None:
    page = admin.site._registry[model]
    operator = make_operator(superuser=True)
    taken: set[str] = set()
    tried = 0

    for path in set(paths(model)):
        # Deep in, one lookup tells as much as all.
        lookups = LOOKUPS if path.count(LOOKUP_SEP) < 2 else ("", "startswith")
        for name in {LOOKUP_SEP.join(filter(None, (path, lookup))) for lookup in lookups}:
            tried += 1
            request = RequestFactory().get("/", {name: "1"})
            request.user = operator
            try:
                page.get_changelist_instance(request)
            except DisallowedModelAdminLookup:
                continue
            except IncorrectLookupParameters:  # a filter's own name, and no value of it
                pass
            taken.add(name)

    assert tried > 50
    assert taken <= declared(page)


def test_there_are_pages_and_all_are_of_the_kit() -> None:
    assert User in PAGES
    assert len(PAGES) >= 8
    for model in PAGES:
        assert isinstance(admin.site._registry[model], PageAdmin), model


def test_what_a_library_registers_is_no_page() -> None:
    before = dict(admin.site._registry)

    admin.site.register(admin.models.LogEntry, admin.ModelAdmin)
    admin.site.register(admin.models.LogEntry)

    assert admin.site._registry == before


@pytest.mark.parametrize(
    "query",
    [
        "password__startswith=pbkdf2", "password=x", "password__regex=^p", "is_superuser=1",
        "is_superuser__exact=1", "email__startswith=o", "device_hash__startswith=a",
        "limiter__user__password__startswith=p", "sessions__refresh_digest__startswith=a",
        "groups__user__password__startswith=p", "plan__exact=free&password__startswith=p",
        "password__startswith=", "pk=1", "id__in=1,2",
    ],
)  # fmt: skip
def test_a_viewer_learns_nothing_of_a_superusers_hash(query: str) -> None:
    make_operator(superuser=True)
    viewer = browser_of(make_operator("view_user"))

    response = viewer.get(f"/admin/users/user/?{query}")

    assert response.status_code == 400
    assert b"pbkdf2" not in response.content


@pytest.mark.parametrize("query", ["_to_field=password", "_popup=1&_to_field=email"])
def test_no_other_field_stands_for_the_key(query: str) -> None:
    assert (
        browser_of(make_operator("view_user")).get(f"/admin/users/user/?{query}").status_code == 400
    )


@pytest.fixture
def browser() -> Client:
    return browser_of(make_operator(superuser=True))


@pytest.mark.parametrize("model", PAGES, ids=name_of)
def test_a_list_sorts_by_its_columns_only(browser: Client, model: type[Model]) -> None:
    page = admin.site._registry[model]
    operator = make_operator(superuser=True)
    columns = range(-3, len(page.list_display) + 3)

    for given in (
        *map(str, columns),
        "-1.2",
        "password",
        "1;drop",
        "1.password",
        "-",
        "..",
        "9" * 30,
    ):
        request = RequestFactory().get("/", {ORDER_VAR: given})
        request.user = operator
        changes = page.get_changelist_instance(request)
        for term in changes.get_ordering(request, changes.queryset):
            assert not isinstance(term, OrderBy)
            parts = set(str(term).lstrip("-").split(LOOKUP_SEP))
            assert parts.isdisjoint(NOBODYS), (given, term)


@pytest.mark.parametrize("model", PAGES, ids=name_of)
def test_a_search_reads_names_and_emails_only(model: type[Model]) -> None:
    page = admin.site._registry[model]
    shown = {"email", "user__email", "limiter__user__email", "name", "host"}
    # Only show the box where the page decides by itself what a text finds.
    decides = (
        type(page).search_text is not SearchById.search_text
        if isinstance(page, SearchById)
        else False
    )

    assert decides or set(page.search_fields) <= shown, page.search_fields


def test_a_hash_is_not_found_by_searching_for_it(browser: Client) -> None:
    boss = make_operator(superuser=True)
    make_user()

    for text in ("pbkdf2", boss.password[:30], boss.password, "password=x", "password__startswith"):
        found = browser.get(reverse("admin:users_user_changelist"), {"q": text})
        assert list(found.context["cl"].result_list) == []


def test_no_filter_counts_the_whole_table(browser: Client) -> None:
    response = browser.get("/admin/users/user/", {"_facets": "True"})

    assert response.context["cl"].add_facets is False
