"""What goes to the GPU queue, and what happens while the broker is away."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import celery
import pytest
from django.conf import settings as configured
from django.utils import timezone
from pytest_django import Settings

from jobs import keys
from jobs.delivery import publish
from jobs.gpu.engine.messages import WorkMessage
from jobs.lifecycle import services
from jobs.message_signing import is_signed
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.delivery.broker_away import broker_away
from jobs.tests.factories import RECOLOR_FLOOR, make_job
from jobs.upkeep import sweep
from s3project.celery import app
from s3project.embedded.ports import free_port
from s3project.testing.broker import purge, waiting
from users.api.auth import issue_token
from users.tests.factories import api_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queues")]


def execute(job: JobCoordinator, **body: Any) -> int:
    answer = api_of(job.user).post(
        f"/jobs/{job.public_id}/execute", {"concepts": RECOLOR_FLOOR, **body}
    )
    return answer.status


def messages() -> list[dict[str, Any]]:
    """The messages that wait for a GPU worker; each is a chunk."""
    found = waiting("gpu")
    assert all(task == "jobs.process_items" for task, _ in found)
    return [message for _, [message] in found]


def idxs(message: dict[str, Any]) -> list[int]:
    return [item["idx"] for item in message["items"]]


def test_a_job_is_sent_as_chunks_and_its_items_are_leased_to_the_queue(settings: Settings) -> None:
    settings.BATCH_CONCURRENCY = 4
    job = make_job(JobStatus.UPLOADED, items=10)

    assert execute(job) == 202

    assert [idxs(message) for message in messages()] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    until = timezone.now() + timedelta(minutes=15)
    for item in job.items.all():
        assert (item.attempt, item.claimed_by, item.status) == (1, "", "pending")
        assert item.lease_expires_at is not None
        assert abs(item.lease_expires_at - until) < timedelta(seconds=30)


def test_a_message_says_all_that_a_worker_needs(settings: Settings) -> None:
    settings.BATCH_CONCURRENCY = 3
    settings.CALLBACK_BASE_URL = "https://s3.example.org"
    job = make_job(JobStatus.UPLOADED, items=1)

    execute(job, protect=["Grout"], output_template="전후비교")

    owner = job.user_id
    [sent] = messages()
    assert is_signed(sent, configured.MESSAGE_KEYS)
    assert [sent] == [
        {
            "job_id": job.public_id,
            "user_id": job.user.public_id,
            "preset": "interior",
            "concepts": {"Floor": {"action": "recolor", "value": "oak_a"}},
            "protect": ["Grout"],
            "items": [
                {
                    "idx": 0,
                    "input_key": keys.input_key(owner, job.id, 0),
                    "output_key": keys.output_key(owner, job.id, 0),
                    "preview_key": keys.preview_key(owner, job.id, 0),
                }
            ],
            "callback_url": f"https://s3.example.org/jobs/{job.public_id}/callback",
            "idempotency_prefix": job.public_id,
            "batch_concurrency": 3,
            "attempt": 1,
            "protect_defaulted": False,
            "token": sent["token"],
            "sig": sent["sig"],
        }
    ]
    [message] = messages()
    assert {**WorkMessage.parse(message).to_json(), "sig": message["sig"]} == message


def test_the_instances_and_paints_of_a_rule_reach_the_worker() -> None:
    job = make_job(JobStatus.UPLOADED, items=1)
    concepts = {
        "Window": {"action": "tone", "value": "warm", "instances": [0, 2]},
        "Wall": {"action": "recolor", "value": "sage", "paint": "all"},
    }
    body = {"name": "Two windows", "preset_id": "interior", "concepts": concepts}
    rule = api_of(job.user).post("/rules", body)
    assert rule.data["concepts"] == concepts

    execute(job, rule_id=rule.data["id"])

    [message] = messages()
    assert message["concepts"] == concepts
    assert WorkMessage.parse(message).concepts["Window"].instances == (0, 2)
    assert WorkMessage.parse(message).concepts["Wall"].paint == "all"


def test_a_message_holds_no_secret() -> None:
    job = make_job(JobStatus.UPLOADED)

    execute(job)

    [message] = messages()
    text = json.dumps(message)
    for secret in (
        *configured.GPU_CALLBACK_SECRETS,
        configured.SECRET_KEY,
        configured.JWT_SECRET,
        configured.STORAGE_ACCESS_KEY,
        configured.STORAGE_SECRET_KEY,
        issue_token(job.user).rpartition(".")[0][:20],
        "X-Amz-Signature",
    ):
        assert secret
        assert secret not in text


def test_the_callback_address_does_not_come_from_the_host_header() -> None:
    job = make_job(JobStatus.UPLOADED, items=1)

    answer = api_of(job.user).send(
        "POST",
        f"/jobs/{job.public_id}/execute",
        b'{"concepts": {}}',
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
    )

    assert answer.status == 202
    [message] = messages()
    assert message["callback_url"].startswith(f"{configured.CALLBACK_BASE_URL}/jobs/")


def test_an_empty_value_is_sent_as_the_presets_default() -> None:
    job = make_job(JobStatus.UPLOADED, items=1)
    concepts = {
        "Floor": {"action": "recolor", "value": ""},
        "Sky": {"action": "texture", "value": ""},
        "Handle": {"action": "remove"},
    }

    execute(job, concepts=concepts)

    [message] = messages()
    assert list(message["concepts"].items()) == [
        ("Floor", {"action": "recolor", "value": "oak_a"}),
        ("Sky", {"action": "texture", "value": "linen"}),
        ("Handle", {"action": "remove", "value": ""}),
    ]


def test_whatever_celery_app_a_thread_holds_we_publish_with_ours() -> None:
    """Celery's current app differs by thread, and a web process never ran `celery -A`."""
    purge("gpu")

    def publish_beside_another_app() -> bool:
        celery.Celery("another", broker=f"redis://127.0.0.1:{free_port()}/0").set_current()
        return publish.publish("jobs.nothing", [], queue="gpu")

    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(publish_beside_another_app).result()

    assert waiting("gpu") == [("jobs.nothing", [])]
    assert app.conf.broker_transport_options["max_retries"] == 0
    assert app.conf.broker_transport_options["socket_timeout"] == 2


