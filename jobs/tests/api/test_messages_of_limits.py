"""What is said of who asks, of what is left and of what is not there
(contract §3.1).
"""

import pytest

from jobs.states import JobStatus
from jobs.tests.api.messages import JOB, RULE, told
from jobs.tests.factories import make_job
from s3project.testing.api import Api
from users import services
from users.models import User
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db


def busy(plan: str, jobs: int) -> tuple[User, list[str]]:
    user = make_user(plan=plan)
    return user, [make_job(user=user, items=1).public_id for _ in range(jobs)]


def test_a_request_without_a_token_or_with_another() -> None:
    assert told(Api().get("/me")) == (
        401,
        "AUTH_REQUIRED",
        "Send the header Authorization: Bearer <token>; POST /auth/anon gives a token.",
        None,
    )
    assert told(Api("x").get("/me")) == (
        401,
        "TOKEN_INVALID",
        "The token is unknown, damaged, spent or signed out: sign in again.",
        None,
    )
    assert told(Api("x").post("/jobs/job_x/callback")) == (
        403,
        "CALLBACK_UNAUTHORIZED",
        "The callback secret (GPU_CALLBACK_SECRET) is missing or wrong.",
        None,
    )


@pytest.mark.parametrize(
    ("left", "count", "text"),
    [
        (10, 12, "This job needs 12 credits, and 10 are left."),
        (1, 2, "This job needs 2 credits, and 1 is left."),
        (0, 1, "This job needs 1 credit, and none are left."),
    ],
)
def test_credits_that_are_missing_are_counted(left: int, count: int, text: str) -> None:
    user = make_user()
    if left < 10:
        make_job(JobStatus.DONE, user=user, items=10 - left)

    answer = api_of(user).post("/jobs", {**JOB, "item_count": count})

    details = {"needed": count, "available": left}
    assert told(answer) == (402, "CREDITS_EXHAUSTED", text, details)


def test_a_plan_says_its_limits() -> None:
    user = make_user()
    services.grant_credits(user_id=user.id, amount=100)
    api = api_of(user)
    for _ in range(2):
        api.post("/rules", RULE)

    assert told(api.post("/jobs", {**JOB, "item_count": 12})) == (
        403,
        "ITEM_LIMIT",
        "The free plan allows 10 photos in a job, and this one has 12: make several jobs of it.",
        {"plan": "free", "limit": 10},
    )
    assert told(api.post("/rules", RULE)) == (
        403,
        "RULE_SLOT_FULL",
        "The free plan allows 2 saved rules: delete or change one.",
        {"plan": "free", "limit": 2},
    )


def test_the_jobs_that_hold_the_slots_are_named() -> None:
    user, open_jobs = busy("free", 1)
    pro, open_pros = busy("pro", 3)
    make_job(JobStatus.QUEUED)  # somebody else's

    assert told(api_of(user).post("/jobs", JOB)) == (
        429,
        "CONCURRENCY_LIMIT",
        "The free plan allows 1 unfinished job at a time: wait until it is finished, or cancel it.",
        {"limit": 1, "open_jobs": open_jobs},
    )
    assert told(api_of(pro).post("/jobs", JOB)) == (
        429,
        "CONCURRENCY_LIMIT",
        "The pro plan allows 3 unfinished jobs at a time: wait until one is finished, or cancel "
        "one.",
        {"limit": 3, "open_jobs": open_pros},
    )


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/nothing", "There is no such address. GET /docs shows all there are."),
        ("/jobs/", "Addresses have no slash at their end: try /jobs."),
        ("/presets/interior/", "Addresses have no slash at their end: try /presets/interior."),
    ],
)
def test_an_address_that_is_none(path: str, text: str) -> None:
    assert told(Api().get(path)) == (404, "NOT_FOUND", text, None)


def test_what_does_not_exist_is_named() -> None:
    api = api_of(make_user())
    nothing = "0" * 32

    assert told(api.get("/presets/Interior")) == (
        404,
        "NOT_FOUND",
        'There is no preset "Interior", only interior and seller. Did you mean interior?',
        {"allowed": ["interior", "seller"], "nearest": "interior"},
    )
    assert told(api.get("/presets/garden")) == (
        404,
        "NOT_FOUND",
        'There is no preset "garden", only interior and seller.',
        {"allowed": ["interior", "seller"], "nearest": None},
    )
    job = (404, "JOB_NOT_FOUND", "There is no such job: GET /jobs lists yours.", None)
    rule = (404, "RULE_NOT_FOUND", "There is no such rule: GET /rules lists yours.", None)
    assert told(api.get(f"/jobs/job_{nothing}")) == job
    assert told(api.post(f"/jobs/job_{nothing}/cancel")) == job
    assert told(api.delete(f"/rules/rule_{nothing}")) == rule
    assert told(api.post("/jobs/check", {**JOB, "rule_id": "rule_x"})) == rule


def test_a_method_that_is_not_taken() -> None:
    answer = api_of(make_user()).send("PATCH", "/jobs/job_x")

    assert told(answer) == (
        405,
        "METHOD_NOT_ALLOWED",
        "This address does not take PATCH, only GET, DELETE, HEAD and OPTIONS.",
        None,
    )


def test_a_key_that_was_used_for_another_request() -> None:
    api = api_of(make_user())
    key = {"Idempotency-Key": "k"}
    first = api.send("POST", "/jobs", b'{"preset":"interior","item_count":1}', headers=key)
    assert first.status == 201

    answer = api.send("POST", "/jobs", b'{"preset":"interior","item_count":2}', headers=key)

    assert told(answer) == (
        422,
        "IDEMPOTENCY_KEY_REUSED",
        "This Idempotency-Key was used for another request: take a new one.",
        None,
    )


def test_a_body_that_is_too_large() -> None:
    answer = api_of(make_user()).send("POST", "/jobs", b" " * (1024 * 1024 + 1))

    assert told(answer) == (413, "VALIDATION_ERROR", "The body is larger than 1 MiB.", None)
