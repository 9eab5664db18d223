"""How a job stands, at a glance."""

from django.utils import timezone

from jobs.admin.job_times import age, took
from jobs.admin.progress import progress_bar, progress_text
from jobs.lifecycle.keeping import expires_at, is_expired
from jobs.models import JobCoordinator
from s3project.admin.durations import duration
from s3project.admin.panels import Figure, Figures
from s3project.admin.tables import badge, moment
from s3project.wording import counted


def figures(job: JobCoordinator) -> Figures:
    return Figures(
        "",
        [
            Figure("Status", badge(job.status), progress_text(job.progress)),
            Figure("Progress", progress_bar(job.progress), counted(job.total_items, "photo")),
            Figure("Age", age(job), f"created {moment(job.created_at)} UTC"),
            Figure("Took", took(job), "from its order to its end"),
            Figure("Credits", job.total_items, _charged(job)),
            Figure("Kept", _kept(job), _until(job)),
        ],
    )


def _charged(job: JobCoordinator) -> str:
    charged = job.charged_items
    if charged is None:
        return "reserved"
    return f"reserved, {charged or 'none'} charged"


def _kept(job: JobCoordinator) -> str:
    if is_expired(job):
        return "gone"
    end = expires_at(job)
    return duration(end - timezone.now()) if end else "–"


def _until(job: JobCoordinator) -> str:
    if is_expired(job):
        return "photos and results are deleted"
    end = expires_at(job)
    return f"until {moment(end)} UTC" if end else ""
