"""The Idempotency-Key header: a request sent twice has one effect and one answer."""

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.factories import RECOLOR_FLOOR, make_job
from jobs.tests.rows import all_rows, assert_books_balance
from s3project.testing.api import Answer, Api
from s3project.testing.race import race, race_in_turn
from users.api.auth import issue_token
from users.models import IdempotentRequest, User
from users.models.idempotency import IdempotentRequestQuerySet
from users.tests.factories import limiter_of, make_user

NEW_JOB = {"preset": "interior", "item_count": 3}


def send(user: User, path: str, body: object, key: str, method: str = "POST") -> Answer:
    api = Api(issue_token(user))
    return api.send(method, path, json.dumps(body).encode(), headers={"Idempotency-Key": key})


@pytest.mark.django_db
def test_a_job_created_twice_with_one_key_is_one_job_and_one_charge() -> None:
    user = make_user()

    first = send(user, "/jobs", NEW_JOB, "order-1")
    again = send(user, "/jobs", NEW_JOB, "order-1")

    assert (first.status, again.status) == (201, 201)
    assert again.data == first.data
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert JobCoordinator.objects.count() == 1
    assert limiter_of(user).credits == 7


@pytest.mark.django_db
def test_another_key_is_another_request() -> None:
    user = make_user(plan="pro")

    send(user, "/jobs", NEW_JOB, "order-1")
    send(user, "/jobs", NEW_JOB, "order-2")

    assert JobCoordinator.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "body"),
    [("/jobs", {**NEW_JOB, "item_count": 4}), ("/jobs?x=1", NEW_JOB)],
    ids=["another body", "another address"],
)
def test_a_key_used_for_another_request_is_refused(path: str, body: Any) -> None:
    user = make_user(plan="pro")
    send(user, "/jobs", NEW_JOB, "order-1")
    before = all_rows()

    assert send(user, path, body, "order-1").refusal == (422, "IDEMPOTENCY_KEY_REUSED")

    assert all_rows() == before


@pytest.mark.django_db
def test_keys_belong_to_their_user() -> None:
    one, other = make_user(), make_user()

    first = send(one, "/jobs", NEW_JOB, "order-1")
    second = send(other, "/jobs", NEW_JOB, "order-1")

    assert first.data["job_id"] != second.data["job_id"]


@pytest.mark.django_db
def test_a_refusal_is_not_remembered() -> None:
    """It had no effect; sent again once the reason is gone, the request goes through."""
    user = make_user()
    make_job(user=user)

    assert send(user, "/jobs", NEW_JOB, "order-1").refusal == (429, "CONCURRENCY_LIMIT")
    job = JobCoordinator.objects.get()
    assert send(user, f"/jobs/{job.public_id}/cancel", None, "cancel-1").status == 200

    assert send(user, "/jobs", NEW_JOB, "order-1").status == 201


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", " ", "two words", "ключ", "x" * 256])
def test_a_header_that_is_no_key_is_refused(key: str) -> None:
    user = make_user()
    before = all_rows()

    assert send(user, "/jobs", NEW_JOB, key).refusal == (400, "VALIDATION_ERROR")

    assert all_rows() == before


@pytest.mark.django_db
def test_an_answer_is_forgotten_after_a_day() -> None:
    user = make_user(plan="pro")
    first = send(user, "/jobs", NEW_JOB, "order-1")
    IdempotentRequest.objects.update(created_at=F("created_at") - timedelta(hours=24, seconds=1))

    again = send(user, "/jobs", NEW_JOB, "order-1")

    assert first.data["job_id"] != again.data["job_id"]
    IdempotentRequest.objects.update(created_at=F("created_at") - timedelta(hours=25))
    assert IdempotentRequest.objects.delete_expired() == 1


