"""What a worker is told."""

from collections.abc import Mapping

from django.conf import settings

from jobs import keys
from jobs.gpu.engine.messages import Edit, WorkItem, WorkMessage
from jobs.models import JobCoordinator
from jobs.presets import resolve_value
from jobs.worker_tokens import issue_worker_token
from s3project import ids


def work_message(job: JobCoordinator, inputs: Mapping[int, str], *, attempt: int) -> WorkMessage:
    """The message of contract §4.1 for some items of a job, given by idx with where their photos
    are. It holds no secret of the installation: its token is good for these items only, and is
    left out where web takes none.
    """
    concepts = {
        name: Edit(
            action=edit["action"],
            value=resolve_value(job.preset, name, edit["action"], edit.get("value")) or "",
            instances=tuple(edit["instances"]) if "instances" in edit else None,
            paint=edit.get("paint", ""),
        )
        for name, edit in job.concepts.items()
    }
    token = ""
    if settings.CALLBACK_AUTH != "secret":
        token = issue_worker_token(
            job.public_id, inputs.keys(), attempt, keys=settings.WORKER_TOKEN_KEYS
        )
    return WorkMessage(
        job_id=job.public_id,
        user_id=ids.public_id(ids.USER, job.user_id),
        preset=job.preset,
        concepts=concepts,
        protect=tuple(job.protect),
        protect_defaulted=job.protect_defaulted,
        items=tuple(
            WorkItem(
                idx=idx,
                input_key=input_key,
                output_key=keys.output_key(job.user_id, job.id, idx),
                preview_key=keys.preview_key(job.user_id, job.id, idx),
            )
            for idx, input_key in inputs.items()
        ),
        callback_url=f"{settings.CALLBACK_BASE_URL}/jobs/{job.public_id}/callback",
        idempotency_prefix=job.public_id,
        batch_concurrency=settings.BATCH_CONCURRENCY,
        attempt=attempt,
        token=token,
    )
