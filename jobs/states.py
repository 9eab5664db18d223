"""The state machine of a job (contract §2); docs/state_machine.md draws it, a test compares."""

from collections.abc import Iterable
from typing import Annotated

from django.db import models

from s3project.schema import Schema


class JobStatus(models.TextChoices):
    CREATED = "created"
    UPLOADED = "uploaded"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


JobState = Annotated[str, Schema(name="JobStatus", enum=JobStatus.values, example="done")]


class ItemStatus(models.TextChoices):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class PackageStatus(models.TextChoices):
    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


# A failed job may still be relabelled canceled: no money, no slot, only the name.
TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.CREATED: frozenset({JobStatus.UPLOADED, JobStatus.CANCELED}),
    JobStatus.UPLOADED: frozenset({JobStatus.QUEUED, JobStatus.CANCELED}),
    JobStatus.QUEUED: frozenset({JobStatus.RUNNING, JobStatus.CANCELED}),
    JobStatus.RUNNING: frozenset({JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELED}),
    JobStatus.DONE: frozenset(),
    JobStatus.FAILED: frozenset({JobStatus.CANCELED}),
    JobStatus.CANCELED: frozenset(),
}

# Not handed to the workers yet.
WAITING = frozenset({JobStatus.CREATED, JobStatus.UPLOADED})
# Handed to the workers and still expecting results.
IN_WORK = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})
# Every item has its result.
COMPLETED = frozenset({JobStatus.DONE, JobStatus.FAILED})
# Settled, in the history, and never changed by a result again.
FINISHED = COMPLETED | {JobStatus.CANCELED}
UNFINISHED = WAITING | IN_WORK


def sql_list(statuses: Iterable[JobStatus]) -> str:
    """`('done', 'failed')`, for statements that are written out."""
    return "({})".format(", ".join(f"'{status}'" for status in sorted(statuses)))
