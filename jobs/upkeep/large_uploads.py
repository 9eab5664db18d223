"""Uploads that are too large for any worker do not stay: a presigned PUT cannot limit the size.

An empty object with a mark takes the place of each (contract §5), so that its photo fails when its
turn comes, with the reason that it was too large, in this job and in others over the same photos.
"""

import logging
from uuid import UUID

from jobs import keys
from jobs.limits import TOO_LARGE_MARK
from jobs.models import JobCoordinator
from jobs.storage.bucket import photo_storage
from jobs.storage.uploads import UploadProblem, problem_of
from users.models import UserLimiter

logger = logging.getLogger(__name__)


def discard_large_uploads(job_id: UUID) -> int:
    """Looks at what lies there now: a photo that was sent again meanwhile stays. Returns how many
    were discarded. Safe to repeat. Raises StorageUnavailable.
    """
    job = JobCoordinator.objects.filter(pk=job_id).only("user_id").first()
    if job is None:
        return 0
    sizes = photo_storage().sizes(keys.input_prefix(job.user_id, job.id))
    large = [key for key, size in sizes.items() if problem_of(size) == UploadProblem.TOO_LARGE]
    for key in large:
        photo_storage().put_mark(key, *TOO_LARGE_MARK)
        logger.info("%s had %d bytes and was discarded", key, sizes[key])
    if large:
        UserLimiter.objects.note_storage_change(job.user_id)
    return len(large)
