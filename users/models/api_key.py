"""ApiKey: a long-lived token of a server (contract §3.8)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import models

from s3project import ids
from s3project.querysets import manager_of
from s3project.rows import execute, fetch_one
from users.models.user import USERS, User

# Named, so that scanners for leaked secrets can find one.
KEY_PREFIX = "s3k_"
SHOWN = len(KEY_PREFIX) + 6  # characters that tell keys apart and give nothing away
MAX_KEYS = 10

# One indexed read for the key and its user, written out: it runs once per request.
HOLDER = f"""
    SELECT k.id, k.expires_at <= statement_timestamp(),
           k.last_used_at >= date_trunc('hour', statement_timestamp()), {USERS.columns("u")}
      FROM users_apikey AS k JOIN users_user AS u ON u.id = k.user_id
     WHERE k.digest = %s AND u.is_active
"""
# To the hour, so that one write an hour is all that a key costs.
NOTE_USE = """
    UPDATE users_apikey SET last_used_at = date_trunc('hour', statement_timestamp())
     WHERE id = %s
       AND (last_used_at IS NULL OR last_used_at < date_trunc('hour', statement_timestamp()))
"""


def new_api_key() -> str:
    """256 random bits: nothing that could be guessed, so a plain digest of it can be stored."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


def key_digest(key: str) -> str:
    """What is stored of a key: its SHA-256 in hex."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True)
class KeyHolder:
    """Whose a key is that was sent; an expired one is known as such."""

    user: User
    key_id: UUID
    has_expired: bool


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def holder(self, key: str) -> KeyHolder | None:
        """The active user that a key belongs to; None for a key that there is not. One statement,
        and another one once an hour."""
        row = fetch_one(HOLDER, [key_digest(key)])
        if row is None:
            return None
        key_id, has_expired, use_is_known, *user = row
        holder = KeyHolder(USERS.instance(user), key_id, bool(has_expired))
        if not use_is_known and not holder.has_expired:
            execute(NOTE_USE, [holder.key_id])
        return holder


class ApiKey(models.Model):
    """The key itself is readable only where it was made."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    user = models.ForeignKey("users.User", models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=SHOWN)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ApiKeyQuerySet] = manager_of(ApiKeyQuerySet)

    class Meta:
        verbose_name = "API key"
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"

    @property
    def public_id(self) -> str:
        return ids.public_id(ids.KEY, self.id)

    @classmethod
    def issue(cls, user_id: UUID, name: str, expires_at: datetime | None) -> tuple["ApiKey", str]:
        """A new row, and the key, which is nowhere else."""
        key = new_api_key()
        row = cls.objects.create(
            user_id=user_id,
            name=name,
            digest=key_digest(key),
            prefix=key[:SHOWN],
            expires_at=expires_at,
        )
        return row, key
