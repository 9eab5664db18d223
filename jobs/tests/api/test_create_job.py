"""POST /jobs"""

import re

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from jobs.models import JobCoordinator
from jobs.storage import bucket
from jobs.tests.factories import make_job
from jobs.tests.rows import all_rows, assert_books_balance
from s3project.testing.api import Api
from users.models import User
from users.services import set_plan
from users.tests.factories import api_of, ledger_of, limiter_of, make_user

pytestmark = pytest.mark.django_db


def order(item_count: int) -> dict[str, object]:
    return {"preset": "interior", "item_count": item_count}


def test_a_new_job_comes_with_an_upload_address_for_each_photo() -> None:
    user = make_user()

    answer = api_of(user).post("/jobs", order(2))

    assert answer.status == 201
    data = answer.data
    upload = data.pop("upload")
    job_id = data["job_id"]
    assert re.fullmatch(r"job_[0-9a-f]{32}", job_id)
    assert data == {
        "job_id": job_id,
        "status": "created",
        "preset": "interior",
        "total_items": 2,
        "source_job_id": None,
        "confirm_url": f"/jobs/{job_id}/confirm-upload",
        "expires_in": 3600,
    }
    keys = [f"inputs/{user.public_id}/{job_id}/{idx}.jpg" for idx in range(2)]
    assert [(part["idx"], part["key"]) for part in upload] == list(enumerate(keys))
    for part in upload:
        endpoint = configured.STORAGE_PUBLIC_ENDPOINT
        assert part["url"].startswith(f"{endpoint}/s3-images/{part['key']}?X-Amz-Algorithm=")
    job = JobCoordinator.objects.get()
    items = job.items.order_by("idx").values_list("idx", "status", "input_key", "attempt")
    assert list(items) == [(idx, "pending", key, 0) for idx, key in enumerate(keys)]
    assert ledger_of(user)[-1] == ("reserve", -2, 8, job_id)
    assert_books_balance(user)


def test_ids_made_one_after_the_other_sort_in_that_order() -> None:
    user = make_user(plan="pro")

    ids = [api_of(user).post("/jobs", order(1)).data["job_id"] for _ in range(3)]

    assert ids == sorted(ids)


@pytest.mark.parametrize(
    ("plan", "unfinished", "item_count", "refusal"),
    [
        ("free", 0, 11, (402, "CREDITS_EXHAUSTED")),
        ("free", 1, 11, (402, "CREDITS_EXHAUSTED")),
        ("free", 0, 200, (402, "CREDITS_EXHAUSTED")),
        ("free", 1, 5, (429, "CONCURRENCY_LIMIT")),
        ("pro", 3, 198, (402, "CREDITS_EXHAUSTED")),
        ("pro", 3, 1, (429, "CONCURRENCY_LIMIT")),
    ],
)
def test_a_job_over_a_limit_is_refused_without_effect(
    plan: str, unfinished: int, item_count: int, refusal: tuple[int, str]
) -> None:
    user = make_user(plan=plan)
    for _ in range(unfinished):
        make_job(user=user, items=1)
    before = all_rows()

    answer = api_of(user).post("/jobs", order(item_count))

    assert answer.refusal == refusal
    assert all_rows() == before


def test_the_item_limit_comes_after_the_credits_and_before_concurrency() -> None:
    user = make_user(plan="pro")
    make_job(user=user, items=1)
    set_plan(user_id=user.id, plan="free")  # 199 credits, 10 photos a job, one job at a time
    before = all_rows()

    api = api_of(user)
    refusals = [api.post("/jobs", order(count)).refusal for count in (200, 11, 10)]

    assert refusals == [
        (402, "CREDITS_EXHAUSTED"),
        (403, "ITEM_LIMIT"),
        (429, "CONCURRENCY_LIMIT"),
    ]
    assert all_rows() == before


def test_a_finished_job_frees_its_slot() -> None:
    user = make_user()
    job_id = api_of(user).post("/jobs", order(1)).data["job_id"]
    assert api_of(user).post("/jobs", order(1)).status == 429

    api_of(user).post(f"/jobs/{job_id}/cancel")

    assert api_of(user).post("/jobs", order(1)).status == 201


@pytest.mark.parametrize("setting", ["STORAGE_PUBLIC_ENDPOINT", "STORAGE_ACCESS_KEY"])
def test_where_nothing_can_be_signed_nothing_is_charged(setting: str, settings: Settings) -> None:
    user = make_user()
    before = all_rows()
    setattr(settings, setting, "")
    bucket.presigner.cache_clear()

    try:
        answer = api_of(user).post("/jobs", order(1))
    finally:
        bucket.presigner.cache_clear()

    assert answer.refusal == (503, "UNAVAILABLE")
    assert "Retry-After" in answer.headers
    assert all_rows() == before
    assert limiter_of(user).credits == 10


def test_what_a_client_adds_about_owner_or_price_is_ignored() -> None:
    user, other = make_user(), make_user()
    body = {**order(2), "user_id": other.public_id, "job_id": "job_1", "cost": 0, "plan": "pro"}

    answer = api_of(user).post("/jobs", body)

    job = JobCoordinator.objects.get()
    assert (answer.data["job_id"], job.user) == (job.public_id, User.objects.get(pk=user.pk))
    assert limiter_of(user).credits == 8


def test_a_job_needs_a_user() -> None:
    assert Api().post("/jobs", order(1)).refusal == (401, "AUTH_REQUIRED")
    assert JobCoordinator.objects.count() == 0
