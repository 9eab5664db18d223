"""The end of a job: its money, its slot, its history and who is told of it, once."""

from dataclasses import dataclass

from jobs.delivery.dispatch import dispatch_webhooks
from jobs.lifecycle.packages import pack_finished_job
from jobs.models import JobCoordinator
from jobs.models.history import write_history
from jobs.models.outbox import write_event
from s3project.after_commit import after_commit
from users.models import UserLimiter


@dataclass(frozen=True)
class Settlement:
    """What the user got back, and the balance after it."""

    refunded: int
    credits: int


def settle(job: JobCoordinator, *, told: int = 0) -> Settlement:
    """The package, the money, the slot, the history and the event of a job that has just finished:
    what it is charged is its own `charged_items`, the rest comes back. The sender of events is
    woken once, also where only the job's last photo was `told` of.

    Belongs into the transaction that finished it, under the job's lock.
    """
    pack_finished_job(job)
    limiter = UserLimiter.objects.lock(job.user_id)
    charged = job.charged_items
    assert charged is not None, "only a finished job is settled"
    refunded = limiter.release(job.id, charged, job.total_items)
    is_wanted = write_history(job)
    if is_wanted:
        told += write_event(f"job.{job.status}", user_id=job.user_id, job_id=job.id)
    if told:
        after_commit(dispatch_webhooks)
    return Settlement(refunded, limiter.credits)
