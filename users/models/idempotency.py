"""IdempotentRequest: the answer to a request that a client may send again."""

import hashlib
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from s3project.querysets import manager_of, require_transaction
from s3project.rows import fetch_one

KEPT_FOR = timedelta(hours=24)


class IdempotentRequestQuerySet(models.QuerySet["IdempotentRequest"]):
    def try_lock(self, user_id: UUID, key: str) -> bool:
        """Whether this transaction is now the only one that works on the key; never waits.

        Raises TransactionManagementError outside a transaction.
        """
        require_transaction(self.db)
        digest = hashlib.sha256(user_id.bytes + key.encode()).digest()
        number = int.from_bytes(digest[:8], signed=True)
        row = fetch_one("SELECT pg_try_advisory_xact_lock(%s::bigint)", [number])
        assert row is not None
        return bool(row[0])

    def stored(self, user_id: UUID, key: str) -> "IdempotentRequest | None":
        """The answer of the last 24 hours; an older one is forgotten."""
        found = self.filter(user_id=user_id, key=key).first()
        if found is not None and found.created_at < timezone.now() - KEPT_FOR:
            found.delete()
            return None
        return found

    def delete_expired(self) -> int:
        """Returns how many there were."""
        deleted, _ = self.filter(created_at__lt=Now() - KEPT_FOR).delete()
        return deleted


class IdempotentRequest(models.Model):
    """Written in the transaction of the effect that it answers for: both exist, or neither.

    `fingerprint` is the SHA-256 of method, path and body; `data` is the envelope's data.
    """

    user = models.ForeignKey("users.User", models.CASCADE, related_name="idempotent_requests")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.SmallIntegerField()
    data = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    objects: ClassVar[IdempotentRequestQuerySet] = manager_of(IdempotentRequestQuerySet)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "key"], name="idempotent_request_user_key"),
        )

    def __str__(self) -> str:
        return self.key
