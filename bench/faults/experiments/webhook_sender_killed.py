"""The sender of webhooks is killed at random moments, mostly with requests in the air: every event
of the sets that were settled meanwhile comes at least once, each under one id.
"""

import json
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from functools import partial

from django.db.models.functions import Now

from bench.faults.keys import public_id_of
from bench.faults.photos import QUICK
from bench.faults.world import World
from jobs.models import WebhookDelivery
from s3project.testing.receivers import Receiver, receiver

EVENTS = ["job.done", "item.done"]
CUSTOMERS, PHOTOS = 4, 3
# Seconds that a receiver takes to answer: a kill finds requests in the air.
THINKS = 0.3


def run(world: World) -> None:
    kills = 2 if world.brief else 8
    interrupted = 0
    with ExitStack() as ending:
        world.start("web", "maintenance", "gpu")
        known = [ending.enter_context(receiver(delay=THINKS)) for _ in range(CUSTOMERS)]
        customers = [world.customer() for _ in known]
        for customer, its in zip(customers, known, strict=True):
            customer.client.create_webhook(its.url, events=EVENTS)
        owners = [customer.key for customer in customers]
        pending = WebhookDelivery.objects.filter(status="pending", webhook__user_id__in=owners)
        for _ in range(kills):
            for customer in customers:
                world.start_set([QUICK] * PHOTOS, customer=customer)
            world.wait_for(partial(_more_came, known, _came(known)), "something is sent")
            time.sleep(world.random.uniform(0, 0.6))
            world.kill("maintenance")
            # What it had in hand is taken again when its lease ends; here that is now.
            held = pending.filter(lease_expires_at__gt=Now())
            interrupted += held.update(lease_expires_at=Now())
            world.start("maintenance")
        world.wait_finished()
        world.wait_for(lambda: not pending.exists(), "everything is sent")
        repeated = sum(_told(its) for its in known)
    assert interrupted > 0, "every kill found the sender idle"
    told = {job for its in known for job, _ in _ids_of(its)}
    assert told == {public_id_of(job) for job in world.jobs}
    world.result.notes.append(
        f"{kills} kills with {interrupted} events in hand, {repeated} came twice"
    )


def _came(known: list[Receiver]) -> int:
    return sum(len(its.received) for its in known)


def _more_came(known: list[Receiver], than: int) -> bool:
    return _came(known) > than


def _told(its: Receiver) -> int:
    """Checks that each job's end and each of its photos has one id; how many came again."""
    ids = _ids_of(its)
    assert {len(each) for each in ids.values()} == {1}
    of_each_job = Counter(job for job, _ in ids)
    assert set(of_each_job.values()) == {PHOTOS + 1}, of_each_job
    return len(its.received) - len(ids)


def _ids_of(its: Receiver) -> dict[tuple[str, str], set[str]]:
    """The ids under which each event of each job came."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for came in its.received:
        body = json.loads(came.body)
        event = f"{body['type']} {body.get('idx', '')}"
        found[body["data"]["job_id"], event].add(came.headers["webhook-id"])
    return found
