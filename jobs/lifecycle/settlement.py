"""The end of a job: its money, its slot and its history, once."""

from dataclasses import dataclass

from jobs.models import JobCoordinator
from jobs.models.history import write_history
from users.models import UserLimiter


@dataclass(frozen=True)
class Settlement:
    """What the user got back, and the balance after it."""

    refunded: int
    credits: int


def settle(job: JobCoordinator, *, done_items: int) -> Settlement:
    """The money, the slot and the history of a job that has just finished.

    Belongs into the transaction that finished it, under the job's lock.
    """
    limiter = UserLimiter.objects.lock(job.user_id)
    refunded = limiter.release(job.id, done_items, job.total_items)
    write_history(job)
    return Settlement(refunded, limiter.credits)
