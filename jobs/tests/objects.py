"""The objects of a job in the real bucket."""

import requests

from jobs import keys
from jobs.gpu.keyed_store import KeyedStore
from jobs.models import JobCoordinator
from jobs.states import JobStatus
from jobs.storage.bucket import photo_storage
from jobs.tests.factories import make_job
from jobs.watch.audit_objects import ObjectAudit, audit_all_objects

KINDS = ("inputs", "masks", "outputs", "previews")


def store_input(job: JobCoordinator, idx: int, data: bytes = b"a photo") -> None:
    KeyedStore().write(keys.input_key(job.user_id, job.id, idx), data, "image/jpeg")


def store_results(job: JobCoordinator, idx: int) -> None:
    """What a worker makes of one photo: result, preview and a mask."""
    output_key = keys.output_key(job.user_id, job.id, idx)
    KeyedStore().write(output_key, b"a result", "image/png")
    KeyedStore().write(keys.preview_key(job.user_id, job.id, idx), b"a preview", "image/jpeg")
    mask_key = output_key.replace("outputs/", "masks/").replace("_result", "_Wall")
    KeyedStore().write(mask_key, b"a mask", "image/png")


def job_with_objects(status: JobStatus) -> JobCoordinator:
    """A job of two photos; the first was sent, and edited where the job got so far."""
    job = make_job(status)
    store_input(job, 0)
    store_results(job, 0)
    return job


def objects_of(job: JobCoordinator) -> dict[str, int]:
    """How many there are of each kind, leaving out kinds of which there are none."""
    found = {}
    folders = keys.input_prefix(job.user_id, job.id), *keys.output_prefixes(job.user_id, job.id)
    for prefix in folders:
        number = len(photo_storage().sizes(prefix))
        if number:
            found[prefix.partition("/")[0]] = number
    return found


def http_status(url: str) -> int:
    """What a browser gets that opens the URL."""
    return requests.get(url, timeout=10).status_code


def audit_objects(after: str = "") -> ObjectAudit:
    """Of all parts together; `place` is the last one's."""
    whole = ObjectAudit()
    for part in audit_all_objects(after=after):
        whole.jobs += part.jobs
        whole.photos += part.photos
        whole.missing += part.missing
        whole.place = part.place
    return whole
