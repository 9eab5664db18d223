"""POST /auth/anon with one device's secret from many threads: get-or-create is one step."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from s3project.testing.api import Api
from s3project.testing.race import race, race_without_locks
from s3project.testing.sql import recorded_statements
from users.models import BillingEvent, Session, User, UserLimiter

DEVICE = "4b1f0c52b7b84e7c8f0e6a54d2f3c1aa"
THREADS = 20


def sign_up() -> tuple[str, bool]:
    data = Api().post("/auth/anon", {"device_hash": DEVICE}).data
    return data["user_id"], data["is_new"]


@contextmanager
def no_unique_device() -> Iterator[None]:
    """The table without the constraint that decides the race."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid"
            " AND conkey = ARRAY[attnum] WHERE conrelid = 'users_user'::regclass"
            " AND contype = 'u' AND attname = 'device_hash'"
        )
        (name,) = cursor.fetchone()
        cursor.execute(f'ALTER TABLE users_user DROP CONSTRAINT "{name}"')
        try:
            yield
        finally:
            cursor.execute("TRUNCATE users_user CASCADE")
            cursor.execute(f'ALTER TABLE users_user ADD CONSTRAINT "{name}" UNIQUE (device_hash)')


@pytest.mark.django_db(transaction=True)
def test_one_device_that_signs_up_twenty_times_at_once_is_one_user() -> None:
    outcomes = race(*[sign_up] * THREADS)

    user = User.objects.get()
    assert sorted(outcomes, key=str) == sorted(
        [(user.public_id, False)] * (THREADS - 1) + [(user.public_id, True)], key=str
    )
    assert (UserLimiter.objects.get().credits, BillingEvent.objects.count()) == (10, 1)
    assert Session.objects.filter(user=user).count() == THREADS


@pytest.mark.django_db(transaction=True)
def test_without_the_unique_digest_each_thread_would_make_a_user() -> None:
    with no_unique_device():
        race_without_locks(*[sign_up] * THREADS)

        assert User.objects.count() == THREADS


@pytest.mark.django_db
def test_31_characters_are_no_secret_and_32_are() -> None:
    for length, users_after_two in ((31, 2), (32, 3)):
        for _ in range(2):
            Api().post("/auth/anon", {"device_hash": DEVICE[:length]})
        assert User.objects.count() == users_after_two


@pytest.mark.django_db
def test_a_device_is_found_by_the_unique_index_of_its_digest() -> None:
    sign_up()

    with recorded_statements() as statements:
        sign_up()

    assert [statement.split()[0] for statement in statements] == ["SELECT", "INSERT"]
    assert '"users_user"."device_hash" = ' in statements[0]
    assert DEVICE not in statements[0]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statements[0]}")
        plan = " ".join(row[0] for row in cursor.fetchall())
    assert "device_hash" in plan
    assert "Index Scan" in plan
