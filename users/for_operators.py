"""What only operators do with somebody's account, each one transaction and an act of the audit log
with its reason. Plans and grants are `services.py`'s.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, Sum

from s3project.acts.actor import Actor
from s3project.acts.record import record_act
from s3project.acts.words import Action, ObjectKind
from s3project.wording import counted
from users.models import BillingEvent, UserLimiter
from users.models.ledger import of_jobs
from users.models.reservation import job_ref

SETTLEMENTS = (BillingEvent.Type.COMMIT, BillingEvent.Type.ROLLBACK)


class Refused(Exception):
    """Why it cannot be done to this user, for an operator to read."""


def refundable(*, user_id: UUID, job_id: UUID) -> int | None:
    """What of a job's credits can be given back; None where it is no settled job of the user."""
    events = BillingEvent.objects.filter(of_jobs(job_id, job_id), user_id=user_id)
    settled = Count("pk", filter=Q(type__in=SETTLEMENTS))
    found = events.aggregate(total=Sum("amount", default=0), settled=settled)
    return -found["total"] if found["settled"] else None


@transaction.atomic
def refund_credits(*, user_id: UUID, job_id: UUID, amount: int, actor: Actor, reason: str) -> int:
    """Gives back credits that a settled job of the user cost; returns the new balance. All refunds
    of a job together are never more than it cost.

    Raises Refused, or UserLimiter.DoesNotExist for an operator.
    """
    limiter = UserLimiter.objects.lock(user_id)
    ref = job_ref(job_id)
    cost = refundable(user_id=user_id, job_id=job_id)
    if cost is None:
        raise Refused(f"{ref} is no settled job of this user.")
    if not 0 < amount <= cost:
        raise Refused(f"{ref} cost {counted(cost, 'credit')} that can be given back.")
    limiter.refund(amount, ref)
    record_act(
        Action.CREDITS_REFUNDED,
        actor=actor,
        kind=ObjectKind.USER,
        object_id=limiter.user.public_id,
        reason=reason,
        details={"amount": amount, "balance": limiter.credits, "job": ref},
    )
    return limiter.credits


@transaction.atomic
def set_active(*, user_id: UUID, active: bool, actor: Actor, reason: str) -> None:
    """Whether the user's tokens and keys count. Unfinished jobs go on; no new one begins after
    this has returned.

    Raises Refused where nothing would change or the account is deleted, UserLimiter.DoesNotExist
    for an operator.
    """
    user = UserLimiter.objects.lock(user_id).user
    if user.deleted_at is not None:
        raise Refused(f"{user} has deleted the account.")
    if user.is_active == active:
        raise Refused(f"{user} is {'active' if active else 'deactivated'} already.")
    user.is_active = active
    user.save(update_fields=["is_active"])
    record_act(
        Action.USER_REACTIVATED if active else Action.USER_DEACTIVATED,
        actor=actor,
        kind=ObjectKind.USER,
        object_id=user.public_id,
        reason=reason,
    )