@pytest.mark.django_db(transaction=True)
def test_every_step_of_a_job_can_be_sent_twice() -> None:
    user = make_user()
    job = make_job(user=user)
    steps = [
        ("confirm-upload", None, {"job_id": job.public_id, "status": "uploaded"}),
        ("execute", {"concepts": RECOLOR_FLOOR}, {"job_id": job.public_id, "status": "queued"}),
        ("cancel", None, {"job_id": job.public_id, "status": "canceled"}),
    ]
    for step, body, expected in steps:
        path = f"/jobs/{job.public_id}/{step}"
        first, again = (send(user, path, body, f"key-of-{step}") for _ in range(2))

        assert first.data == again.data
        assert again.headers["Idempotent-Replayed"] == "true"
        assert {name: first.data[name] for name in expected} == expected

    job.refresh_from_db()
    assert job.status == JobStatus.CANCELED
    assert_books_balance(user)


def outcome_of(answer: object) -> str:
    assert isinstance(answer, Answer), answer
    return "created" if answer.status == 201 else "{} {}".format(*answer.refusal)


@pytest.mark.django_db(transaction=True)
def test_a_copy_that_comes_while_the_first_is_at_work_is_to_come_again() -> None:
    user = make_user(plan="pro")
    request = partial(send, user, "/jobs", NEW_JOB, "order-1")

    first, copy = race_in_turn(request, request)

    assert (outcome_of(first), outcome_of(copy)) == ("created", "409 REQUEST_IN_PROGRESS")
    assert isinstance(copy, Answer)
    assert copy.headers["Retry-After"] == "1"
    assert JobCoordinator.objects.count() == 1
    assert limiter_of(user).credits == 197


@pytest.mark.django_db(transaction=True)
def test_ten_copies_of_one_request_at_once_create_one_job() -> None:
    user = make_user(plan="pro")

    answers = race(*[lambda: send(user, "/jobs", NEW_JOB, "order-1")] * 10)

    outcomes = [outcome_of(answer) for answer in answers]
    assert set(outcomes) - {"409 REQUEST_IN_PROGRESS"} == {"created"}
    assert JobCoordinator.objects.count() == 1
    assert limiter_of(user).credits == 197
    assert_books_balance(user)


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_and_the_stored_answer_copies_would_all_be_charged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: the race above is real."""
    user = make_user(plan="pro")
    monkeypatch.setattr(IdempotentRequestQuerySet, "try_lock", lambda *_: True)
    monkeypatch.setattr(IdempotentRequestQuerySet, "stored", lambda *_: None)
    monkeypatch.setattr(IdempotentRequestQuerySet, "create", lambda *_, **__: None)

    race(*[lambda: send(user, "/jobs", NEW_JOB, "order-1")] * 3)

    assert JobCoordinator.objects.count() == 3
    assert limiter_of(user).credits == 191


@pytest.mark.django_db(transaction=True)
def test_the_header_costs_three_statements() -> None:
    user = make_user(plan="pro")

    def statements(key: str | None) -> int:
        with CaptureQueriesContext(connection) as queries:
            if key is None:
                Api(issue_token(user)).post("/jobs", NEW_JOB)
            else:
                send(user, "/jobs", NEW_JOB, key)
        words = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
        return sum(not query["sql"].startswith(words) for query in queries.captured_queries)

    without = statements(None)

    assert statements("order-1") == without + 3
    assert statements("order-1") == 3, "a replay: the user, the lock and the stored answer"


@pytest.mark.django_db
def test_a_rule_changed_or_deleted_twice_with_one_key_is_changed_or_deleted_once() -> None:
    user = make_user()
    rule = {"name": "Oak", "preset_id": "interior", "concepts": RECOLOR_FLOOR}
    path = f"/rules/{send(user, '/rules', rule, 'make').data['id']}"

    changed = [send(user, path, {"name": "Pine"}, "rename", "PUT") for _ in range(2)]
    deleted = [send(user, path, None, "delete", "DELETE") for _ in range(2)]

    assert [answer.status for answer in (*changed, *deleted)] == [200] * 4
    assert changed[0].data == changed[1].data
    assert deleted[0].data == deleted[1].data
    assert limiter_of(user).rule_slots_used == 0
