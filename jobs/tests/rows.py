"""What the database holds, to show that a refusal changed nothing and that books balance."""

from collections import Counter
from typing import Any

from django.db.models import Model, Sum

from jobs.models import (
    JobCoordinator,
    JobItem,
    JobItemLog,
    JobLog,
    Rule,
    Webhook,
    WebhookDelivery,
)
from jobs.states import FINISHED
from users.models import BillingEvent, Reservation, User, UserLimiter

TABLES: tuple[type[Model], ...] = (
    User,
    UserLimiter,
    Reservation,
    BillingEvent,
    JobCoordinator,
    JobItem,
    Rule,
    JobLog,
    JobItemLog,
    Webhook,
    WebhookDelivery,
)


def all_rows() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of ours."""
    return {
        table._meta.db_table: list(table._default_manager.order_by("pk").values())
        for table in TABLES
    }


def assert_books_balance(user: User) -> None:
    """The conservation laws of contract §1.4, for one user at rest."""
    limiter = UserLimiter.objects.get(pk=user.pk)
    events = BillingEvent.objects.filter(user=user)
    total = events.aggregate(total=Sum("amount"))["total"]
    assert total == limiter.credits >= 0
    # Each event's balance is the sum so far: no two were computed from the same balance.
    so_far = 0
    for amount, balance_after in events.order_by("id").values_list("amount", "balance_after"):
        so_far += amount
        assert balance_after == so_far
    unfinished = JobCoordinator.objects.filter(user=user).exclude(status__in=FINISHED)
    open_reservations = Reservation.objects.filter(limiter=limiter, released_at__isnull=True)
    assert set(open_reservations.values_list("job_id", flat=True)) == set(
        unfinished.values_list("pk", flat=True)
    )
    assert limiter.active_jobs == unfinished.count()
    for job in JobCoordinator.objects.filter(user=user):
        assert_job_adds_up(job)


def assert_job_adds_up(job: JobCoordinator) -> None:
    """Counters follow items, and the history is complete exactly when the job is finished."""
    by_status = Counter(job.items.values_list("status", flat=True))
    assert (job.done_items, job.failed_items) == (by_status["done"], by_status["failed"])
    assert by_status.total() == job.total_items
    logged = JobLog.objects.filter(job_id=job.id).values_list("status", flat=True)
    assert list(logged) == ([job.status] if job.is_finished else [])
    logged_items = JobItemLog.objects.filter(job_id=job.id).count()
    assert logged_items == (job.total_items if job.is_finished else 0)
