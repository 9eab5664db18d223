"""What an event says: the job as GET shows it, when it is sent."""

from typing import Any

from jobs.api.job_shapes import job_facts
from jobs.api.package_shapes import template_id
from jobs.events import TEST_EVENT
from jobs.lifecycle.selectors import get_job
from jobs.webhooks.claiming import Claimed
from s3project import ids
from s3project.api.envelope import encode, timestamp


def payload(event: Claimed) -> bytes:
    """`{"type", "timestamp", "data"}`, and `idx` of an item's, `template` of a package's. One
    query. Raises JobNotFound or StorageUnavailable.
    """
    said: dict[str, Any] = {"type": event.type, "timestamp": timestamp(event.happened_at)}
    if event.type == TEST_EVENT:
        said["data"] = {"webhook_id": ids.public_id(ids.WEBHOOK, event.webhook_id)}
    else:
        if event.idx is not None:
            said["idx"] = event.idx
        view = get_job(user_id=event.user_id, job_id=event.job_id)
        if event.template:
            said["template"] = template_id(view.job.preset, event.template)
        said["data"] = job_facts(view)
    return encode(said)