def test_execute_succeeds_while_the_broker_is_away_and_the_sweep_sends_later() -> None:
    job = make_job(JobStatus.UPLOADED, items=2)

    with broker_away():
        assert execute(job) == 202
        JobCoordinator.objects.update(queued_at=timezone.now() - timedelta(minutes=1))
        assert sweep.dispatch_due_items() == 0
    assert list(job.items.values_list("attempt", "lease_expires_at")) == [(0, None)] * 2
    assert messages() == []

    assert sweep.dispatch_due_items() == 2
    assert [(idxs(message), message["attempt"]) for message in messages()] == [([0, 1], 1)]
    assert list(job.items.values_list("attempt", flat=True)) == [1, 1]


def test_no_client_waits_for_a_broker_that_is_away() -> None:
    """Of three the shortest: a busy machine is slow now and then, a wait would be in each."""
    seconds = []

    with broker_away():
        for job in [make_job(JobStatus.UPLOADED) for _ in range(3)]:
            started = time.monotonic()
            assert execute(job) == 202
            seconds.append(time.monotonic() - started)

    assert min(seconds) < 2


def test_a_canceled_job_asks_for_its_outputs_to_be_deleted() -> None:
    purge("maintenance")
    queued, created = make_job(JobStatus.QUEUED), make_job()

    for job in (queued, created):
        services.cancel_job(user_id=job.user_id, job_id=job.id)

    # What was never sent to a worker has no outputs.
    assert waiting("maintenance") == [("jobs.delete_outputs", [str(queued.id)])]


def test_cancel_succeeds_while_the_broker_is_away() -> None:
    job = make_job(JobStatus.QUEUED)

    with broker_away():
        answer = api_of(job.user).post(f"/jobs/{job.public_id}/cancel")

    assert answer.data["refunded"] == 2
