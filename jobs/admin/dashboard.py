"""The first page: what needs somebody now, what is made, what fails, who works, what it costs."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from jobs.delivery.publish import GPU_QUEUE, MAINTENANCE_QUEUE, PACKAGES_QUEUE
from jobs.models import AuditRun, Beat
from jobs.models.beat import LATE
from jobs.watch.dashboard import Dashboard, Ended, WorkerRow, read_dashboard
from s3project.admin.durations import duration
from s3project.admin.panels import Bar, Chart, Figure, Figures, Tone
from s3project.admin.sizes import size
from s3project.admin.tables import Table, badge, moment, prose
from s3project.wording import counted

SERIES = {"done": "done", "failed": "failed"}
# Photos per minute are told over so many: a minute alone jumps.
LATELY = 10
LONG_WAIT = timedelta(minutes=5)
QUIET = timedelta(minutes=15)  # after this a worker may be gone


def dashboard(request: HttpRequest) -> Sequence[Any]:
    """For who may see jobs."""
    if not request.user.has_perm("jobs.view_jobcoordinator"):
        return ()
    now = read_dashboard()
    return [
        Figures("Now", [*_work(now), *_service(now)]),
        Figures("Last day", _day(now)),
        Chart(
            "Photos per minute",
            SERIES,
            [Bar(_ago(n, len(now.minutes), "minute"), one) for n, one in enumerate(now.minutes)],
            "an hour ago",
            "now",
        ),
        Chart(
            "Photos per hour",
            SERIES,
            [Bar(_ago(n, len(now.hours), "hour"), one) for n, one in enumerate(now.hours)],
            "a day ago",
            "now",
        ),
        _failures(now),
        _workers(now),
    ]


def _ago(place: int, places: int, unit: str) -> str:
    back = places - 1 - place
    return f"{counted(back, unit)} ago" if back else f"this {unit}"


def _work(now: Dashboard) -> list[Figure]:
    waiting = now.photos.get("waiting", 0) + now.photos.get("unsent", 0)
    due, in_hand = now.photos.get("due", 0), now.photos.get("in_hand", 0)
    jobs = sum(now.unfinished.values())
    wait = timedelta(seconds=now.oldest_wait)
    idle = waiting > 0 and not in_hand
    return [
        Figure("Waiting", f"{waiting:,}", f"photos, of which {now.photos.get('unsent', 0):,} are "
               "not sent yet", Tone.WARNING if idle else Tone.PLAIN, _jobs(finished="no")),
        Figure("In hand", f"{in_hand:,}", "photos that a worker is editing", Tone.PLAIN,
               _jobs(status__exact="running")),
        Figure("Due", f"{due:,}", "photos whose lease ran out", Tone.WARNING if due else Tone.GOOD,
               _jobs(trouble="stuck")),
        Figure("Oldest wait", duration(wait) if now.oldest_wait else "none", "for a result",
               Tone.WARNING if wait > LONG_WAIT else Tone.GOOD, _jobs(finished="no")),
        Figure("Photos per minute", f"{_per_minute(now.minutes[-LATELY:]):.1f}",
               f"of jobs that ended in the last {LATELY} minutes"),
        Figure("Unfinished jobs", f"{jobs:,}", _by_status(now.unfinished), Tone.PLAIN,
               _jobs(finished="no")),
    ]  # fmt: skip


def _service(now: Dashboard) -> list[Figure]:
    return [
        _broker(now.broker),
        Figure("Overdue jobs", f"{now.overdue:,}", "should have been ended by the clock",
               Tone.BAD if now.overdue else Tone.GOOD),
        Figure("Webhooks due", f"{now.webhooks_due:,}", "waiting for a sender"),
        _clock(now.beat),
        _audit(now.audit),
    ]  # fmt: skip


def _broker(queues: dict[str, int] | None) -> Figure:
    if queues is None:
        return Figure("Broker", "away", "it does not answer; jobs wait and go on later", Tone.BAD)
    maintenance, packages = queues.get(MAINTENANCE_QUEUE, 0), queues.get(PACKAGES_QUEUE, 0)
    return Figure("Broker", f"{queues.get(GPU_QUEUE, 0):,}",
                  f"messages for GPU workers, {packages:,} for packers, {maintenance:,} for "
                  "maintenance")  # fmt: skip


def _clock(beat: Beat | None) -> Figure:
    if beat is None:
        return Figure("Maintenance", "not seen yet", "comes a minute after its start", Tone.WARNING)
    age = timezone.now() - beat.seen_at
    if age > LATE:
        return Figure("Maintenance", f"{duration(age)} ago", "it or the broker stands still: "
                      "nothing is sent again, ended or deleted", Tone.BAD)  # fmt: skip
    return Figure("Maintenance", f"{duration(age)} ago", "did what its clock says", Tone.GOOD)


def _audit(last: AuditRun | None) -> Figure:
    if last is None:
        return Figure("Last audit", "none yet", "", Tone.WARNING)
    age = timezone.now() - last.started_at
    url = reverse("admin:jobs_auditrun_change", args=[last.pk])
    if last.violations:
        return Figure("Last audit", counted(len(last.violations), "violation"),
                      f"{duration(age)} ago", Tone.BAD, url)  # fmt: skip
    late = settings.AUDIT_EVERY is not None and age > 2 * settings.AUDIT_EVERY
    return Figure("Last audit", "all adds up", f"{duration(age)} ago",
                  Tone.WARNING if late else Tone.GOOD, url)  # fmt: skip


def _day(now: Dashboard) -> list[Figure]:
    done, failed = (sum(hour[part] for hour in now.hours) for part in (0, 1))
    share = 100 * failed / (done + failed) if failed else 0
    return [
        Figure("Photos made", f"{done:,}", "in the last day", Tone.PLAIN, _jobs(finished="yes")),
        Figure("Photos failed", f"{failed:,}", f"{share:.1f} % of the last day",
               Tone.WARNING if share >= 5 else Tone.PLAIN, _jobs(trouble="failed")),
        Figure("Rescued", f"{now.rescued:,}", "in the last hour took more than one attempt",
               Tone.WARNING if now.rescued else Tone.GOOD),
        Figure("Credits reserved", f"{now.reserved:,}", "by unfinished jobs", Tone.PLAIN,
               f"{reverse('admin:users_reservation_changelist')}?open=yes"),
        Figure("Credits spent", f"{now.spent:,}", "in the last day", Tone.PLAIN,
               reverse("admin:users_billingevent_changelist")),
        Figure("Storage", size(now.stored_bytes), "photos and results, when last counted"),
    ]  # fmt: skip


def _failures(now: Dashboard) -> Table:
    failed = sum(count for _, count in now.failures)
    return Table(
        title="Failures of the last day, by reason",
        headings=("Reason", "Photos", "Share"),
        rows=[
            (prose(reason or "no reason given"), f"{count:,}", f"{100 * count / failed:.0f} %")
            for reason, count in now.failures
        ],
        empty="No photo failed.",
    )


def _workers(now: Dashboard) -> Table:
    return Table(
        title="Workers seen",
        headings=("Host", "State", "Backend", "Last claim (UTC)", "Photos per minute, last hour"),
        rows=[
            (
                worker.host,
                badge("quiet" if _is_quiet(worker) else "at work"),
                worker.backend,
                f"{moment(worker.seen_at)}, {duration(timezone.now() - worker.seen_at)} ago",
                f"{worker.photos / len(now.minutes):.1f}",
            )
            for worker in now.workers
        ],
        empty="No worker has claimed a photo yet.",
    )


def _is_quiet(worker: WorkerRow) -> bool:
    return timezone.now() - worker.seen_at > QUIET


def _per_minute(minutes: Sequence[Ended]) -> float:
    return sum(minute.done + minute.failed for minute in minutes) / len(minutes)


def _by_status(unfinished: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {status}" for status, count in sorted(unfinished.items()))


def _jobs(**query: str) -> str:
    return f"{reverse('admin:jobs_jobcoordinator_changelist')}?{urlencode(query)}"
