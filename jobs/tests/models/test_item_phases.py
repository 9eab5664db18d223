"""The phases of a pending item are said twice, in the ORM and in SQL: they mean the same rows."""

from datetime import timedelta
from random import Random

import pytest
from django.db import connection
from django.db.models.functions import Now

from jobs.models import JobItem, item_phases
from jobs.states import ItemStatus, JobStatus
from jobs.tests.factories import make_job
from users.tests.factories import make_user

pytestmark = pytest.mark.django_db

LEASES = (None, timedelta(seconds=-1), timedelta(0), timedelta(minutes=5))
PHASES = ("due", "at_work", "unsent", "in_hand")


@pytest.fixture
def rows() -> None:
    """Random rows of every kind; within this transaction the clock goes on between statements."""
    random = Random(5)
    job = make_job(JobStatus.QUEUED, user=make_user(plan="pro"), items=200)
    for item in job.items.all():
        lease = random.choice(LEASES)
        reported = random.random() < 0.2
        JobItem.objects.filter(pk=item.pk).update(
            status=ItemStatus.FAILED if reported else ItemStatus.PENDING,
            idempotency_key=f"k{item.idx}" if reported else None,
            attempt=random.choice((0, 0, 1, 2)),
            claimed_by=random.choice(("", "host:1")),
            lease_expires_at=None if lease is None else Now() + lease,
        )


def chosen(phase: str) -> set[int]:
    with connection.cursor() as cursor:
        condition = getattr(item_phases, phase.upper())
        cursor.execute(f"SELECT idx FROM jobs_jobitem AS item WHERE {condition}")
        return {idx for (idx,) in cursor.fetchall()}


@pytest.mark.parametrize("phase", PHASES)
def test_the_orm_and_sql_choose_the_same_rows(phase: str, rows: None) -> None:
    found = set(getattr(JobItem.objects, phase)().values_list("idx", flat=True))

    assert 5 < len(found) < 195
    assert chosen(phase) == found


def test_a_pending_item_is_either_due_or_leased(rows: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM jobs_jobitem AS item WHERE {item_phases.PENDING}"
            f" AND ({item_phases.LEASE_OVER}) = coalesce({item_phases.LEASED}, false)"
        )
        assert cursor.fetchone() == (0,)
