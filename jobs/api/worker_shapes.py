"""What a worker is answered (contract §4)."""

from collections.abc import Sequence
from typing import Annotated, TypedDict

from jobs.api.terms import MAX_ITEMS, Idx, ProgressOut, progress_out
from jobs.models import JobCoordinator, ResultEffect
from jobs.states import JobState
from s3project.schema import Schema


class ItemResultOut(TypedDict):
    processed: bool
    duplicate: Annotated[bool, Schema(example=False)]
    job_status: JobState
    progress: ProgressOut


def item_result_out(job: JobCoordinator, effect: ResultEffect) -> ItemResultOut:
    status, progress = job.get_status()
    return {
        "processed": effect.processed,
        "duplicate": effect.duplicate,
        "job_status": status,
        "progress": progress_out(progress),
    }


class ClaimOut(TypedDict):
    granted: Annotated[list[Idx], Schema(maxItems=MAX_ITEMS)]
    job_status: Annotated[JobState, Schema(example="running")]
    lease_seconds: Annotated[int, Schema(minimum=1, example=120)]


def claim_out(job: JobCoordinator, granted: Sequence[int], *, lease_seconds: int) -> ClaimOut:
    return {"granted": list(granted), "job_status": job.status, "lease_seconds": lease_seconds}
