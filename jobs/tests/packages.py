"""Packages for tests, and what workers do to them, past the HTTP layer."""

from typing import Any

from jobs.lifecycle import packages
from jobs.models import JobCoordinator, JobPackage, PackageEffect, PackageResult
from jobs.states import JobStatus, PackageStatus
from jobs.tests.factories import make_job

ALIAS = "before_after"


def ask(job: JobCoordinator, template: str = ALIAS, **options: Any) -> JobPackage:
    return packages.ask_for_package(
        user_id=job.user_id, job_id=job.id, template=template, options=options
    )


def done_job(output_template: str | None = ALIAS, **facts: Any) -> JobCoordinator:
    """A done job, with the package that it ordered, if it did."""
    return make_job(JobStatus.DONE, output_template=output_template, **facts)


def package_of(job: JobCoordinator, template: str = ALIAS) -> JobPackage:
    return JobPackage.objects.get(job=job, template=template)


def claim_package(
    job: JobCoordinator,
    template: str = ALIAS,
    *,
    edition: int = 1,
    attempt: int = 1,
    worker: str = "gpu-1:10",
) -> bool:
    _, photos = packages.claim_package(
        job_id=job.id, template=template, edition=edition, attempt=attempt, worker=worker
    )
    return photos is not None


def report_package(
    job: JobCoordinator,
    template: str = ALIAS,
    *,
    edition: int = 1,
    attempt: int = 1,
    failed: bool = False,
    held_ms: int = 0,
) -> PackageEffect:
    made = {"error": "broken"} if failed else {"files": 3, "bytes": 12_345}
    status = PackageStatus.FAILED if failed else PackageStatus.READY
    result = PackageResult(edition, attempt, status, held_ms=held_ms, **made)
    return packages.record_package_result(job_id=job.id, template=template, result=result)[1]


def package_body(job: JobCoordinator, status: str = "ready", /, **fields: Any) -> dict[str, Any]:
    """The body of a worker's callback."""
    made = {"files": 3, "bytes": 12_345} if status == "ready" else {"error": "broken"}
    return {"edition": 1, "attempt": 1, "status": status, **made, **fields}


def package_path(job: JobCoordinator, template: str = ALIAS, call: str = "callback") -> str:
    return f"/jobs/{job.public_id}/packages/{template}/{call}"
