"""The audit log in the admin: read only, and at a cost that does not grow with it."""

import pytest

from s3project.acts.actor import SYSTEM
from s3project.acts.models import Act
from s3project.acts.record import record_act
from s3project.acts.words import Action, ObjectKind
from s3project.admin import bounded_pages
from s3project.testing.sql import recorded_statements
from users.tests.factories import make_user
from users.tests.operators import browser_of, listed, make_operator

pytestmark = pytest.mark.django_db
ACTS = "/admin/acts/act/"


def test_the_list_is_filtered_and_searched_and_cannot_be_changed() -> None:
    user, browser = make_user(), browser_of(make_operator(superuser=True))
    granted = record_act(
        Action.CREDITS_GRANTED, actor=SYSTEM, kind=ObjectKind.USER, object_id=user.public_id
    )
    record_act(Action.CALLBACK_REFUSED, actor=SYSTEM)

    assert listed(browser, Act, action="credits.granted") == [granted.pk]
    assert listed(browser, Act, q=user.public_id) == [granted.pk]
    assert listed(browser, Act, actor_kind="anyone") == []
    assert len(listed(browser, Act, actor_kind="system")) == 2
    for view in ("add/", f"{granted.pk}/change/", f"{granted.pk}/delete/"):
        assert browser.post(f"{ACTS}{view}", {"reason": "none"}).status_code == 403
    assert browser.get(f"{ACTS}{granted.pk}/change/").status_code == 200


def test_only_who_may_see_acts_does() -> None:
    assert browser_of(make_operator("view_user")).get(ACTS).status_code == 403
    assert browser_of(make_operator("view_act")).get(ACTS).status_code == 200


def test_the_list_takes_five_queries_and_counts_no_further_than_its_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounded_pages, "MAX_COUNTED", 60)
    browser = browser_of(make_operator(superuser=True))
    for _ in range(100):
        record_act(Action.CALLBACK_REFUSED, actor=SYSTEM)

    with recorded_statements() as statements:
        response = browser.get(ACTS)

    # Session, operator, second factor, the count, the page.
    assert len(statements) == 5
    assert "LIMIT 60" in statements[3]
    assert response.context["cl"].result_count == 60
    assert len(response.context["cl"].result_list) == 50
