"""Every answer with a body is the envelope of contract §3.1, whatever went wrong."""

import logging
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from pytest_django import Settings

from s3project import __version__
from s3project.api.envelope import encode
from s3project.testing.api import Answer, Api
from s3project.tests.crashing_urls import SECRET_TEXT
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def assert_envelope(answer: Answer) -> None:
    body = answer.envelope
    assert list(body) == ["success", "data", "error", "meta"]
    assert (body["error"] is None) is body["success"]
    assert uuid.UUID(body["meta"]["request_id"]).version == 4
    assert answer.headers["X-Request-ID"] == body["meta"]["request_id"]
    assert TIMESTAMP.fullmatch(body["meta"]["timestamp"])
    assert answer.headers["Content-Type"] == "application/json"


def test_a_success_carries_data_and_a_present_timestamp() -> None:
    answer = Api().get("/health")

    assert_envelope(answer)
    assert answer.data["status"] == "healthy"
    assert answer.data["version"] == __version__
    sent_at = datetime.fromisoformat(answer.envelope["meta"]["timestamp"])
    assert abs((datetime.now(UTC) - sent_at).total_seconds()) < 5


def test_each_answer_has_a_request_id_of_its_own() -> None:
    ids = {Api().get("/health", **{"X-Request-ID": "mine"}).headers["X-Request-ID"] for _ in "abc"}

    assert len(ids) == 3
    assert "mine" not in ids


@pytest.mark.parametrize(
    "path", ["/nothing", "/jobs/a/b/c", "/v1/me", "/me/", "/health/", "/jobs/", "/auth/anon/"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_route_is_not_found_and_never_redirected(path: str, method: str) -> None:
    for api in (Api(), Api("garbage"), api_of(make_user())):
        answer = api.send(method, path)
        assert answer.refusal == (404, "NOT_FOUND")
        assert "Location" not in answer.headers
        assert_envelope(answer)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/me", {"GET", "DELETE", "HEAD", "OPTIONS"}),
        ("DELETE", "/health", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/auth/anon", {"POST", "OPTIONS"}),
        ("PATCH", "/jobs/job_x", {"GET", "DELETE", "HEAD", "OPTIONS"}),
        ("GET", "/jobs/job_x/execute", {"POST", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(method: str, path: str, allowed: set[str]) -> None:
    answer = api_of(make_user()).send(method, path)

    assert answer.refusal == (405, "METHOD_NOT_ALLOWED")
    assert set(answer.headers["Allow"].split(", ")) == allowed
    assert_envelope(answer)


@pytest.mark.parametrize(
    "path", ["/me", "/jobs", "/jobs/job_x", "/jobs/job_x/callback", "/auth/anon", "/health"]
)
def test_options_needs_no_token_and_has_no_body(path: str) -> None:
    answer = Api().send("OPTIONS", path)

    assert (answer.status, answer.raw) == (204, b"")
    assert "OPTIONS" in answer.headers["Allow"]
    assert "X-Request-ID" in answer.headers


def test_head_has_no_body() -> None:
    answer = Api().send("HEAD", "/health")

    assert (answer.status, answer.raw) == (200, b"")


@pytest.mark.parametrize("path", ["/crash", "/crash-outside"])
def test_a_crash_is_logged_in_full_and_told_with_a_fixed_text(
    path: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ROOT_URLCONF = "s3project.tests.crashing_urls"

    with caplog.at_level(logging.ERROR):
        answer = Api().get(path)

    assert answer.refusal == (500, "INTERNAL_ERROR")
    assert answer.error == {
        "code": "INTERNAL_ERROR",
        "message": "Something went wrong on our side. If you report it, say the request id.",
    }
    assert_envelope(answer)
    assert SECRET_TEXT not in answer.raw.decode()
    assert SECRET_TEXT in caplog.text


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "", "image/png"])
def test_the_answer_is_json_whatever_the_client_accepts(accept: str) -> None:
    answer = Api().get("/health", Accept=accept)

    assert answer.status == 200
    assert_envelope(answer)


def test_the_body_limit_is_one_mebibyte() -> None:
    api = Api()
    largest = b"{}" + b" " * (1024 * 1024 - 2)

    assert api.send("POST", "/auth/anon", largest).status == 200
    answer = api.send("POST", "/auth/anon", largest + b" ")

    assert answer.refusal == (413, "VALIDATION_ERROR")
    assert_envelope(answer)


def test_a_page_of_localhost_may_read_the_answers_in_development() -> None:
    api = Api()

    local = api.get("/health", Origin="http://localhost:5173")
    foreign = api.get("/health", Origin="http://example.org")

    assert local.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert "X-Request-ID" in local.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in foreign.headers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2**70, "1180591620717411303424"),
        ("half a pair: \ud800", '"half a pair: ?"'),
        ("거실\n", '"거실\\n"'),
        (0.1, "0.1"),
        ({"b": 1, "a": None}, '{"b":1,"a":null}'),
    ],
)
def test_whatever_an_answer_has_is_written_and_in_its_order(value: object, text: str) -> None:
    assert encode({"data": value}).decode() == f'{{"data":{text}}}'


@dataclass
class _Shape:
    name: str


@pytest.mark.parametrize(
    "value", [datetime(2027, 1, 31, tzinfo=UTC), date(2027, 1, 31), _Shape("a")]
)
def test_what_has_a_form_of_its_own_in_the_contract_gets_no_other(value: object) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        encode({"data": value})
