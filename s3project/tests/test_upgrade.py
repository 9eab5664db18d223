"""A database of the first version, with money and jobs in every state, becomes this one's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.apps.registry import Apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from jobs.watch.audit import audit
from s3project import ids
from s3project.testing.api import Api
from users.services import device_digest

# 0.1.0, and what it took along.
FIRST = [("users", "0002_ledger_is_append_only"), ("jobs", "0001_initial")]
NAME = "test_s3_of_the_first_version"
DEVICE = "q7Zr2mXv9KpL4tWc8NfB1sJd6HgY3aEu"
ORDER = {"Floor": {"action": "recolor", "value": "oak_a"}}


@pytest.fixture
def first_version(transactional_db: None) -> Iterator[Apps]:
    """The tables of 0.1.0, in a database of their own; its models."""
    before = dict(connection.settings_dict)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {NAME}")
        cursor.execute(f"CREATE DATABASE {NAME} TEMPLATE template0 ENCODING 'UTF8'")
    connection.close()
    connection.settings_dict["NAME"] = NAME
    connection.settings_dict["OPTIONS"] = dict(before["OPTIONS"])
    try:
        yield MigrationExecutor(connection).migrate(FIRST).apps
    finally:
        connection.close()
        connection.settings_dict.update(before)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {NAME}")


@dataclass
class Account:
    """A user of the first version, whose money adds up."""

    apps: Apps
    user: Any
    balance: int = 0
    active: int = 0

    def book(self, kind: str, amount: int, ref: str) -> None:
        self.balance += amount
        self.apps.get_model("users", "BillingEvent").objects.create(
            user_id=self.user.pk, type=kind, amount=amount, balance_after=self.balance, ref=ref
        )

    def add(self, status: str, *items: str) -> UUID:
        """A job of these items, `pending`, `done` or `failed`, as that version left it."""
        job_id, now = ids.new_id(), timezone.now()
        ref = ids.public_id(ids.JOB, job_id)
        done, failed = items.count("done"), items.count("failed")
        in_work = status in ("queued", "running", "done", "failed")
        over = now if status in ("done", "failed", "canceled") else None
        job = self.apps.get_model("jobs", "JobCoordinator").objects.create(
            id=job_id,
            user_id=self.user.pk,
            status=status,
            preset="interior",
            concepts=ORDER if in_work else {},
            protect=["Grout"],
            total_items=len(items),
            done_items=done,
            failed_items=failed,
            queued_at=now - timedelta(seconds=5) if in_work else None,
            finished_at=over,
        )
        for idx, item in enumerate(items):
            self._item(job, idx, item)
        self.book("reserve", -len(items), ref)
        limiter = self.apps.get_model("users", "UserLimiter").objects.get(pk=self.user.pk)
        outcome = "commit" if done else "rollback"
        self.apps.get_model("users", "Reservation").objects.create(
            limiter_id=limiter.pk,
            job_id=job_id,
            item_count=len(items),
            released_at=over,
            outcome=outcome if over else "",
        )
        if over:
            self.book(outcome, len(items) - done, ref)
            self._history(job, items)
        else:
            self.active += 1
        limiter.credits, limiter.active_jobs = self.balance, self.active
        limiter.save()
        return job_id

    def _item(self, job: Any, idx: int, status: str) -> None:
        place = f"{ids.public_id(ids.USER, self.user.pk)}/{ids.public_id(ids.JOB, job.pk)}"
        is_done = status == "done"
        self.apps.get_model("jobs", "JobItem").objects.create(
            job_id=job.pk,
            idx=idx,
            status=status,
            input_key=f"inputs/{place}/{idx}.jpg",
            output_key=f"outputs/{place}/{idx}_result.png" if is_done else "",
            preview_key=f"previews/{place}/{idx}_thumb.jpg" if is_done else "",
            error="too dark" if status == "failed" else "",
            idempotency_key=None if status == "pending" else f"{job.pk}:{idx}:1",
            attempt=1 if job.queued_at else 0,
        )

    def _history(self, job: Any, items: tuple[str, ...]) -> None:
        self.apps.get_model("jobs", "JobLog").objects.create(
            job_id=job.pk,
            user_id=self.user.pk,
            created_at=job.created_at,
            finished_at=job.finished_at,
            status=job.status,
            preset=job.preset,
            concepts_json=job.concepts,
            protect_json=job.protect,
            params_json={},
            cost_estimate=len(items),
            error="too dark" if job.status == "failed" else "",
        )
        for item in self.apps.get_model("jobs", "JobItem").objects.filter(job_id=job.pk):
            self.apps.get_model("jobs", "JobItemLog").objects.create(
                **{
                    name: getattr(item, name)
                    for name in (
                        *("job_id", "idx", "status", "input_key"),
                        *("output_key", "preview_key", "error"),
                    )
                }
            )


def account(apps: Apps) -> Account:
    user = apps.get_model("users", "User").objects.create(
        plan="pro", device_hash=device_digest(DEVICE), password="!"
    )
    apps.get_model("users", "UserLimiter").objects.create(user_id=user.pk, rule_slots_used=1)
    apps.get_model("jobs", "Rule").objects.create(
        user_id=user.pk, name="Oak", preset_id="interior", concepts=ORDER, protect=[]
    )
    found = Account(apps, user)
    found.book("grant", 200, "plan:pro")
    return found


STATES = {
    "created": ("pending", "pending"),
    "uploaded": ("pending", "pending"),
    "queued": ("pending", "pending"),
    "running": ("done", "pending"),
    "done": ("done", "failed"),
    "failed": ("failed",),
    "canceled": ("pending", "pending"),
}


def test_a_database_of_the_first_version_becomes_this_ones(first_version: Apps) -> None:
    theirs = account(first_version)
    made = {status: theirs.add(status, *items) for status, items in STATES.items()}

    call_command("migrate", verbosity=0)

    broken = {one.check.name: one.examples for one in audit() if one.violations}
    assert broken == {}
    api = Api(Api().post("/auth/anon", {"device_hash": DEVICE}).data["token"])
    assert_all_is_there(api, theirs, made)
    assert_the_jobs_go_on(api, made)
    assert {one.check.name for one in audit() if one.violations} == set()


def assert_all_is_there(api: Api, theirs: Account, made: dict[str, UUID]) -> None:
    me = api.get("/me").data
    assert (me["user_id"], me["plan"]) == (ids.public_id(ids.USER, theirs.user.pk), "pro")
    assert (me["credits"], me["active_jobs"]) == (theirs.balance, 4)
    assert [rule["name"] for rule in api.get("/rules").data] == ["Oak"]
    assert sum(event["amount"] for event in api.get("/me/ledger").data) == theirs.balance
    jobs = {job["job_id"]: job["status"] for job in api.get("/jobs").data}
    assert jobs == {ids.public_id(ids.JOB, job_id): status for status, job_id in made.items()}
    for status, job_id in made.items():
        job = api.get(f"/jobs/{ids.public_id(ids.JOB, job_id)}").data
        items = STATES[status]
        assert (job["status"], job["progress"]["total"]) == (status, len(items))
        assert job["progress"]["done"] == items.count("done")
        shown = items.count("done") if status in ("running", "done") else 0
        assert len(job["outputs_ready"]) == shown


def assert_the_jobs_go_on(api: Api, made: dict[str, UUID]) -> None:
    """What was to be uploaded is, what was sent ends, and what nobody wants is given up."""
    created, uploaded, queued = (
        f"/jobs/{ids.public_id(ids.JOB, made[status])}"
        for status in ("created", "uploaded", "queued")
    )
    assert api.post(f"{created}/cancel").data["status"] == "canceled"
    assert api.post(f"{uploaded}/execute", {"concepts": ORDER}).data["status"] == "queued"
    assert api.post(f"{queued}/cancel").data["status"] == "canceled"
