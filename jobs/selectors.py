"""Reading jobs: what a client sees of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from jobs import storage
from jobs.models import JobCoordinator
from jobs.services import Upload, sign_uploads
from jobs.states import ItemStatus, JobStatus

# An error is shown as it is only when it reads as a plain remark: no paths, hosts or traces.
PLAIN_REMARK = re.compile(r"(?!.*[A-Za-z]\.\w)(?!.*\d\.\d+\.\d)[\w ,.'’()%+-]{1,200}")
UNEXPLAINED = "the photo could not be processed"


@dataclass(frozen=True)
class ItemView:
    idx: int
    status: str
    error: str
    warnings: list[str]


@dataclass(frozen=True)
class OutputView:
    idx: int
    result_url: str
    preview_url: str


@dataclass(frozen=True)
class JobView:
    """A job with its items in order; `uploads` only while photos may still be sent."""

    job: JobCoordinator
    items: Sequence[ItemView]
    outputs: Sequence[OutputView]
    uploads: Sequence[Upload] | None


def check_job_exists(*, job_id: UUID | None, user_id: UUID | None = None) -> None:
    """Raises JobNotFound; a user's view of somebody else's job is that it does not exist."""
    jobs = (
        JobCoordinator.objects.all()
        if user_id is None
        else JobCoordinator.objects.owned_by(user_id)
    )
    jobs.get_job(job_id)


def get_job(*, user_id: UUID, job_id: UUID | None) -> JobView:
    """Two queries. Raises JobNotFound or StorageUnavailable."""
    job = JobCoordinator.objects.owned_by(user_id).get_job(job_id)
    rows = job.items.order_by("idx").values_list(
        "idx", "status", "error", "warnings", "output_key", "preview_key"
    )
    items = []
    done = []
    for idx, status, error, warnings, output_key, preview_key in rows:
        shown = public_error(error) if status == ItemStatus.FAILED else ""
        items.append(ItemView(idx, status, shown, warnings))
        if status == ItemStatus.DONE:
            done.append((idx, output_key, preview_key))
    outputs: list[OutputView] = []
    if done and job.status != JobStatus.CANCELED:
        urls = iter(storage.presign_downloads(key for row in done for key in row[1:]))
        outputs = [OutputView(idx, next(urls), next(urls)) for idx, _, _ in done]
    uploads = None
    if job.status == JobStatus.CREATED:
        uploads = sign_uploads(user_id, job.id, range(job.total_items))
    return JobView(job, items, outputs, uploads)


def public_error(error: str) -> str:
    """An item's error as a client may see it."""
    return error if PLAIN_REMARK.fullmatch(error) else UNEXPLAINED
