"""Act: who did what to whom, once, for good."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from s3project import ids

MAX_REASON = 500


class Act(models.Model):
    """A trigger refuses UPDATE, DELETE and TRUNCATE, and the service's role may only insert and
    read (`provision/database_roles.py`).

    Nothing here is a foreign key: the log outlives what it speaks of. `object_id` is a public id.
    No `choices`, so that a new word (`words.py`) is no migration.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    created_at = models.DateTimeField(db_default=Now())
    action = models.CharField(max_length=40)  # an Action
    actor_kind = models.CharField(max_length=16)  # an ActorKind
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=254, blank=True, default="")
    address = models.GenericIPAddressField(null=True, blank=True)
    object_kind = models.CharField(max_length=16, blank=True, default="")  # an ObjectKind
    object_id = models.CharField(max_length=64, blank=True, default="")
    reason = models.CharField(max_length=MAX_REASON, blank=True, default="")
    request_id = models.UUIDField(null=True, blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        db_table = "acts"
        verbose_name = "act"
        verbose_name_plural = "acts (audit log)"
        ordering = ("-id",)
        # Lists are read from the end of an index, whatever they are filtered by.
        indexes = (
            models.Index(fields=["action", "-id"], name="act_action"),
            models.Index(fields=["actor_kind", "-id"], name="act_actor_kind"),
            models.Index(fields=["object_id", "-id"], name="act_object"),
            models.Index(fields=["actor_id", "-id"], name="act_actor"),
            models.Index(fields=["-created_at"], name="act_created"),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(actor_kind__in=["operator", "user"], actor_id__isnull=True),
                name="act_of_a_user_names_one",
            ),
        )

    def __str__(self) -> str:
        return self.action

    @property
    def public_id(self) -> str:
        return ids.public_id(ids.ACT, self.id)
