"""Whatever changes a job says so to the broker, once it is committed, and never more than tries."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jobs.delivery.hints import CHANNEL, PAUSE_SECONDS, HintSender, hint
from jobs.lifecycle import services
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.tests.factories import make_job, report
from jobs.upkeep.expiry import expire_jobs
from s3project.embedded.ports import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queues")]


@pytest.fixture
def heard() -> Iterator[Callable[[], list[str]]]:
    """The jobs hinted at since the last call."""
    with (
        redis.Redis.from_url(settings.CELERY_BROKER_URL) as client,
        client.pubsub(ignore_subscribe_messages=True) as listening,
    ):
        listening.subscribe(CHANNEL)

        def since() -> list[str]:
            last = uuid4()
            hint(last)  # by the connection that the others went by: after them
            found: list[str] = []
            while (message := listening.get_message(timeout=5)) is None or message[
                "data"
            ] != last.hex.encode():
                if message is not None:
                    found.append(message["data"].decode())
            return found

        since()
        yield since


def test_every_change_of_a_job_is_one_hint(heard: Callable[[], list[str]]) -> None:
    job = make_job(items=3)
    owner: dict[str, Any] = {"user_id": job.user_id, "job_id": job.id}
    assert heard() == []

    services.confirm_upload(**owner, uploads={})
    assert heard() == [job.id.hex]
    services.execute_job(**owner, concepts={}, protect=None)
    assert heard() == [job.id.hex]
    report(job, 0)
    assert heard() == [job.id.hex]
    report(job, 0)  # a repeat changes nothing
    services.claim_items(job_id=job.id, items=[1], attempt=1, worker="w:1")
    assert heard() == []
    services.cancel_job(**owner)
    assert heard() == [job.id.hex]
    services.delete_job(**owner)
    assert heard() == [job.id.hex]


def test_the_clock_says_what_it_ended(heard: Callable[[], list[str]]) -> None:
    job = make_job()
    JobCoordinator.objects.filter(pk=job.pk).update(
        created_at=timezone.now() - timedelta(days=2), updated_at=timezone.now() - timedelta(days=2)
    )

    expire_jobs()

    assert heard() == [job.id.hex]


def test_what_is_rolled_back_is_not_said(heard: Callable[[], list[str]]) -> None:
    job = make_job(JobStatus.QUEUED)
    heard()

    with transaction.atomic():
        report(job, 0)
        transaction.set_rollback(True)

    assert heard() == []


def test_without_a_broker_a_hint_costs_a_moment_once_and_then_nothing() -> None:
    sender = HintSender(f"redis://127.0.0.1:{free_port()}/0")
    job = make_job()

    started = time.monotonic()
    assert not any(sender.send(job.id) for _ in range(50))
    assert time.monotonic() - started < PAUSE_SECONDS


def test_a_connection_that_the_broker_closed_meanwhile_loses_no_hint(
    heard: Callable[[], list[str]],
) -> None:
    sender, jobs = HintSender(settings.CELERY_BROKER_URL), [uuid4() for _ in range(3)]
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as admin:
        for job_id in jobs:
            assert sender.send(job_id)
            assert heard() == [job_id.hex]
            speakers = [one for one in admin.client_list() if one["cmd"] == "publish"]
            assert speakers
            for speaker in speakers:
                admin.client_kill_filter(_id=speaker["id"])


def test_what_the_broker_refuses_is_known_with_the_next_hint_and_then_nobody_tries(
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = urlsplit(settings.CELERY_BROKER_URL)
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as admin:
        admin.acl_setuser("mute", enabled=True, passwords=["+x"], commands=["+@connection"])
        try:
            sender = HintSender(f"redis://mute:x@{url.hostname}:{url.port}{url.path}")
            assert [sender.send(uuid4()) for _ in range(3)] == [True, False, False]
        finally:
            admin.acl_deluser("mute")
    assert [record.message for record in caplog.records if "no hints" in record.message] == [
        "no hints for watchers for 5 s: User mute has no permissions to run the 'publish' command"
    ]


def test_hints_of_many_threads_arrive_each_once(heard: Callable[[], list[str]]) -> None:
    jobs = [uuid4() for _ in range(200)]
    sender = HintSender(settings.CELERY_BROKER_URL)
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(sender.send, jobs))
    sender.send(jobs[0])  # by the same connection, so that all were heard when this one is

    found: list[str] = []
    while found.count(jobs[0].hex) < 2:
        found += heard()
    assert sorted(found) == sorted(job.hex for job in [*jobs, jobs[0]])


def test_a_broker_that_is_none_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CELERY_BROKER_URL", "amqp://nowhere")

    hint(make_job().id)
