"""As a stranger sees it: every code of contract §3.1 and the life of a set, over HTTP only.

A real server, a real storage and no worker: the test plays the worker with the callback secret.
Each answer is held to docs/openapi.yaml besides. What decides each case has tests of its own.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import jwt
import pytest
import requests
from django.conf import settings

from jobs.tests.stranger import NO_JOB, RULE, TWO, WALL, Stranger
from s3project.embedded.stack import EmbeddedStack
from s3project.testing.api import Answer
from s3project.testing.live import LiveStack
from s3project.testing.plugin import live_stack_of
from users import services

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(120),
    pytest.mark.usefixtures("empty_queues"),
]


@pytest.fixture(scope="module")
def poor_server(
    engines: EmbeddedStack, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveStack]:
    """Its storage is away, and it lets an address refresh once an hour."""
    with live_stack_of(engines, tmp_path_factory.mktemp("poor")) as stack:
        # A port that nobody is given while it is away.
        stack.start_web(STORAGE_S3_ENDPOINT="http://127.0.0.1:1", REFRESH_RATE="1/hour")
        yield stack


# --- Contract §3.1: one way to each code ------------------------------------------------------


def expired_token(stranger: Stranger) -> Answer:
    claims = jwt.decode(stranger.token or "", options={"verify_signature": False})
    yesterday = datetime.now(UTC) - timedelta(days=1)
    token = jwt.encode({**claims, "exp": yesterday}, settings.JWT_SECRETS[0], "HS256")
    return Stranger(stranger.base_url, token).send("GET", "/me")


def more_photos_than_the_plan_allows(stranger: Stranger) -> Answer:
    services.grant_credits(user_id=stranger.user().id, amount=10)
    return stranger.send("POST", "/jobs", {**TWO, "item_count": 11})


def a_rule_too_many(stranger: Stranger) -> Answer:
    for _ in range(2):
        assert stranger.send("POST", "/rules", RULE).status == 201
    return stranger.send("POST", "/rules", RULE)


def executed_before_it_was_confirmed(stranger: Stranger) -> Answer:
    return stranger.send("POST", f"/jobs/{stranger.job()}/execute", {"concepts": {}})


def canceled_twice(stranger: Stranger) -> Answer:
    path = f"/jobs/{stranger.job()}/cancel"
    assert stranger.send("POST", path).data["refunded"] == 2
    return stranger.send("POST", path)


def one_key_for_two_photos(stranger: Stranger) -> Answer:
    job = stranger.queued_job()
    assert stranger.report(job, 0, key="k").data["processed"] is True
    return stranger.report(job, 1, key="k")


def one_key_for_two_requests(stranger: Stranger) -> Answer:
    first = stranger.send("POST", "/rules", RULE, **{"Idempotency-Key": "k"})
    assert first.status == 201
    return stranger.send("POST", "/rules", {**RULE, "name": "Rose"}, **{"Idempotency-Key": "k"})


def a_second_unfinished_job(stranger: Stranger) -> Answer:
    stranger.job()
    return stranger.send("POST", "/jobs", TWO)


Case = tuple[int, str, Callable[[Stranger], Answer]]
CASES: dict[str, Case] = {
    "bad body": (400, "VALIDATION_ERROR", lambda s: s.send("POST", "/jobs", {"item_count": 2})),
    "no token": (401, "AUTH_REQUIRED", lambda s: Stranger(s.base_url).send("GET", "/me")),
    "old token": (401, "TOKEN_EXPIRED", expired_token),
    "garbage": (401, "TOKEN_INVALID", lambda s: Stranger(s.base_url, "x.y.z").send("GET", "/me")),
    "odd token": (401, "TOKEN_INVALID", lambda s: s.send("GET", "/me", Authorization="Bearer é")),
    "credits": (
        402,
        "CREDITS_EXHAUSTED",
        lambda s: s.send("POST", "/jobs", {**TWO, "item_count": 11}),
    ),
    "plan": (403, "ITEM_LIMIT", more_photos_than_the_plan_allows),
    "rules": (403, "RULE_SLOT_FULL", a_rule_too_many),
    "no secret": (403, "CALLBACK_UNAUTHORIZED", lambda s: s.send("POST", f"{NO_JOB}/callback", {})),
    "no route": (404, "NOT_FOUND", lambda s: s.send("GET", "/nothing")),
    "no preset": (404, "NOT_FOUND", lambda s: s.send("GET", "/presets/garden")),
    "no job": (404, "JOB_NOT_FOUND", lambda s: s.send("GET", NO_JOB)),
    "no rule": (404, "RULE_NOT_FOUND", lambda s: s.send("GET", f"/rules/rule_{'0' * 32}")),
    "method": (405, "METHOD_NOT_ALLOWED", lambda s: s.send("PATCH", "/me")),
    "state": (409, "INVALID_TRANSITION", executed_before_it_was_confirmed),
    "canceled": (409, "ALREADY_CANCELED", canceled_twice),
    "callback key": (409, "IDEMPOTENCY_CONFLICT", one_key_for_two_photos),
    "large body": (413, "VALIDATION_ERROR", lambda s: s.send("POST", "/rules", {"x": "y" * 2**20})),
    "key reused": (422, "IDEMPOTENCY_KEY_REUSED", one_key_for_two_requests),
    "slots": (429, "CONCURRENCY_LIMIT", a_second_unfinished_job),
}


@pytest.mark.parametrize("case", CASES)
def test_every_refusal_has_its_status_and_code(server: LiveStack, case: str) -> None:
    status, code, provoke = CASES[case]
    answer = provoke(Stranger(server.base_url).sign_up())
    assert answer.refusal == (status, code)
    assert answer.headers["X-Request-ID"] == answer.envelope["meta"]["request_id"]
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_too_many_requests_are_429_and_say_when_to_come_again(poor_server: LiveStack) -> None:
    stranger = Stranger(poor_server.base_url)
    body = {"refresh": "rt_unknown"}
    assert stranger.send("POST", "/auth/refresh", body).refusal == (401, "TOKEN_INVALID")
    answer = stranger.send("POST", "/auth/refresh", body)
    assert answer.refusal == (429, "RATE_LIMITED")
    assert 3590 <= int(answer.headers["Retry-After"]) <= 3600
    assert answer.headers["RateLimit-Policy"] == '"refresh";q=1;w=3600'


def test_a_storage_that_is_away_is_503_and_changes_nothing(poor_server: LiveStack) -> None:
    stranger = Stranger(poor_server.base_url).sign_up()
    job = stranger.job()
    answer = stranger.send("POST", f"/jobs/{job}/confirm-upload")
    assert answer.refusal == (503, "UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) >= 1
    assert stranger.send("GET", f"/jobs/{job}").data["status"] == "created"


# --- Contract §3.2 and §4.3: a set from its creation to its money -----------------------------


def test_a_set_of_which_one_photo_fails(server: LiveStack) -> None:
    stranger = Stranger(server.base_url).sign_up()
    created = stranger.send("POST", "/jobs", TWO).data
    job = created["job_id"]
    for upload in created["upload"]:
        put = requests.put(
            upload["url"], b"bytes", headers={"Content-Type": "image/heic"}, timeout=10
        )
        assert put.status_code == 200
    confirmed = stranger.send("POST", created["confirm_url"]).data
    assert confirmed == {
        "job_id": job,
        "status": "uploaded",
        "confirmed": True,
        "missing": [],
        "problems": [],
    }
    stranger.send("POST", f"/jobs/{job}/execute", {"concepts": WALL})

    assert stranger.report(job, 0, "failed").data["job_status"] == "running"
    last = stranger.report(job, 1).data

    assert (last["processed"], last["job_status"]) == (True, "done")
    assert last["progress"] == {"done": 1, "failed": 1, "total": 2}
    me = stranger.send("GET", "/me").data
    assert (me["credits"], me["active_jobs"]) == (10 - 1, 0)
    events = stranger.send("GET", "/me/ledger").data
    assert [(e["type"], e["amount"], e["ref"]) for e in events] == [
        ("commit", 1, job), ("reserve", -2, job), ("grant", 10, "plan:free"),
    ]  # fmt: skip
    poll = stranger.send("GET", f"/jobs/{job}")
    assert [output["idx"] for output in poll.data["outputs_ready"]] == [1]
    again = stranger.send("GET", f"/jobs/{job}", **{"If-None-Match": poll.headers["ETag"]})
    assert (again.status, again.raw) == (304, b"")
    assert stranger.report(job, 0, key="late").data["processed"] is False


def test_the_answer_to_the_last_callback_is_already_true_in_the_account(server: LiveStack) -> None:
    """On another connection than the callback's, the slot is free at once (contract §1.4, 3)."""
    stranger = Stranger(server.base_url).sign_up()
    for _ in range(3):
        job = stranger.queued_job(items=1)
        assert stranger.report(job, 0).data["job_status"] == "done"
        assert stranger.send("GET", "/me").data["active_jobs"] == 0
    assert stranger.send("GET", "/me").data["credits"] == 7


