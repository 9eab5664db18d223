"""By what lists can be sorted: a long one only by what an index has."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import RequestFactory

from jobs.models import JobCoordinator, JobLog
from users.models import BillingEvent, Reservation, User


def sorts_of(model: Any) -> list[str]:
    columns: list[Any] = list(
        admin.site.get_model_admin(model).get_sortable_by(RequestFactory().get("/"))
    )
    return [getattr(column, "__name__", column) for column in columns]


@pytest.mark.parametrize(
    ("model", "columns"),
    [
        (BillingEvent, ["created_at"]),
        (Reservation, ["public_id_column", "reserved_at"]),
        (JobCoordinator, ["job"]),
        (JobLog, ["public_id_column", "user", "created_at"]),
    ],
)
def test_a_long_list_is_sorted_by_what_an_index_has(model: Any, columns: list[str]) -> None:
    assert sorts_of(model) == columns


def test_a_short_list_is_sorted_by_anything() -> None:
    assert "credits" in sorts_of(User)
