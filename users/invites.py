"""Invite codes: each function is one transaction, or part of the caller's."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from s3project.acts.actor import SYSTEM, Actor
from s3project.acts.record import record_act
from s3project.acts.words import Action, ObjectKind
from users.errors import SignUpRefused
from users.models import Invite


def spend_invite(code: str | None) -> None:
    """Counts a code down, in the transaction that makes the user whom it lets in. Raises
    SignUpRefused for one that is absent, unknown, used up or over.
    """
    try:
        invite = Invite.objects.lock(code or "")
    except Invite.DoesNotExist:
        raise SignUpRefused(needs="invite") from None
    if not invite.is_good(timezone.now()):  # after the wait for the lock
        raise SignUpRefused(needs="invite")
    invite.spend()


@transaction.atomic
def make_invite(
    *, uses: int, expires_at: datetime, actor: Actor = SYSTEM, reason: str = ""
) -> tuple[Invite, str]:
    """An invite and its code, which cannot be read again."""
    row, code = Invite.issue(uses, expires_at)
    record_act(
        Action.INVITE_MADE,
        actor=actor,
        kind=ObjectKind.INVITE,
        object_id=row.prefix,
        reason=reason,
        details={"uses": uses, "until": expires_at.isoformat()},
    )
    return row, code


@transaction.atomic
def revoke_invites(*, begins: str, actor: Actor = SYSTEM, reason: str = "") -> int:
    """Nobody comes in any more with the codes that are shown as this; returns how many there
    were."""
    revoked = Invite.objects.filter(prefix=begins, uses_left__gt=0).update(uses_left=0)
    if revoked:
        record_act(
            Action.INVITE_REVOKED,
            actor=actor,
            kind=ObjectKind.INVITE,
            object_id=begins,
            reason=reason,
        )
    return revoked
