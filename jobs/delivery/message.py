"""What a worker is told."""

from collections.abc import Mapping

from django.conf import settings

from jobs import keys
from jobs.gpu.engine.messages import Edit, WorkItem, WorkMessage
from jobs.gpu.engine.packages.message import PackageMessage
from jobs.models import JobCoordinator, JobPackage
from jobs.presets import resolve_value
from jobs.states import ItemStatus
from jobs.worker_tokens import issue_package_token, issue_worker_token
from s3project import ids


def work_message(job: JobCoordinator, inputs: Mapping[int, str], *, attempt: int) -> WorkMessage:
    """The message of contract §4.1 for some items of a job, given by idx with where their photos
    are. It holds no secret of the installation: its token is good for these items only, and is
    left out where web takes none.
    """
    token = ""
    if settings.CALLBACK_AUTH != "secret":
        token = issue_worker_token(
            job.public_id, inputs.keys(), attempt, keys=settings.WORKER_TOKEN_KEYS
        )
    return _message(job, inputs, "callback", attempt=attempt, token=token)


def package_message(job: JobCoordinator, package: JobPackage, *, attempt: int) -> PackageMessage:
    """The message of a package: the photos that are done. Two queries at most."""
    done = job.items.filter(status=ItemStatus.DONE).order_by("idx")
    rows = list(done.values_list("idx", "input_key", "name"))
    token = ""
    if settings.CALLBACK_AUTH != "secret":
        token = issue_package_token(
            job.public_id, package.name, attempt, keys=settings.WORKER_TOKEN_KEYS
        )
    path = f"packages/{package.template}/callback"
    inputs = {idx: input_key for idx, input_key, _ in rows}
    return PackageMessage(
        work=_message(job, inputs, path, attempt=attempt, token=token),
        template=package.template,
        edition=package.edition,
        options=package.options,
        names={idx: name for idx, _, name in rows if name},
    )


def _message(
    job: JobCoordinator, inputs: Mapping[int, str], path: str, *, attempt: int, token: str
) -> WorkMessage:
    concepts = {
        name: Edit(
            action=edit["action"],
            value=resolve_value(job.preset, name, edit["action"], edit.get("value")) or "",
            instances=tuple(edit["instances"]) if "instances" in edit else None,
            paint=edit.get("paint", ""),
        )
        for name, edit in job.concepts.items()
    }
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
        callback_url=f"{settings.CALLBACK_BASE_URL}/jobs/{job.public_id}/{path}",
        idempotency_prefix=job.public_id,
        batch_concurrency=settings.BATCH_CONCURRENCY,
        attempt=attempt,
        token=token,
    )
