"""Session: one sign-in, and the chain of refresh tokens that keeps it alive."""

import hashlib
import secrets
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from s3project import ids
from s3project.querysets import LockingQuerySet, manager_of
from s3project.rows import rows_of

# Named, so that scanners for leaked secrets can find one.
REFRESH_PREFIX = "rt_"
EXPIRED_PER_BATCH = 1000


def new_refresh_token() -> str:
    """256 random bits: nothing that could be guessed, so a plain digest of it can be stored."""
    return REFRESH_PREFIX + secrets.token_urlsafe(32)


def refresh_digest(refresh: str) -> str:
    """What is stored of a refresh token: its SHA-256 in hex."""
    return hashlib.sha256(refresh.encode()).hexdigest()


class SessionQuerySet(LockingQuerySet["Session"]):
    def open(self, user_id: UUID) -> tuple["Session", str]:
        """A new session and its refresh token, which is readable only here."""
        refresh, now = new_refresh_token(), timezone.now()
        session = Session(
            user_id=user_id,
            refresh_digest=refresh_digest(refresh),
            created_at=now,
            expires_at=now + settings.REFRESH_LIFETIME,
        )
        SESSIONS.insert(session)
        return session, refresh

    def lock(self, digest: str) -> "Session":
        """The session whose current refresh token has this digest, with its user. Never lazy.

        Of two that come with one token, the second waits here and then finds nothing: PostgreSQL
        reads the row again after the wait, and its digest is another by then.
        """
        return (
            self.select_related("user")
            .select_for_update(of=("self",))  # not no_key: the digest is a key and will change
            .get(refresh_digest=digest)
        )

    def revoke(self, session_id: UUID) -> bool:
        """Ends a session and with it every token of it; False when it had ended before."""
        return bool(self.filter(pk=session_id, revoked_at=None).update(revoked_at=Now()))

    def delete_expired(self) -> int:
        """Deletes the sessions of which no token can be alive; returns how many.

        Access tokens are issued until `expires_at` and outlive it by their own lifetime. Until
        then a revoked session must stay known.
        """
        dead = self.filter(expires_at__lt=Now() - settings.JWT_LIFETIME)
        total = 0
        while batch := list(dead.values_list("pk", flat=True)[:EXPIRED_PER_BATCH]):
            self.filter(pk__in=batch).delete()
            total += len(batch)
        return total


class Session(models.Model):
    """One sign-in. Access tokens name it in their `jti`; one refresh token at a time is current.

    A spent refresh token is kept as a SpentRefreshToken: who brings one again has a copy that
    nobody should have (docs/adr/0004-sessions.md).
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    user = models.ForeignKey("users.User", models.CASCADE, related_name="sessions")
    refresh_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[SessionQuerySet] = manager_of(SessionQuerySet)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.id.hex

    def is_alive(self, now: datetime) -> bool:
        """Whether its refresh token still buys anything."""
        return self.revoked_at is None and now < self.expires_at and self.user.is_active

    def rotate(self, now: datetime) -> str:
        """Spends the current refresh token for the one returned; needs the row locked."""
        refresh = new_refresh_token()
        self.spent_tokens.create(digest=self.refresh_digest, spent_at=now)
        self.refresh_digest = refresh_digest(refresh)
        self.expires_at = now + settings.REFRESH_LIFETIME
        self.save(update_fields=["refresh_digest", "expires_at"])
        return refresh


SESSIONS = rows_of(Session)


class SpentRefreshToken(models.Model):
    """A refresh token that was exchanged. The primary key makes a second exchange impossible,
    whatever the code above believes.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    session = models.ForeignKey(Session, models.CASCADE, related_name="spent_tokens")
    spent_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest

    def is_replayed(self, now: datetime) -> bool:
        """Whether bringing it now is more than two requests of one client that crossed."""
        return now - self.spent_at > settings.REFRESH_REUSE_LEEWAY
