"""Invite: a code that lets so many new users in (docs/authentication.md)."""

import hashlib
import secrets
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from s3project import ids
from s3project.querysets import LockingQuerySet, manager_of

# Named, so that scanners for leaked secrets can find one.
INVITE_PREFIX = "s3i_"
SHOWN = len(INVITE_PREFIX) + 6  # characters that tell invites apart and give nothing away


def invite_digest(code: str) -> str:
    """What is stored of a code: its SHA-256 in hex."""
    return hashlib.sha256(code.encode()).hexdigest()


class InviteQuerySet(LockingQuerySet["Invite"]):
    def lock(self, code: str) -> "Invite":
        """Before anything of the user whom it lets in. Never lazy. Raises Invite.DoesNotExist."""
        return self.select_for_update(of=("self",), no_key=True).get(digest=invite_digest(code))


class Invite(models.Model):
    """The code itself is readable only where it was made. It is random (144 bits), so that a plain
    digest of it can be stored."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=SHOWN)
    uses_left = models.IntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    objects: ClassVar[InviteQuerySet] = manager_of(InviteQuerySet)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(uses_left__gte=0), name="invite_uses_gte_0"),
        )

    def __str__(self) -> str:
        return f"{self.prefix}… for {self.uses_left} more"

    @classmethod
    def issue(cls, uses: int, expires_at: datetime) -> tuple["Invite", str]:
        """A new row, and the code, which is nowhere else."""
        code = INVITE_PREFIX + secrets.token_urlsafe(18)
        row = cls.objects.create(
            digest=invite_digest(code), prefix=code[:SHOWN], uses_left=uses, expires_at=expires_at
        )
        return row, code

    def is_good(self, now: datetime) -> bool:
        return self.uses_left > 0 and now < self.expires_at

    def spend(self) -> None:
        """One more came in. With F(), so that the CHECK bites without the lock too."""
        Invite.objects.filter(pk=self.pk).update(uses_left=F("uses_left") - 1)
