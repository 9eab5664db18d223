"""What the public API calls a user or a job, and what the database does."""

from uuid import UUID

from jobs.models import JobCoordinator
from s3project import ids


def key_of(job_id: str) -> UUID:
    key = ids.parse_public_id(ids.JOB, job_id)
    assert key is not None
    return key


def user_key_of(user_id: str) -> UUID:
    key = ids.parse_public_id(ids.USER, user_id)
    assert key is not None
    return key


def public_id_of(job: UUID) -> str:
    return JobCoordinator(id=job).public_id
