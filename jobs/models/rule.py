"""Rule: what to do and what to protect, saved under a name for the next album."""

from typing import Any, ClassVar
from uuid import UUID

from django.db import models

from jobs.errors import RuleNotFound
from jobs.models.fields import OrderedJSONField
from s3project import ids
from s3project.querysets import LockingQuerySet, manager_of

EDITABLE = {"name", "concepts", "protect", "protect_defaulted"}


class RuleQuerySet(LockingQuerySet["Rule"]):
    def owned_by(self, user_id: UUID) -> "RuleQuerySet":
        return self.filter(user_id=user_id)

    def get_rule(self, rule_id: UUID | None) -> "Rule":
        """Unlocked, for reading. Raises RuleNotFound."""
        if rule_id is None:
            raise RuleNotFound
        try:
            return self.get(pk=rule_id)
        except Rule.DoesNotExist:
            raise RuleNotFound from None

    def lock(self, rule_id: UUID | None) -> "Rule":
        """Never lazy, and no other lock is taken under it. Raises RuleNotFound."""
        return self.select_for_update(of=("self",), no_key=True).get_rule(rule_id)


class Rule(models.Model):
    """Belongs to one user and one preset; executing with it snapshots its concepts and protect."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    user = models.ForeignKey("users.User", models.PROTECT, related_name="rules")
    name = models.CharField(max_length=100)
    preset_id = models.CharField(max_length=32)
    concepts = OrderedJSONField()
    protect = models.JSONField(default=list)
    # `protect` is what the preset protects where nothing is said.
    protect_defaulted = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[RuleQuerySet] = manager_of(RuleQuerySet)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=["user", "-created_at"], name="rule_user_created"),)

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return ids.public_id(ids.RULE, self.id)

    def edit(self, **changes: Any) -> None:
        """Replaces some of name, concepts and protect; needs the row locked by `lock`."""
        assert changes.keys() <= EDITABLE
        if changes:
            for name, value in changes.items():
                setattr(self, name, value)
            self.save(update_fields=[*changes, "updated_at"])
