"""HTTP as the real server speaks it, beneath anything a test client can see."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from s3project.api.readiness import SLOW
from s3project.testing.live import LiveStack
from s3project.testing.waiting import wait_until


@pytest.fixture
def url(server: LiveStack) -> str:
    """The tests here ask how it speaks and change nothing."""
    return server.base_url


def chunks(*parts: bytes) -> Iterator[bytes]:
    """requests sends what has no length in chunks."""
    yield from parts


def refusal(answer: requests.Response) -> tuple[int, str]:
    envelope: dict[str, Any] = answer.json()
    assert envelope["success"] is False
    assert envelope["meta"]["request_id"] == answer.headers["X-Request-ID"]
    return answer.status_code, envelope["error"]["code"]


def test_answers_have_a_length_and_the_security_headers(url: str) -> None:
    answer = requests.get(f"{url}/health", timeout=5)

    assert answer.headers["Content-Length"] == str(len(answer.content))
    assert "Transfer-Encoding" not in answer.headers
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_head_is_get_without_the_body(url: str) -> None:
    head = requests.head(f"{url}/health", timeout=5)

    assert (head.status_code, head.content) == (200, b"")
    length = requests.get(f"{url}/health", timeout=5).headers["Content-Length"]
    assert head.headers["Content-Length"] == length


def test_options_needs_no_token_and_has_no_body(url: str) -> None:
    answer = requests.options(f"{url}/jobs", timeout=5)

    assert (answer.status_code, answer.content) == (204, b"")
    assert "POST" in answer.headers["Allow"]


def test_a_body_sent_in_chunks_is_read(url: str) -> None:
    parts = chunks(b'{"device_', b'hash": 5}')

    assert refusal(requests.post(f"{url}/auth/anon", data=parts, timeout=5)) == (
        400,
        "VALIDATION_ERROR",
    )


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_one_mebibyte_is_refused(url: str, chunked: bool) -> None:
    body = b'{"device_hash": "' + b"x" * 1024 * 1024 + b'"}'
    data = chunks(body[:500_000], body[500_000:]) if chunked else body

    answer = requests.post(f"{url}/auth/anon", data=data, timeout=5)

    assert refusal(answer) == (413, "VALIDATION_ERROR")


def test_a_body_of_just_one_mebibyte_is_read(url: str) -> None:
    frame = len(b'{"device_hash": 5, "ignored": ""}')
    body = json.dumps({"device_hash": 5, "ignored": "x" * (1024 * 1024 - frame)}).encode()
    assert len(body) == 1024 * 1024

    answer = requests.post(f"{url}/auth/anon", data=body, timeout=5)

    assert refusal(answer) == (400, "VALIDATION_ERROR")
    assert list(answer.json()["error"]["details"]) == ["device_hash"]


def test_no_address_redirects_to_one_with_a_slash(url: str) -> None:
    answer = requests.get(f"{url}/health/", timeout=5, allow_redirects=False)

    assert refusal(answer) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:8080"]
)
def test_a_browser_on_this_machine_may_call_the_api_and_read_its_headers(
    origin: str, url: str
) -> None:
    preflight = requests.options(
        f"{url}/jobs",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, idempotency-key",
        },
        timeout=5,
    )
    answer = requests.get(f"{url}/health", headers={"Origin": origin}, timeout=5)

    assert preflight.headers["Access-Control-Allow-Origin"] == origin
    assert "idempotency-key" in preflight.headers["Access-Control-Allow-Headers"]
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "X-Request-ID" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost.evil.example", "http://127.0.0.1.example"]
)
def test_a_browser_elsewhere_may_not(origin: str, url: str) -> None:
    answer = requests.get(f"{url}/health", headers={"Origin": origin}, timeout=5)

    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


def ready(url: str) -> requests.Response:
    """The first answer that waited for no part. A process makes its clients when it is first asked,
    and on a machine with other things to do the checks of that time have no answer yet."""
    answers: list[requests.Response] = []

    def none_was_slow() -> bool:
        answers.append(requests.get(f"{url}/ready", timeout=5))
        assert answers[-1].elapsed.total_seconds() < 3
        return SLOW not in answers[-1].text

    wait_until(none_was_slow, seconds=30)
    return answers[-1]


def test_ready_names_the_part_that_is_away_and_answers_soon(live_stack: LiveStack) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: refused at once
        live_stack.start_web(CELERY_BROKER_URL=f"redis://127.0.0.1:{nobody.getsockname()[1]}/0")
        answer = ready(live_stack.base_url)

    assert refusal(answer) == (503, "UNAVAILABLE")
    assert answer.json()["error"]["details"] == {
        "database": "ready",
        "broker": "unreachable",
        "storage": "ready",
    }
    assert "Retry-After" in answer.headers


def test_ready_is_ready_when_every_part_answers(url: str) -> None:
    answer = ready(url)

    assert answer.status_code == 200
    assert set(answer.json()["data"]["parts"].values()) == {"ready"}
