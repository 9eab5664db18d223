"""What follows a commit."""

import logging
from functools import partial

import pytest
from django.db import transaction

from s3project.after_commit import after_commit

pytestmark = pytest.mark.django_db(transaction=True)


def fail(what: str) -> None:
    raise RuntimeError(what)


def test_it_is_called_after_the_commit_and_not_after_a_rollback() -> None:
    called: list[int] = []
    with transaction.atomic():
        after_commit(called.append, 1)
        assert called == []
    with transaction.atomic():
        after_commit(called.append, 2)
        transaction.set_rollback(True)

    assert called == [1]


def test_what_it_raises_is_logged_and_keeps_nothing_else_from_being_called(
    caplog: pytest.LogCaptureFixture,
) -> None:
    called: list[int] = []
    with caplog.at_level(logging.ERROR), transaction.atomic():
        after_commit(partial(fail, "the broker is odd"))
        after_commit(called.append, 1)

    assert called == [1]
    assert "the broker is odd" in caplog.text


def test_djangos_own_way_fails_for_a_partial() -> None:
    """Why there is another. Where this fails, Django has learned it, and ours may go."""
    with pytest.raises(AttributeError, match="__qualname__"), transaction.atomic():
        transaction.on_commit(partial(fail, "the broker is odd"), robust=True)
