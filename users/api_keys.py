"""A user's API keys: each function is one transaction."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from s3project.acts.actor import SYSTEM, Actor
from s3project.acts.record import record_act
from s3project.acts.words import Action, ObjectKind
from users.errors import KeyLimit, KeyNotFound
from users.models import ApiKey, UserLimiter
from users.models.api_key import MAX_KEYS


def list_api_keys(*, user_id: UUID) -> list[ApiKey]:
    """The newest first; there are never more than MAX_KEYS. One query."""
    return list(ApiKey.objects.filter(user_id=user_id))


@transaction.atomic
def create_api_key(
    *,
    user_id: UUID,
    name: str,
    expires_at: datetime | None = None,
    actor: Actor = SYSTEM,
    reason: str = "",
) -> tuple[ApiKey, str]:
    """A key and its text, which cannot be read again. Raises KeyLimit or TokenInvalid,
    without effect."""
    # The lock of the user's counters is that of whatever is counted.
    limiter = UserLimiter.objects.lock(user_id)
    limiter.check_active()
    if ApiKey.objects.filter(user_id=user_id).count() >= MAX_KEYS:
        raise KeyLimit(limit=MAX_KEYS)
    row, key = ApiKey.issue(user_id, name, expires_at)
    _record(Action.KEY_ISSUED, row, actor, limiter.user.public_id, reason)
    return row, key


@transaction.atomic
def delete_api_key(*, user_id: UUID, key_id: UUID | None, actor: Actor = SYSTEM) -> None:
    """The key is worth nothing from now on. Raises KeyNotFound."""
    keys = ApiKey.objects.select_related("user").filter(user_id=user_id)
    row = keys.filter(pk=key_id).first() if key_id is not None else None
    # Of two at once one deletes it.
    if row is None or not ApiKey.objects.filter(pk=row.pk).delete()[0]:
        raise KeyNotFound
    _record(Action.KEY_REVOKED, row, actor, row.user.public_id)


def _record(action: Action, row: ApiKey, actor: Actor, user: str, reason: str = "") -> None:
    record_act(
        action,
        actor=actor,
        kind=ObjectKind.KEY,
        object_id=row.public_id,
        reason=reason,
        details={"user": user, "begins": row.prefix},
    )
