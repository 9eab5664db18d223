"""An answer that went the short way is the one of the long way."""

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test.client import Client, ClientHandler
from pytest_django import Settings

from jobs.tests.factories import make_job
from s3project.api import short_way
from users.api.auth import issue_token
from users.tests.factories import make_user

pytestmark = pytest.mark.django_db

SHORT_WAY = "s3project.api.short_way.ShortWayMiddleware"
# Of each answer its own, or of its moment.
VARIES = {"X-Request-ID", "RateLimit"}


@pytest.fixture
def ways(settings: Settings) -> list[Client]:
    """The short way where there is one, and the long way always."""
    settings.SECURE_HSTS_SECONDS = 60
    clients = []
    for middleware in (
        django_settings.MIDDLEWARE,
        [one for one in django_settings.MIDDLEWARE if one != SHORT_WAY],
    ):
        settings.MIDDLEWARE = middleware
        client = Client(raise_request_exception=False)
        client.handler = ClientHandler(enforce_csrf_checks=True)
        client.handler.load_middleware()
        clients.append(client)
    return clients


def facts(response: Any) -> tuple[int, dict[str, str], Any]:
    body = response.json() if response.content else None
    if isinstance(body, dict):
        body.pop("meta", None)
    headers = {name: value for name, value in response.headers.items() if name not in VARIES}
    headers.pop("Content-Length", None) if isinstance(body, dict) else None
    return response.status_code, headers, body


REQUESTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "index": ("GET", "/", {}),
    "presets": ("GET", "/presets", {}),
    "a document": ("GET", "/docs", {}),
    "me": ("GET", "/me", {}),
    "jobs": ("GET", "/jobs", {}),
    "a job": ("GET", "/jobs/{job}", {}),
    "a job that has not changed": ("GET", "/jobs/{job}", {"HTTP_IF_NONE_MATCH": "*"}),
    "a job that there is not": ("GET", "/jobs/job_x", {}),
    "a method that is not allowed": ("PATCH", "/jobs/{job}", {}),
    "no token": ("GET", "/jobs", {"HTTP_AUTHORIZATION": ""}),
    "a bad body": ("POST", "/jobs", {"CONTENT_TYPE": "application/json"}),
    "the place of the id empty": ("GET", "/jobs//execute", {}),
    "a slash at the end": ("GET", "/jobs/", {}),
    "a star": ("GET", "/jobs/*", {}),
    "a star as it is in the table": ("POST", "/jobs/*/execute", {}),
    "no such address": ("GET", "/nothing", {}),
    "a key by its id": ("DELETE", "/me/keys/key_1", {}),
    "options": ("OPTIONS", "/jobs", {}),
    "a page of another origin": ("GET", "/jobs", {"HTTP_ORIGIN": "http://localhost:3000"}),
    "a preflight": (
        "OPTIONS",
        "/jobs",
        {"HTTP_ORIGIN": "http://localhost:3000", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST"},
    ),
    "over TLS": ("GET", "/me", {"wsgi.url_scheme": "https"}),
    "the admin": ("GET", "/admin/login/", {}),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_both_ways_answer_the_same(name: str, ways: list[Client]) -> None:
    job = make_job()
    method, path, given = REQUESTS[name]
    environ: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {issue_token(job.user)}", **given}

    short, long = (
        client.generic(method, path.format(job=job.public_id), **environ) for client in ways
    )

    if short.headers.get("Content-Type", "").startswith("text/html"):
        assert (short.status_code, short.headers.keys()) == (long.status_code, long.headers.keys())
        return
    assert facts(short) == facts(long)
    assert {"X-Request-ID", "X-Content-Type-Options", "X-Frame-Options"} <= short.headers.keys()


def test_a_crash_is_answered_the_same(
    ways: list[Client], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("users.api.views.me_out", lambda *_: 1 // 0)
    token: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {issue_token(make_user())}"}

    short, long = (client.get("/me", **token) for client in ways)

    assert facts(short) == facts(long)
    assert (short.status_code, "X-Request-ID" in short.headers) == (500, True)
    assert [record.exc_info is not None for record in caplog.records] == [True, True]


def test_what_runs_most_goes_the_short_way() -> None:
    addresses = {address for address, _ in short_way._routes()}

    assert {
        *("auth/anon", "me", "jobs", "jobs/*", "jobs/*/confirm-upload", "jobs/*/execute"),
        *("jobs/*/callback", "jobs/*/claim"),
    } <= addresses
    assert not [address for address in addresses if address.startswith(("admin", "static"))]


def test_with_a_redirect_to_tls_there_is_no_short_way(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True

    assert list(short_way._routes()) == []
