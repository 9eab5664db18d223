"""kill -9 of the sender's process at random moments: what the ledger has settled is told, at least
once, each under one id.
"""

import json
import random
import time
from collections import defaultdict
from functools import partial

import pytest
from django.db.models.functions import Now

from jobs.events import JOB_EVENTS
from jobs.lifecycle.services import cancel_job
from jobs.models import JobCoordinator, WebhookDelivery
from jobs.tests.factories import make_job
from jobs.webhooks import endpoints
from s3project.testing.live import LiveStack
from s3project.testing.receivers import Receiver, receiver
from s3project.testing.waiting import wait_until
from users.models import BillingEvent
from users.tests.factories import make_user

ROUNDS, JOBS = 4, 8


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(300)
def test_every_settlement_is_told_under_one_id_however_often_the_sender_dies(
    live_stack: LiveStack,
) -> None:
    user = make_user(plan="pro")
    chance = random.Random(7)
    interrupted = 0
    with receiver(delay=0.3) as known:
        webhook = endpoints.create_webhook(user_id=user.id, url=known.url)
        for _ in range(ROUNDS):
            live_stack.start_maintenance(SWEEP_SEC="1")
            arrived = len(known.received)
            for _ in range(JOBS):
                cancel_job(user_id=user.id, job_id=make_job(user=user).id)
            wait_until(partial(_has_more, known, arrived), seconds=60)
            time.sleep(chance.uniform(0, 0.4))
            live_stack.kill("maintenance")
            # What it had in hand would be taken again when its lease ends; here that is now.
            pending = WebhookDelivery.objects.filter(status="pending")
            interrupted += pending.update(lease_expires_at=Now())
        live_stack.start_maintenance(SWEEP_SEC="1")
        wait_until(
            lambda: not WebhookDelivery.objects.filter(status="pending").exists(), seconds=60
        )
        live_stack.kill("maintenance")

    assert interrupted > 0, "every kill came too late to prove anything"
    ids_of: dict[str, set[str]] = defaultdict(set)
    for came in known.received:
        body = json.loads(came.body)
        assert body["type"] in JOB_EVENTS
        ids_of[body["data"]["job_id"]].add(came.headers["webhook-id"])
    settled = set(
        BillingEvent.objects.filter(user=user, type__in=["commit", "rollback"]).values_list(
            "ref", flat=True
        )
    )
    jobs = {job.public_id for job in JobCoordinator.objects.filter(user=user)}
    assert len(settled) == len(jobs) == ROUNDS * JOBS
    assert set(ids_of) == jobs
    assert {len(ids) for ids in ids_of.values()} == {1}
    webhook.refresh_from_db()
    assert webhook.enabled


def _has_more(known: Receiver, than: int) -> bool:
    return len(known.received) > than
