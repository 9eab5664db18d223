"""What each user keeps in the storage, counted from listings (contract §1.4).

Due is who made a job, or had something deleted, or keeps anything (users/models/limiter.py);
whoever keeps nothing costs nothing. A run counts as many as its time allows and the next one goes
on, the longest due first. Two runs at once find the same.
"""

import logging
import time
from uuid import UUID

from jobs import keys
from jobs.storage.bucket import StorageUnavailable, photo_storage
from users.models import UserLimiter

logger = logging.getLogger(__name__)

# A run is short, since the sweep waits behind it.
USERS_PER_RUN = 200
SECONDS_PER_RUN = 3.0
# With the storage away every user would wait for its timeouts.
FAILURES_PER_RUN = 3
# Of 1000 objects. Whoever has more is far above every quota; what was counted so far is taken.
PAGES_PER_USER = 100


def count_storage() -> int:
    """Counts who is due; returns how many users."""
    end = time.monotonic() + SECONDS_PER_RUN
    counted = failed = 0
    for user_id, due in UserLimiter.objects.storage_due(USERS_PER_RUN):
        try:
            size = _stored_bytes(user_id)
        except StorageUnavailable:
            logger.exception("the storage of user %s could not be counted", user_id)
            failed += 1
            if failed == FAILURES_PER_RUN:
                break
            continue
        UserLimiter.objects.note_storage(user_id, size, due)
        counted += 1
        if time.monotonic() >= end:
            break
    logger.info("counted the storage of %d users, %d failed", counted, failed)
    return counted


def _stored_bytes(user_id: UUID) -> int:
    """Photos that several jobs use are there once, and count once. Raises StorageUnavailable."""
    size = pages = 0
    for prefix in keys.user_prefixes(user_id):
        for page in photo_storage().listing(prefix):
            size += sum(page.values())
            pages += 1
            if pages == PAGES_PER_USER:
                logger.warning("user %s has %d pages of objects or more", user_id, pages)
                return size
    return size
