"""Rule: what to do and what to protect, saved under a name for the next album."""

from uuid import UUID

from django.db import models

from jobs.models.fields import OrderedJSONField
from s3project import ids


class RuleQuerySet(models.QuerySet["Rule"]):
    def owned_by(self, user_id: UUID) -> "RuleQuerySet":
        return self.filter(user_id=user_id)


class Rule(models.Model):
    """Belongs to one user and one preset; executing with it snapshots its concepts and protect."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    user = models.ForeignKey("users.User", models.PROTECT, related_name="rules")
    name = models.CharField(max_length=100)
    preset_id = models.CharField(max_length=32)
    concepts = OrderedJSONField()
    protect = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = RuleQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=["user", "-created_at"], name="rule_user_created"),)

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return ids.public_id(ids.RULE, self.id)
