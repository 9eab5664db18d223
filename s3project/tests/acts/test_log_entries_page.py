"""What Django notes of operators, as a list."""

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType

from users.models import User
from users.tests.factories import make_user
from users.tests.operators import browser_of, listed, make_operator

pytestmark = pytest.mark.django_db


def note(operator: User, user: User, words: str) -> LogEntry:
    return LogEntry.objects.create(
        user=operator,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(user.pk),
        object_repr=str(user),
        action_flag=CHANGE,
        change_message=words,
    )


def test_entries_are_found_by_operator_by_object_and_by_kind() -> None:
    anna, bert = make_operator(superuser=True), make_operator()
    first, second = make_user(), make_user()
    one, other = note(anna, first, "Granted 5 credits."), note(bert, second, "Deactivated.")
    browser = browser_of(anna)

    assert listed(browser, LogEntry) == [other.pk, one.pk]
    assert listed(browser, LogEntry, q=str(anna.email)) == [one.pk]
    assert listed(browser, LogEntry, q=second.public_id) == [other.pk]
    assert listed(browser, LogEntry, q=bert.public_id) == [other.pk]
    assert listed(browser, LogEntry, kind="3") == []
    page = browser.get("/admin/admin/logentry/").content.decode()
    assert "Granted 5 credits." in page
    assert f'href="/admin/users/user/{first.pk}/change/"' in page


@pytest.mark.parametrize("verb", ["add/", "1/delete/", "1/change/"])
def test_nobody_edits_them(verb: str) -> None:
    browser = browser_of(make_operator(superuser=True))

    assert browser.post(f"/admin/admin/logentry/{verb}", {}).status_code in (302, 403)
    assert not LogEntry.objects.exists()
