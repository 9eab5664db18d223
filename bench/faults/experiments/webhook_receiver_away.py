"""A receiver is away for an hour, the one of another user is there: no set waits for either, the
one is told at once, and the other by the first try after the hour.

The hour passes by moving what is due; the waits between tries are those of production.
"""

import json
from datetime import datetime, timedelta

from django.db.models import F, Max, QuerySet
from django.utils import timezone

from bench.faults.keys import public_id_of
from bench.faults.photos import QUICK
from bench.faults.world import World
from jobs.models import Webhook, WebhookDelivery
from s3project.embedded.ports import free_port
from s3project.testing.receivers import Receiver, receiver

AWAY = timedelta(hours=1)
SETS = 3
# Seconds from the end of a set to its event, where nothing is wrong.
SOON = 10.0


def run(world: World) -> None:
    world.start("web", "maintenance", "gpu")
    lucky, unlucky = world.customer(), world.customer()
    port = free_port()
    with receiver() as present:
        urls = {lucky: present.url, unlucky: Receiver(port=port).url}
        for customer, url in urls.items():
            customer.client.create_webhook(url, events=["job.done"])
        for customer in (lucky, unlucky) * SETS:
            world.start_set([QUICK], customer=customer)
        world.wait_finished()
        world.wait_for(lambda: len(present.received) >= SETS, "the other is told", SOON)

    deliveries = WebhookDelivery.objects.filter(webhook__user_id=unlucky.key)
    tries, passed = 1, timedelta(0)
    _wait_tried(world, deliveries, tries)
    while (passed := passed + _wait_of(deliveries)) < AWAY:
        tries += 1
        _travel(deliveries)
        _wait_tried(world, deliveries, tries)
    with receiver(port=port) as back:
        _travel(deliveries)
        world.wait_for(lambda: len(back.received) >= SETS, "it is told", SOON)
        delivered = deliveries.filter(status="delivered", attempts=tries + 1)
        world.wait_for(lambda: delivered.count() == SETS, "that is written down", SOON)

    assert _jobs_of(present) | _jobs_of(back) == {public_id_of(job) for job in world.jobs}
    assert Webhook.objects.get(user_id=unlucky.key).enabled
    world.result.notes.append(
        f"told by try {tries + 1}, after {passed / timedelta(minutes=1):.0f} min"
    )


def _wait_tried(world: World, deliveries: QuerySet[WebhookDelivery], times: int) -> None:
    ended = deliveries.filter(attempts=times, lease_expires_at=None, status="pending")
    world.wait_for(lambda: ended.count() == SETS, f"try {times} of each", SOON)


def _wait_of(deliveries: QuerySet[WebhookDelivery]) -> timedelta:
    """Until the last of them is due."""
    due: datetime | None = deliveries.aggregate(due=Max("due_at"))["due"]
    assert due is not None
    return due - timezone.now()


def _travel(deliveries: QuerySet[WebhookDelivery]) -> None:
    """To the moment when all of them are due."""
    wait = _wait_of(deliveries)
    Webhook.objects.filter(deliveries__in=deliveries).update(
        failing_since=F("failing_since") - wait
    )
    deliveries.update(due_at=F("due_at") - wait, created_at=F("created_at") - wait)


def _jobs_of(its: Receiver) -> set[str]:
    ids = [json.loads(came.body)["data"]["job_id"] for came in its.received]
    assert len(ids) == len(set(ids)) == SETS
    return set(ids)
