"""Who works, and whether what waits is getting less: photos, packages, webhooks, and what
maintenance does by the clock."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone

from jobs.backends import Backend
from jobs.lifecycle.orders import configured_backend
from jobs.lifecycle.worker_backends import described
from jobs.models import AuditRun, Beat, JobItem, JobPackage, WorkerHost
from jobs.models.beat import LATE
from jobs.states import IN_WORK, PackageStatus
from jobs.watch.examinations.diagnosis import OVERDUE, Diagnosis, State, ago
from jobs.watch.metrics import read
from s3project.wording import counted

QUIET = timedelta(minutes=15)  # after this a worker may be gone
STANDS_STILL = "maintenance (the worker with beat) is not running, or the broker is away"


def examine_workers() -> Iterator[Diagnosis]:
    configured = configured_backend()
    hosts = list(WorkerHost.objects.filter(seen_at__gt=Now() - timedelta(days=1)))
    for host in hosts:
        concepts = None if host.concepts is None else frozenset(host.concepts)
        running = Backend(host.backend, concepts)
        if running == configured:
            found = f"{host} runs {host.backend}, claimed {ago(host.seen_at)}"
            yield Diagnosis("workers", State.OK, found)
        else:
            hint = "set ENGINE_SEGMENTER and ENGINE_CONCEPTS alike for web and GPU workers"
            found = f"{host} runs {described(running)}, clients are told of {described(configured)}"
            yield Diagnosis("workers", State.WARNING, found, hint)
    if any(timezone.now() - host.seen_at < QUIET for host in hosts):
        return
    waiting = JobItem.objects.filter(job__status__in=IN_WORK).at_work().count()
    if waiting:
        hint = "start GPU workers, and see their log"
        found = f"nobody claims, and {counted(waiting, 'photo')} waiting"
        yield Diagnosis("workers", State.ERROR, found, hint)
    elif not hosts:
        yield Diagnosis("workers", State.WARNING, "none has claimed a photo for a day")


def examine_packages() -> Iterator[Diagnosis]:
    pending = JobPackage.objects.filter(status=PackageStatus.PENDING)
    waiting = pending.count()
    oldest = pending.filter(claimed_by="").order_by("waits_since").first()
    found = f"{counted(waiting, 'package')} waiting" if waiting else "none waits"
    if oldest is not None and timezone.now() - oldest.waits_since > settings.QUEUE_LEASE:
        found += f", the longest was asked for {ago(oldest.waits_since)}"
        hint = "start a worker of the queue packages (docs/operations.md), and see its log"
        yield Diagnosis("packages", State.ERROR, found, hint)
    else:
        yield Diagnosis("packages", State.OK, found)


def examine_webhooks() -> Iterator[Diagnosis]:
    pending = dict(read("s3_webhooks_pending"))
    due, waiting = pending.get("due", 0), pending.get("waiting", 0)
    [(seconds,)] = read("s3_webhook_oldest_due_seconds")
    [(off,)] = read("s3_webhooks_switched_off")
    found = f"{due} due, {waiting} wait to be tried again, {counted(off, 'endpoint')} given up"
    if seconds > OVERDUE.total_seconds():
        found += f"; the oldest is due for {seconds / 60:.0f} minutes"
        yield Diagnosis("webhooks", State.ERROR, found, STANDS_STILL)
    else:
        yield Diagnosis("webhooks", State.OK, found)


def examine_beat() -> Iterator[Diagnosis]:
    [(seconds,)] = read("s3_beat_age_seconds")
    late = seconds > LATE.total_seconds()
    last = Beat.objects.first()
    if last is not None:
        found = f"maintenance heard its clock {ago(last.seen_at)}"
        state, hint = (State.ERROR, STANDS_STILL) if late else (State.OK, "")
    elif late:
        found = "maintenance never heard its clock"
        state, hint = State.ERROR, STANDS_STILL
    else:
        found = "maintenance has not heard its clock yet"
        state, hint = State.WARNING, "it comes a minute after maintenance was started"
    yield Diagnosis("beat", state, found, hint)


def examine_maintenance() -> Iterator[Diagnosis]:
    overdue = JobItem.objects.filter(
        job__status__in=IN_WORK,
        job__queued_at__lt=Now() - OVERDUE,
        lease_expires_at__lt=Now() - OVERDUE,
    ).due()
    if count := overdue.count():
        found = f"{counted(count, 'photo')} due for more than {OVERDUE.seconds // 60} minutes"
        yield Diagnosis("maintenance", State.ERROR, found, STANDS_STILL)
    else:
        yield Diagnosis("maintenance", State.OK, "nothing is overdue")


def examine_audit() -> Iterator[Diagnosis]:
    last = AuditRun.objects.first()
    if settings.AUDIT_EVERY is None:
        yield Diagnosis("audit", State.WARNING, "AUDIT_MINUTES is 0: nobody checks the books")
    elif last is None:
        first = "the first comes two minutes after maintenance was started"
        yield Diagnosis("audit", State.WARNING, "none has run yet", first)
    elif last.violations:
        found = f"the last one found: {', '.join(last.violations)}"
        yield Diagnosis("audit", State.ERROR, found, "manage.py audit")
    elif timezone.now() - last.started_at > 2 * settings.AUDIT_EVERY:
        found = f"the last one was {ago(last.started_at)}"
        yield Diagnosis("audit", State.ERROR, found, STANDS_STILL)
    else:
        found = f"the last one, {ago(last.started_at)}, found everything right"
        yield Diagnosis("audit", State.OK, found)
