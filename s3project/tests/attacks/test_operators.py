"""What customers wrote is text to operators, and only an operator acts in an operator's name."""

from importlib import import_module

import pytest
import requests
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from jobs.lifecycle import services
from jobs.models import ItemResult, Rule
from jobs.states import ItemStatus, JobStatus
from jobs.tests.factories import RECOLOR_FLOOR, make_job, result_key
from s3project.testing.live import LiveStack
from users.tests.operators import make_operator, page_of

pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}javascript:alert(3)"
SIGNS = ("<script>alert(1)", "<img src=x", "{{7*7}}</", ">49<")


def browser_of_operator(server: LiveStack) -> requests.Session:
    """With a session that is in the database, however operators sign in."""
    operator = make_operator(superuser=True)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(operator.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = operator.get_session_auth_hash()
    session.save()
    browser = requests.Session()
    browser.cookies.set(settings.SESSION_COOKIE_NAME, session.session_key)
    return browser


def test_what_customers_and_workers_wrote_is_shown_as_text(server: LiveStack) -> None:
    job = make_job(JobStatus.QUEUED)
    result = ItemResult(
        idx=0,
        status=ItemStatus.FAILED,
        idempotency_key=result_key(job, 0),
        error=HOSTILE,
    )
    services.record_item_result(job_id=job.id, result=result)
    rule = Rule.objects.create(
        user=job.user,
        name=HOSTILE[:60],
        preset_id="interior",
        concepts={HOSTILE[:60]: {"action": "recolor", "value": HOSTILE}, **RECOLOR_FLOOR},
        protect=[HOSTILE],
    )
    browser = browser_of_operator(server)
    pages = [
        page_of(job), page_of(rule), page_of(job.user), "/admin/", "/admin/jobs/rule/",
        "/admin/jobs/jobcoordinator/", "/admin/jobs/joblog/",
        f"/admin/jobs/rule/?q={HOSTILE}", f"/admin/jobs/jobcoordinator/?q={HOSTILE}",
    ]  # fmt: skip
    seen = 0
    for page in pages:
        answer = browser.get(server.base_url + page, timeout=20)
        assert answer.status_code == 200, page
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert [sign for sign in SIGNS if sign in answer.text] == [], page
        seen += "&lt;script&gt;" in answer.text
    assert seen >= 3, "the pages show what was written"


def test_no_page_elsewhere_acts_in_an_operators_name(server: LiveStack) -> None:
    job = make_job(JobStatus.QUEUED)
    browser = browser_of_operator(server)
    page = f"{server.base_url}/admin/jobs/jobcoordinator/"
    form = {"action": "cancel_jobs", "_selected_action": str(job.pk), "index": "0"}
    browser.get(page, timeout=20)
    tokens = {name: value for name, value in browser.cookies.items() if "csrf" in name}
    attempts = [
        ({}, {}),
        ({"csrfmiddlewaretoken": "a" * 64}, {}),
        ({"csrfmiddlewaretoken": "a" * 64}, {"X-CSRFToken": "a" * 64}),
        (
            {"csrfmiddlewaretoken": next(iter(tokens.values()), "a" * 64)},
            {"Origin": "http://elsewhere.example"},
        ),
    ]
    for fields, headers in attempts:
        answer = browser.post(page, data={**form, **fields}, headers=headers, timeout=20)
        assert answer.status_code == 403, (fields, headers)
    job.refresh_from_db()
    assert job.status == JobStatus.QUEUED


def test_a_session_cookie_is_no_token_and_a_token_is_no_session(server: LiveStack) -> None:
    browser = browser_of_operator(server)
    assert browser.get(f"{server.base_url}/me", timeout=20).status_code == 401
    token = requests.post(f"{server.base_url}/auth/anon", timeout=20).json()["data"]["token"]
    answer = requests.get(
        f"{server.base_url}/admin/jobs/rule/",
        headers={"Authorization": f"Bearer {token}"},
        allow_redirects=False,
        timeout=20,
    )
    assert answer.status_code == 302
    assert "/admin/login/" in answer.headers["Location"]
