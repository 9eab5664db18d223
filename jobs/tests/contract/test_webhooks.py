"""Contract §3.7, what the tests of the endpoints do not hold by themselves."""

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from jobs.states import JobStatus
from jobs.tests.factories import callback_body, callback_path, make_job, poll, worker_api
from jobs.tests.packages import package_body, package_path
from jobs.tests.webhooks.sending import make_due, send_all
from s3project.testing.receivers import receiver
from users.tests.factories import api_of, make_user

pytestmark = pytest.mark.django_db


def test_every_event_that_is_wanted_comes_and_says_the_job_as_get_does() -> None:
    user = make_user(plan="pro")
    api = api_of(user)
    with receiver() as known:
        wanted = ["job.done", "job.failed", "job.canceled", "package.ready", "package.failed"]
        wanted += ["item.done", "item.failed"]
        made = api.post("/webhooks", {"url": known.url, "events": wanted}).data
        done, failed, canceled = (
            make_job(JobStatus.QUEUED, user=user, items=2, output_template="all") for _ in range(3)
        )
        worker = worker_api()
        for job, status in ((done, "done"), (failed, "failed")):
            for idx in range(2):
                worker.post(callback_path(job), callback_body(job, idx, status))
        worker.post(package_path(done, "all"), package_body(done, "failed"))
        worker.post(package_path(done, "all"), package_body(done, "ready"))
        api.post(f"/jobs/{canceled.public_id}/cancel")
        send_all()

    said = []
    verifier = Verifier(made["secret"])
    for came in known.received:
        event = verifier.verify(came.body, came.headers)
        assert event == json.loads(came.body)
        said.append((event["type"], event.get("idx"), event.get("template")))
        assert event["data"]["job_id"] in {job.public_id for job in (done, failed, canceled)}
    assert sorted(said, key=str) == [
        ("item.done", 0, None),
        ("item.done", 1, None),
        ("item.failed", 0, None),
        ("item.failed", 1, None),
        ("job.canceled", None, None),
        ("job.done", None, None),
        ("job.failed", None, None),
        ("package.failed", None, "전체"),
        ("package.ready", None, "전체"),
    ]


def test_the_log_says_what_was_tried_what_was_answered_and_when_the_next_try_is() -> None:
    user = make_user()
    api = api_of(user)
    with receiver(status=500, body=b"x" * 3000) as known:
        made = api.post("/webhooks", {"url": known.url}).data
        make_job(JobStatus.DONE, user=user)
        send_all()
    path = f"/webhooks/{made['id']}/deliveries"

    [shown] = api.get(path).data

    assert (shown["type"], shown["status"], shown["attempts"]) == ("job.done", "pending", 1)
    assert (shown["response_status"], shown["response_body"]) == (500, "x" * 1024)
    wait = datetime.fromisoformat(shown["next_try_at"]) - datetime.now(UTC)
    assert 0 < wait.total_seconds() < 6


def test_a_resend_of_what_failed_comes_under_the_same_id_with_fresh_urls() -> None:
    user = make_user()
    api = api_of(user)
    with receiver(status=410) as known:
        made = api.post("/webhooks", {"url": known.url}).data
        job = make_job(JobStatus.DONE, user=user)
        send_all()
        path = f"/webhooks/{made['id']}"
        [shown] = api.get(f"{path}/deliveries").data
        again = f"{path}/deliveries/{shown['id']}/resend"
        assert shown["status"] == "failed"
        assert api.get(path).data["off_reason"] == "gone"
        assert api.post(again).refusal == (409, "WEBHOOK_OFF")

        api.patch(path, {"enabled": True})
        assert api.post(again).status == 202
        make_due()
        send_all()

    first, second = known.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == shown["id"]
    [output, _] = json.loads(second.body)["data"]["outputs_ready"]
    assert output["result_url"] == poll(job).data["outputs_ready"][0]["result_url"]
