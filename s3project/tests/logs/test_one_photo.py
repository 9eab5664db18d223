"""One search for the id of a request finds all that it caused, in every process."""

import json
from typing import Any

import pytest
import requests

from jobs.tests.live_sets import KITCHEN, WALL_GREEN, is_finished, upload_set, wait_for
from jobs.tests.plain_client import Client
from s3project.testing.live import LiveStack
from s3project.testing.receivers import receiver
from s3project.testing.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

Line = dict[str, Any]


def lines(stack: LiveStack, name: str, *, job: str = "") -> list[Line]:
    """Those of our code; what the server itself and Celery's banner write is no JSON."""
    found = [json.loads(text) for text in stack.log(name).splitlines() if text.startswith("{")]
    return [line for line in found if not job or line.get("job") == job]


def said(found: list[Line], logger: str, message: str = "") -> list[Line]:
    return [one for one in found if one["logger"] == logger and message in one["message"]]


def reports_of(stack: LiveStack, job: str) -> list[Line]:
    return [
        line
        for line in lines(stack, "web", job=job)
        if line.get("route") == "/jobs/{job_id}/callback"
    ]


def test_the_request_the_message_the_worker_and_its_reports_have_one_id(
    live_stack: LiveStack,
) -> None:
    live_stack.start_web(LOG_FORMAT="json", BATCH_CONCURRENCY="2", JOB_WINDOW="1")
    live_stack.start_maintenance(LOG_FORMAT="json")
    live_stack.start_worker(concurrency=1, LOG_FORMAT="json")
    client = Client(live_stack.base_url)
    job = upload_set(client, [KITCHEN, KITCHEN[:5000], KITCHEN + b"!"])
    headers = {"Authorization": str(client._session.headers["Authorization"])}
    with receiver() as known:
        made = requests.post(
            f"{live_stack.base_url}/webhooks", json={"url": known.url}, headers=headers, timeout=20
        )
        assert made.status_code == 201, made.text
        client.confirm_upload(job)
        order = {"concepts": WALL_GREEN, "protect": []}
        executed = requests.post(
            f"{live_stack.base_url}/jobs/{job}/execute", json=order, headers=headers, timeout=20
        )
        cause = executed.headers["X-Request-ID"]
        wait_for(client, job, is_finished)
        sender = "jobs.webhooks.sender"
        wait_until(lambda: bool(said(lines(live_stack, "maintenance"), sender)), seconds=30)
        # The line of a request is written when it is answered, and what it did is seen before.
        wait_until(lambda: len(reports_of(live_stack, job)) == 3, seconds=30)

    web = lines(live_stack, "web", job=job)
    [execute] = [line for line in web if line.get("route") == "/jobs/{job_id}/execute"]
    assert (execute["request_id"], execute["status"], execute["method"]) == (cause, 202, "POST")
    assert execute["user"].startswith("u_")
    assert "origin" not in execute

    # Two messages: one of the request, and one of the report that made room.
    sent = said(web, "jobs.delivery.dispatch")
    assert [line["photos"] for line in sent] == [[0, 1], [2]]
    assert sent[0]["request_id"] == cause
    assert sent[1]["origin"] == cause

    worker = lines(live_stack, "gpu", job=job)
    ended = said(worker, "jobs.gpu.chunk_pipeline")
    assert {(line["photo"], line["message"].split(" in ")[0]) for line in ended} == {
        (0, "photo done"),
        (1, "photo failed: image is truncated or damaged"),
        (2, "photo done"),
    }
    assert {line["origin"] for line in worker} == {cause}
    assert {line["attempt"] for line in worker} == {1}

    reports = reports_of(live_stack, job)
    assert {(line["photo"], line["origin"], line["status"]) for line in reports} == {
        (idx, cause, 200) for idx in range(3)
    }
    claims = [line for line in web if line.get("route") == "/jobs/{job_id}/claim"]
    assert claims
    assert all(line["origin"] == cause and line["photos"] for line in claims)

    [told] = said(lines(live_stack, "maintenance", job=job), "jobs.webhooks.sender")
    assert (told["webhook_event"], told["user"]) == ("job.done", execute["user"])
    # Celery's own lines about the chunk too: their id is the run's, which the worker's lines have.
    runs = {line["request_id"] for line in worker}
    taken = said(lines(live_stack, "gpu"), "celery.worker.strategy", "received")
    assert {line["request_id"] for line in taken} == runs


def test_what_changes_something_is_told_and_what_reads_is_not(server: LiveStack) -> None:
    client = Client(server.base_url)
    client.sign_up_anonymously()
    client.me()
    client.create_job("interior", 1)

    access = [line for line in server.log("web").splitlines() if " s3project.access " in line]
    assert [line.split("] ")[1].split("  ")[0] for line in access] == [
        "POST /auth/anon 200",
        "POST /jobs 201",
    ]
    assert "job=job_" in access[1]
    assert "user=u_" in access[1]


def test_a_stranger_says_nothing_about_whose_request_it_is(server: LiveStack) -> None:
    mine = "00000000-0000-4000-8000-000000000001"
    headers = {"X-Origin-Request-ID": mine, "X-Request-ID": mine}
    for path in ("/auth/anon", "/jobs/job_x/callback"):
        answer = requests.post(f"{server.base_url}{path}", json={}, headers=headers, timeout=20)
        assert answer.headers["X-Request-ID"] != mine

    assert mine not in server.log("web")
