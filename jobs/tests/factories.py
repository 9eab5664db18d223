"""Jobs for tests, brought to where a test needs them by the services that do so in life."""

from typing import Any

from django.conf import settings

from jobs.lifecycle import services
from jobs.models import ItemResult, JobCoordinator, ResultEffect
from jobs.states import ItemStatus, JobStatus
from s3project.testing.api import Answer, Api
from users.models import User
from users.tests.factories import api_of, make_user

RECOLOR_FLOOR = {"Floor": {"action": "recolor", "value": "oak_a"}}


def make_job(
    status: JobStatus = JobStatus.CREATED,
    *,
    user: User | None = None,
    items: int = 2,
    concepts: dict[str, Any] | None = None,
    protect: list[str] | None = None,
    preset: str = "interior",
    output_template: str | None = None,
) -> JobCoordinator:
    """A job that has reached `status` by the shortest way; `running` has one item done."""
    owner = user or make_user()
    job, _ = services.create_job(user_id=owner.id, preset=preset, item_count=items)
    if status in (JobStatus.CREATED, JobStatus.CANCELED):
        if status == JobStatus.CANCELED:
            job, _ = services.cancel_job(user_id=owner.id, job_id=job.id)
        return job
    services.confirm_upload(user_id=owner.id, job_id=job.id, uploads={})
    if status != JobStatus.UPLOADED:
        services.execute_job(
            user_id=owner.id,
            job_id=job.id,
            concepts=RECOLOR_FLOOR if concepts is None else concepts,
            protect=["Grout"] if protect is None else protect,
            output_template=output_template,
        )
    if status == JobStatus.RUNNING:
        assert items > 1, "a job of one item is never seen running"
        report(job, 0)
    if status in (JobStatus.DONE, JobStatus.FAILED):
        for idx in range(items):
            report(job, idx, ItemStatus(status.value))
    job.refresh_from_db()
    assert job.status == status
    return job


def result_key(job: JobCoordinator, idx: int, attempt: int = 1) -> str:
    """The idempotency key that our workers send."""
    return f"{job.public_id}:{idx}:attempt{attempt}"


def report(
    job: JobCoordinator, idx: int, status: ItemStatus = ItemStatus.DONE, *, attempt: int = 1
) -> ResultEffect:
    """One result of a worker, past the HTTP layer."""
    result = ItemResult(
        idx=idx,
        status=status,
        idempotency_key=result_key(job, idx, attempt),
        error="" if status == ItemStatus.DONE else f"photo {idx} is broken",
    )
    return services.record_item_result(job_id=job.id, result=result)[1]


def claim(job: JobCoordinator, *idxs: int, attempt: int = 1, worker: str = "gpu-1:10") -> list[int]:
    """What a worker that asks for these items may edit, past the HTTP layer."""
    _, photos = services.claim_items(
        job_id=job.id, items=list(idxs), attempt=attempt, worker=worker
    )
    return list(photos)


def report_last(job: JobCoordinator) -> str:
    """The result of the photo with the highest idx, for races."""
    return "processed" if report(job, job.total_items - 1).processed else "ignored"


def poll(job: JobCoordinator, known: str | None = None) -> Answer:
    """GET of the job by its owner, who has the answer with this ETag."""
    headers = {} if known is None else {"If-None-Match": known}
    return api_of(job.user).get(f"/jobs/{job.public_id}", **headers)


def callback_body(job: JobCoordinator, idx: int, status: str = "done", /, **fields: Any) -> Any:
    """The body of a callback; `fields` are added or replace what is there."""
    return {
        "idx": idx,
        "status": status,
        "idempotency_key": result_key(job, idx),
        **fields,
    }


def callback_path(job: JobCoordinator) -> str:
    return f"/jobs/{job.public_id}/callback"


def worker_api() -> Api:
    """Speaks with the callback secret."""
    return Api(settings.GPU_CALLBACK_SECRETS[0])
