"""Whoever reads the logs learns no secret, no token and no signature."""

import re
from urllib.parse import unquote, urlsplit

import pytest
import requests

from jobs.tests.live_sets import KITCHEN, is_finished, start_set, wait_for
from s3project.testing.live import LiveStack

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

SECRET_NAMES = re.compile(r"(SECRET|PASSWORD|_KEY)")
TOKEN = re.compile(r"eyJ[\w-]{10,}\.[\w-]{10,}")
SIGNATURE = re.compile(r"X-Amz-Signature=\w+", re.I)


def secrets_of(environment: dict[str, str]) -> set[str]:
    found = set()
    for name, value in environment.items():
        # An access key is in every URL: it says who signed it.
        if SECRET_NAMES.search(name) and not name.endswith("ACCESS_KEY"):
            found |= set(value.split(","))
        password = urlsplit(value).password if "://" in value else None
        if password:
            found |= {password, unquote(password)}
    return {secret for secret in found if len(secret) >= 8}


@pytest.mark.parametrize(("form", "level"), [("line", "info"), ("json", "debug")])
def test_a_set_with_everything_that_goes_wrong_leaves_no_secret_in_a_log(
    form: str, level: str, live_stack: LiveStack
) -> None:
    live_stack.start_web(LOG_FORMAT=form, LOG_LEVEL=level)
    live_stack.start_maintenance(LOG_FORMAT=form, LOG_LEVEL=level, SWEEP_SEC="1")
    live_stack.start_worker(concurrency=1, LOG_FORMAT=form, LOG_LEVEL=level)
    client, job_id = start_set(live_stack.base_url, [KITCHEN, KITCHEN[:50_000], None])
    job = wait_for(client, job_id, is_finished)
    assert job["status"] == "done"
    url = job["outputs_ready"][0]["result_url"]
    token = str(client._session.headers["Authorization"]).removeprefix("Bearer ")

    # What a client may put where it does not belong, and what fails with it in hand.
    base = live_stack.base_url
    requests.get(f"{base}/me?token={token}", timeout=20)
    requests.get(f"{base}/nowhere?url={url}", timeout=20)
    requests.post(f"{base}/auth/refresh", json={"refresh_token": token}, timeout=20)
    requests.post(
        f"{base}/jobs/{job_id}/callback",
        json={},
        headers={"X-Callback-Secret": live_stack.environment["GPU_CALLBACK_SECRET"] + "x"},
        timeout=20,
    )

    secrets = secrets_of(live_stack.environment)
    assert len(secrets) >= 6
    names = ("front", "web", "maintenance", "gpu")
    for name in names:
        text = live_stack.log(name)
        assert [secret for secret in secrets if secret in text] == [], name
        assert TOKEN.search(text) is None, name
        assert SIGNATURE.search(text) is None, name
        assert token not in text
    assert job_id in live_stack.log("web") + live_stack.log("gpu"), "something was logged"


def test_nobody_writes_a_line_of_the_log_that_is_not_its_own(server: LiveStack) -> None:
    forged = "2026-11-26 01:00:00,000 INFO all is well"
    _, job_id = start_set(server.base_url, [KITCHEN])
    answer = requests.post(
        f"{server.base_url}/jobs/{job_id}/claim",
        json={
            "items": [0],
            "attempt": 1,
            "worker": f"gpu\n{forged}",
            "backend": "mine",
            "concepts": [f"Wall\n{forged}", "Floor\x1b[2J"],
        },
        headers={
            "Authorization": f"Bearer {server.environment['GPU_CALLBACK_SECRET'].split(',')[0]}"
        },
        timeout=20,
    )
    assert answer.status_code == 200, answer.text

    lines = server.log("web").splitlines()
    assert any(forged in line for line in lines), "it was logged"
    assert [line for line in lines if line.startswith(forged)] == []
    assert "\x1b" not in server.log("web")