def test_what_a_canceled_job_had_finished_is_not_served(server: LiveStack) -> None:
    stranger = Stranger(server.base_url).sign_up()
    job = stranger.queued_job()
    stranger.report(job, 0)
    assert len(stranger.send("GET", f"/jobs/{job}").data["outputs_ready"]) == 1
    canceled = stranger.send("POST", f"/jobs/{job}/cancel").data
    assert (canceled["refunded"], canceled["credits"]) == (2, 10)
    assert stranger.send("GET", f"/jobs/{job}").data["outputs_ready"] == []
    late = stranger.report(job, 1).data
    assert (late["processed"], late["job_status"]) == (False, "canceled")


def test_somebody_elses_job_and_rule_look_like_none_at_all(server: LiveStack) -> None:
    owner, other = (Stranger(server.base_url).sign_up() for _ in range(2))
    rule = owner.send("POST", "/rules", RULE).data["id"]
    job = owner.job()
    for method, path, absent in (
        ("GET", f"/jobs/{job}", NO_JOB),
        ("POST", f"/jobs/{job}/confirm-upload", f"{NO_JOB}/confirm-upload"),
        ("POST", f"/jobs/{job}/cancel", f"{NO_JOB}/cancel"),
        ("GET", f"/rules/{rule}", f"/rules/rule_{'0' * 32}"),
        ("DELETE", f"/rules/{rule}", f"/rules/rule_{'0' * 32}"),
    ):
        theirs, nobodys = other.send(method, path), other.send(method, absent)
        assert (theirs.status, theirs.error) == (nobodys.status, nobodys.error)
        assert theirs.status == 404
    assert owner.send("GET", f"/jobs/{job}").data["status"] == "created"
    assert owner.send("GET", f"/rules/{rule}").status == 200


def test_addresses_come_from_the_configuration_never_from_the_host_header(
    server: LiveStack,
) -> None:
    stranger = Stranger(server.base_url).sign_up()
    for path in ("/openapi.json", "/docs", "/me"):
        answer = stranger.send("GET", path, Host="evil.example")
        assert answer.status == 200
        assert b"evil.example" not in answer.raw
    created = stranger.send("POST", "/jobs", TWO, Host="evil.example")
    assert (created.status, b"evil.example" in created.raw) == (201, False)


def test_the_docs_page_has_all_its_files(server: LiveStack) -> None:
    page = requests.get(f"{server.base_url}/docs", timeout=10)
    files = [part.split('"')[0] for part in page.text.split('="/static/')[1:]]
    assert len(files) == 6
    for file in files:
        got = requests.get(f"{server.base_url}/static/{file}", timeout=10)
        assert (got.status_code, len(got.content) > 100) == (200, True), file
